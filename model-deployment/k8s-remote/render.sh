#!/bin/sh
# Prints the manifests of the remote cluster, or says what values.env lacks: sh render.sh | kubectl apply -f -
set -eu
folder="$(cd "$(dirname "$0")" && pwd)"
rendered="$(kubectl kustomize "$folder")"

fail() {
    echo "$folder: $1" >&2
    exit 1
}

case "$rendered" in *REPLACE_ME*) fail "fill in $(grep --only-matching '^[A-Z_]*=REPLACE_ME' "$folder/values.env" | tr '\n' ' ')in values.env" ;; esac
for name in TRACKING_URI DB_HOST AWS_REGION; do
    grep --quiet "^$name=." "$folder/values.env" || fail "$name is empty in values.env"
done
grep --quiet --extended-regexp '^WEB_IMAGE=.+@sha256:[0-9a-f]{64}$' "$folder/values.env" || fail "WEB_IMAGE needs a digest, as REGISTRY/NAME@sha256:DIGEST"
grep --quiet 'BEGIN CERTIFICATE' "$folder/rds-ca.pem" || fail "rds-ca.pem holds no certificate"
printf '%s\n' "$rendered"
