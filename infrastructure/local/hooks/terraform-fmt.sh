#!/bin/sh
# Formats Terraform files, where terraform is on the PATH, and says so where it is not: CI looks at their form in any case.
# Called by pre-commit: infrastructure/local/hooks/terraform-fmt.sh FILE...
set -eu

if ! command -v terraform >/dev/null; then
    echo "Not formatted: there is no terraform on the PATH."
    exit 0
fi
exec terraform fmt "$@"
