#!/bin/sh
# Gets Terraform's provider and finds the state: init.sh. TF_STATE_BUCKET and AWS_REGION say where it is, or else backend.hcl.
set -eu
cd "$(dirname "$0")/.."
if [ -n "${TF_STATE_BUCKET:-}" ]; then
    set -- "-backend-config=bucket=$TF_STATE_BUCKET" "-backend-config=region=${AWS_REGION:?the region of the bucket}"
else
    [ -f backend.hcl ] || { echo "TF_STATE_BUCKET is not set, and there is no backend.hcl: make -C infrastructure state-bucket" >&2; exit 1; }
    set -- -backend-config=backend.hcl
fi
terraform init -input=false -lockfile=readonly "$@" >&2
