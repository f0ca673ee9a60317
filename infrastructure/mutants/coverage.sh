#!/bin/sh
# Branch coverage of each service and of the local stack: make coverage. Counted is what runs in the tests' own process, with servers
# and without. What runs as programs of its own (gunicorn, workers, the runner) is tested, and not counted.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
# Coverage comes with mutmut, in whose environment this looks for it; a service's own packages are its tests'.
PYTHONPATH=$(echo "$root"/.local/mutants/lib/python*/site-packages)
export PYTHONPATH

begin() {
    folder=$1 python=$2 package=$3
    COVERAGE_FILE=$root/.local/coverage-$package
    export COVERAGE_FILE
    cd "$root/$folder"
    "$python" -m coverage erase
}

count() {
    echo "Tests of $folder: $*"
    "$python" -m coverage run --append --rcfile "$root/pyproject.toml" --source "$package" \
        -m pytest -q -c "$root/pyproject.toml" --rootdir . "$@"
}

show() {
    "$python" -m coverage report --rcfile "$root/pyproject.toml"
}

for service in "mlpipeline training" "monitoring monitor"; do
    begin "${service% *}" .venv/bin/python "${service#* }"
    count tests --ignore tests/with_servers
    count tests/with_servers
    show
done

begin model-deployment .venv/bin/python serving
count tests
show

begin infrastructure/local ../../.local/tools/bin/python stack
count tests --ignore tests/end_to_end
show
