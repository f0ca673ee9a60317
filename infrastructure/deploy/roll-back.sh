#!/bin/sh
# Has the cluster serve what it served before: roll-back.sh [REVISION]. Without, the one before; it needs what release.sh does.
set -eu
cd "$(dirname "$0")/.."
revision=${1:-0}
KUBECONFIG=$PWD/kubeconfig && export KUBECONFIG
python3 deploy cluster --outputs outputs.json --port 8443
./tunnel.sh cluster 8443 -- python3 deploy rollback --revision "$revision"
