#!/usr/bin/env bash
# Runs benchmarks/gpu_session.py with a Python that has PyTorch, best with CUDA; --help says more.
# PYTHON=... chooses another. Nothing is downloaded or installed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONUNBUFFERED=1

# Ends with 0 where PyTorch sees a GPU, with 1 where it does not, and with another code without it.
try() { "$1" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; }

chosen=
for python in ${PYTHON:-python3 .venv/bin/python python /opt/*/bin/python3 /opt/*/.venv/bin/python3}; do
    command -v "$python" >/dev/null || continue
    code=0; try "$python" || code=$?
    if [ "$code" = 0 ]; then chosen=$python; break; fi
    if [ "$code" = 1 ]; then chosen=${chosen:-$python}; fi
done
if [ -z "$chosen" ]; then
    echo "no Python with PyTorch found: name one with PYTHON=..., or pip install torch" >&2
    exit 2
fi
echo "Python: $chosen"
exec "$chosen" -m benchmarks.gpu_session "$@"
