#!/bin/sh
# Plans, as the workflows do: plan.sh. Leaves next.tfplan, and plan.md for people. TFVARS is what terraform.tfvars has to say,
# where that file is not there. It changes nothing, and so takes no lock, which the plan role could not.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
cd "$folder/.."
[ -z "${TFVARS:-}" ] || [ -f terraform.tfvars ] || printf '%s\n' "$TFVARS" > terraform.tfvars
"$folder/init.sh"
terraform plan -input=false -lock=false -out=next.tfplan
python3 "$folder" plan next.tfplan > plan.md
