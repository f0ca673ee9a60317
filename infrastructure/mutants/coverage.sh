#!/bin/sh
# Branch coverage of each service and of the local stack: make coverage. Counted is what runs in the tests' own process, with servers
# and without. What runs as programs of its own (gunicorn, workers, the runner) is tested, and not counted.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
# Coverage comes with mutmut, in whose environment this looks for it; a service's own packages are its tests'.
PYTHONPATH=$(echo "$root"/.local/mutants/lib/python*/site-packages)
export PYTHONPATH

measure() {
    folder=$1 python=$2 package=$3
    shift 3
    COVERAGE_FILE=$root/.local/coverage-$package
    export COVERAGE_FILE
    cd "$root/$folder"
    echo "Tests of $folder"
    "$python" -m coverage run --rcfile "$root/pyproject.toml" --source "$package" -m pytest -q -c "$root/pyproject.toml" --rootdir . "$@"
    "$python" -m coverage report --rcfile "$root/pyproject.toml"
}

measure mlpipeline .venv/bin/python training tests
measure monitoring .venv/bin/python monitor tests
measure model-deployment .venv/bin/python serving tests
measure infrastructure/local ../../.local/tools/bin/python stack tests --ignore tests/end_to_end
