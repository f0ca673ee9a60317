#!/bin/sh
# Opens a way through the tracking host, by Session Manager, until Ctrl-C: tunnel.sh mlflow|prefect|database|cluster [LOCAL_PORT]
# With -- COMMAND... at the end, runs the command while it is open, and ends as that does. TUNNEL_PORT tells it the port.
# What Terraform's outputs say may be given instead, and then Terraform is not asked: INSTANCE_ID, AWS_REGION, and DATABASE_HOST
# (DATABASE_PORT) or CLUSTER_ENDPOINT.
set -eu
fail() {
    echo "tunnel.sh: $*" >&2
    exit 2
}
where=$(cd "$(dirname "$0")" && pwd)
output() {
    terraform "-chdir=$where" output -raw "$1" || fail "Terraform has no output $1 here. Run terraform init and apply, or set $2."
}

[ $# -gt 0 ] || fail "say what is to be reached: mlflow, prefect, database or cluster"
target=$1
shift
local_port=
case ${1:-} in '' | --) ;; *[!0-9]*) fail "$1 is no port" ;; *) local_port=$1 && shift ;; esac
if [ $# -gt 0 ]; then
    [ "$1" = -- ] && [ $# -gt 1 ] || fail "after the port, -- and a command is expected"
    shift
fi
for program in aws session-manager-plugin curl; do
    command -v "$program" >/dev/null || fail "$program is not installed. The README of this folder says where to get it."
done

case $target in
    mlflow) host=127.0.0.1 port=5000 ;;
    prefect) host=127.0.0.1 port=4200 ;;
    database)
        host=${DATABASE_HOST:-$(output database_host DATABASE_HOST)}
        port=${DATABASE_PORT:-5432} ;;
    cluster)
        host=${CLUSTER_ENDPOINT:-$(output cluster_endpoint CLUSTER_ENDPOINT)}
        host=${host#https://}
        port=443 ;;
    *) fail "$target is not mlflow, prefect, database or cluster" ;;
esac
instance=${INSTANCE_ID:-$(output tracking_instance_id INSTANCE_ID)}
region=${AWS_REGION:-$(output region AWS_REGION)}
if [ -z "$local_port" ]; then
    local_port=$port
    [ "$port" -gt 1023 ] || local_port=8443
fi

# It answers if it takes a connection; curl ends with 7 where nobody does.
answers() {
    code=0
    curl --silent --output /dev/null --max-time 2 "telnet://127.0.0.1:$local_port" </dev/null || code=$?
    [ "$code" -ne 7 ]
}
answers && fail "port $local_port of this machine is taken: name another one"

log=$(mktemp)
aws ssm start-session --region "$region" --target "$instance" --document-name AWS-StartPortForwardingSessionToRemoteHost \
    --parameters "host=$host,portNumber=$port,localPortNumber=$local_port" >"$log" 2>&1 </dev/null &
session=$!
# The program that `aws` has started holds the session, and ends it when it is interrupted; `aws` then ends too.
# shellcheck disable=SC2329  # it is, by the trap
end() {
    pkill -INT -P "$session" || true
    for _ in 1 2 3; do
        kill -0 "$session" 2>/dev/null || break
        sleep 1
    done
    pkill -TERM -P "$session" || true
    kill "$session" 2>/dev/null || true
    rm -f "$log"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tries=0
until grep -q "Waiting for connections" "$log" && answers; do
    tries=$((tries + 1))
    if ! kill -0 "$session" 2>/dev/null || [ "$tries" -gt "${TUNNEL_SECONDS:-60}" ]; then
        cat "$log" >&2
        fail "$target cannot be reached through $instance"
    fi
    sleep 1
done

TUNNEL_PORT=$local_port
export TUNNEL_PORT
if [ $# -gt 0 ]; then
    "$@"
    exit
fi
echo "$target is at 127.0.0.1:$local_port until Ctrl-C."
wait "$session" || true
cat "$log" >&2
fail "the session has ended"
