#!/usr/bin/env bash
# Write requirements.lock (all extras) and packaging/locks/<extra>.txt with pip-tools. Run it on Linux with Python 3.11:
# torch resolves to the build that the environment's pip finds (the CPU build where no CUDA build is wanted).
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p packaging/locks
common=(--quiet --strip-extras --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-emit-options)
python=${PYTHON:-python3}
lock() {  # OUTPUT [--extra NAME]... : compile, with requirements.lock as constraint once it exists
  local output=$1; shift
  "$python" -m piptools compile "${common[@]}" "$@" --output-file "$output" pyproject.toml > /dev/null
}
extras=$("$python" -c "import tomllib; print(*tomllib.load(open('pyproject.toml','rb'))['project'].get('optional-dependencies', {}))")
all=(); for extra in $extras; do all+=(--extra "$extra"); done
lock requirements.lock "${all[@]}"
sed -i '1i # Exact versions of all dependencies and extras, for `pip install -c requirements.lock`. Written by packaging/lock.sh.' requirements.lock
lock packaging/locks/readthrough.txt --constraint requirements.lock
for extra in $extras; do lock "packaging/locks/$extra.txt" --extra "$extra" --constraint requirements.lock; done
# A local build (torch's CPU build) is pinned by its public version, which every platform can resolve.
sed -i 's/^\(torch==[0-9.]*\)+[a-z0-9]*/\1/' requirements.lock packaging/locks/*.txt
