#!/bin/sh
# Prints the path of a Python that the project supports, or one sentence that says what is missing.
# PYTHON names one; otherwise it is that of the tools environment, or the first that fits on the PATH.

root=$(cd "$(dirname "$0")/../.." && pwd)
probe='
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    print("version " + sys.version.split()[0])
    sys.exit(1)
try:
    import ensurepip, venv
except ImportError:
    print("venv of python%d.%d" % sys.version_info[:2])
    sys.exit(1)
try:
    import ctypes, sqlite3, ssl, zlib
except ImportError as error:
    print("part " + error.name)
    sys.exit(1)
print(getattr(sys, "_base_executable", sys.executable))
'

if [ -n "$PYTHON" ]; then
    set -- "$PYTHON"
else
    set -- python3 python3.13 python3.12 python3.11 python
    # An environment that is not whole does not know the Python that it was made from, or was made from a useless one.
    [ ! -f "$root/.local/tools/made-from" ] || set -- "$root/.local/tools/bin/python" "$@"
fi

for candidate in "$@"; do
    if found=$("$candidate" -c "$probe" 2>/dev/null) && [ -f "$found" ]; then
        echo "$found"
        exit 0
    fi
    case $found in
        "version "*) versions="$versions${versions:+, }$candidate is ${found#version }" ;;
        "venv of "*) without_venv=${found#venv of } ;;
        "part "*) versions="$versions${versions:+, }$candidate was built without ${found#part }" ;;
        *) [ -z "$PYTHON" ] || versions="$PYTHON does not start as a Python" ;;
    esac
done

if [ -n "$without_venv" ]; then
    echo "$without_venv has no venv module: install it (on Debian and Ubuntu: apt install $without_venv-venv), or name another Python: make PYTHON=/path/to/python" >&2
else
    echo "Python 3.11, 3.12 or 3.13 is needed (${versions:-no Python was found}): install one, or name it: make PYTHON=/path/to/python3.12" >&2
fi
exit 1
