#!/bin/sh
# Applies next.tfplan, where plan.sh has left one, and writes outputs.json, which the other steps read: apply.sh
# Terraform refuses a plan that is older than the state.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
cd "$folder/.."
"$folder/init.sh"
[ ! -f next.tfplan ] || terraform apply -input=false next.tfplan
terraform output -json > outputs.json
