"""An installed program in a terminal where no environment is active."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

TEMPLATE = (Path(__file__).parents[2] / "cmake" / "program.py.in").read_text()
MODULE = """
import sys
import needed

def main():
    print(needed.__file__, *sys.argv[1:])
    return 3
"""


@pytest.fixture
def program(tmp_path):
    """Of a package whose only dependency is in an environment, which it was built with."""
    environment = tmp_path / "an environment"
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/*/site-packages")
    (packages / "needed.py").write_text("")
    (tmp_path / "module.py").write_text(MODULE)
    text = TEMPLATE.replace("@module@", "module").replace("@python_prefix@", str(environment))
    path = tmp_path / "nodes" / "segmentation"
    path.parent.mkdir()
    path.write_text(text.replace("@Python3_EXECUTABLE@", str(environment / "bin" / "python3")))
    return path


def run(program, *arguments, python=sys.executable):
    return subprocess.run(
        [python, program, *arguments],
        env={"PYTHONPATH": str(program.parents[1])},
        capture_output=True,
        text=True,
    )


def test_it_runs_with_the_python_that_it_was_built_with(program):
    for python in (sys.executable, program.parents[1] / "an environment" / "bin" / "python3"):
        done = run(program, "--ros-args", "a b", python=python)
        assert done.returncode == 3, done.stderr
        assert done.stdout.endswith("site-packages/needed.py --ros-args a b\n")


def test_an_active_environment_with_all_that_is_needed_is_used(program, tmp_path):
    (tmp_path / "needed.py").write_text("")
    assert run(program).stdout == f"{tmp_path / 'needed.py'}\n"


def test_without_that_python_the_error_names_the_mend(program, tmp_path):
    (tmp_path / "an environment").rename(tmp_path / "gone")
    done = run(program)
    assert done.returncode == 1
    assert done.stderr.startswith(f"segmentation: No module named 'needed' for {sys.executable}; ")
    assert (
        f"activate the environment that segnet_ros was built in, {tmp_path}/an env" in done.stderr
    )


def test_what_that_python_lacks_is_named_once(program, tmp_path):
    next((tmp_path / "an environment").glob("lib/*/site-packages/needed.py")).unlink()
    done = run(program)
    assert done.returncode == 1
    assert done.stderr.count("No module named 'needed'") == 1
    assert "Traceback" not in done.stderr
