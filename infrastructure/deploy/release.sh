#!/bin/sh
# Has the cluster serve a model, and goes back where it does not answer: release.sh [RUN_ID]. Without, the champion's.
# It needs outputs.json of apply.sh, and SMOKE_API_KEY; with images.json of `deploy images` that image, else what runs.
set -eu
cd "$(dirname "$0")/.."
run_id=${1:-}
[ -n "$run_id" ] || run_id=$(./tunnel.sh mlflow 5000 -- python3 deploy champion --tracking-uri http://127.0.0.1:5000)
echo "Releasing run $run_id" >&2
KUBECONFIG=$PWD/kubeconfig && export KUBECONFIG
python3 deploy cluster --outputs outputs.json --port 8443
set -- --outputs outputs.json --run-id "$run_id"
[ ! -f images.json ] || set -- "$@" --images images.json
./tunnel.sh cluster 8443 -- python3 deploy web "$@"
