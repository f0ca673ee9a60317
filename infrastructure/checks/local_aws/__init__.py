"""The production root of Terraform in an imitation of AWS on this machine: `make -C infrastructure apply-local`."""
