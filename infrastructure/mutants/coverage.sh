#!/bin/sh
# Branch coverage of each service and of the local stack: make coverage. Counted is what the tests' own process goes through, and
# what they start in the same Python: gunicorn and its workers, the programs beside it, the runner of the local stack.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
counting=$root/.local/counting
# Coverage comes with mutmut. Alone in a folder of its own, it hides no package of the service that is tested.
rm -rf "$counting"
mkdir -p "$counting"
ln -s "$root"/.local/mutants/lib/python*/site-packages/coverage "$root"/infrastructure/mutants/counting/sitecustomize.py "$counting"
export PYTHONPATH="$counting" COVERAGE_RCFILE="$root/infrastructure/mutants/counting/coverage.toml"

begin() {
    folder=$1 python=$2
    export COUNTED="$root/$1/$3" CONCURRENCY="${4:-thread}" COVERAGE_FILE="$root/.local/coverage-$3"
    cd "$root/$folder"
    rm -f "$COVERAGE_FILE"*
}

count() {
    echo "Tests of $folder: $*"
    COVERAGE_PROCESS_START=$COVERAGE_RCFILE "$python" -m pytest -q -c "$root/pyproject.toml" --rootdir . "$@"
}

show() {
    "$python" -m coverage combine --quiet
    "$python" -m coverage report
}

for service in "mlpipeline training" "monitoring monitor"; do
    begin "${service% *}" .venv/bin/python "${service#* }"
    count tests --ignore tests/with_servers
    count tests/with_servers
    show
done

begin model-deployment .venv/bin/python serving gevent
count tests
count integration_test --ignore integration_test/test_compose.py
show

begin infrastructure/local ../../.local/tools/bin/python stack
count tests --ignore tests/end_to_end
count tests/end_to_end/test_run.py tests/end_to_end/test_stop.py
show
