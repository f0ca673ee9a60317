#!/bin/sh
# Has pylint look at files as `make lint` does: from their service's folder, and with its environment, or else with the tools'.
# Called by pre-commit in the root of the repository: infrastructure/local/hooks/pylint.sh FILE...
set -eu

root=$PWD
failed=0

folder_of() {
    case $1 in
        infrastructure/*/*) echo "$1" | cut -d/ -f1-2 ;;
        */*) echo "${1%%/*}" ;;
        *) echo . ;;
    esac
}

lint() { # FOLDER FILE... : the files are named as they are in the folder
    cd "$root/$1"
    case $1 in infrastructure/local) tools=tools ;; infrastructure/*) tools=checks ;; *) tools=tools ;; esac
    shift
    pylint=.venv/bin/pylint
    [ -x "$pylint" ] || pylint=$root/.local/$tools/bin/pylint
    PYTHONPATH=. "$pylint" --jobs 2 --score no --rcfile "$root/pyproject.toml" "$@"
}

for folder in $(for file in "$@"; do folder_of "$file"; done | sort -u); do
    (
        for file in "$@"; do
            shift
            [ "$(folder_of "$file")" != "$folder" ] || set -- "$@" "${file#"$folder"/}"
        done
        lint "$folder" "$@"
    ) || failed=1
done
exit $failed
