"""An installed program in a terminal where no environment is active."""

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "cmake" / "program.py.in").read_text()
MODULE = """
import sys

def main():  # imports late, as `segnet` does
    import torch
    print(torch.__file__, *sys.argv[1:])
    return 3
"""
NEEDED = ("torch", "safetensors", "simplejpeg", "rosbags")


@pytest.fixture
def bare(tmp_path):
    """A Python without any package."""
    venv.create(tmp_path / "bare", symlinks=True)
    return tmp_path / "bare" / "bin" / "python3"


@pytest.fixture
def program(tmp_path):
    """Of a package whose dependencies are in an environment, which it was built with."""
    environment = tmp_path / "an environment"
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/*/site-packages")
    for name in NEEDED:
        (packages / f"{name}.py").write_text("")
    (tmp_path / "module.py").write_text(MODULE)
    text = TEMPLATE.replace("@module@", "module").replace("@python_prefix@", str(environment))
    path = tmp_path / "nodes" / "segmentation"
    path.parent.mkdir()
    path.write_text(text.replace("@Python3_EXECUTABLE@", str(environment / "bin" / "python3")))
    return path


def run(python, program, *arguments, **environment):
    return subprocess.run(
        [python, program, *arguments],
        env={"PYTHONPATH": str(program.parents[1]), **environment},
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_it_runs_with_the_python_that_it_was_built_with(program, bare, tmp_path):
    for python in (bare, tmp_path / "an environment" / "bin" / "python3"):
        done = run(python, program, "--ros-args", "a b")
        assert done.returncode == 3, done.stderr
        assert "/an environment/lib/" in done.stdout
        assert done.stdout.endswith("site-packages/torch.py --ros-args a b\n")


def test_an_active_environment_with_all_that_is_needed_is_used(program, bare, tmp_path):
    for name in NEEDED:
        (tmp_path / f"{name}.py").write_text("")
    assert run(bare, program).stdout == f"{tmp_path / 'torch.py'}\n"


def test_the_home_of_another_python_is_not_that_of_the_build(program, tmp_path):
    """PYTHONHOME moves the prefix of every Python that is in no environment."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    home = tmp_path / "home"
    (home / "lib").mkdir(parents=True)
    (home / "lib" / version).symlink_to(Path(sys.base_prefix, "lib", version))
    python = Path(sys.base_prefix, "bin", version)
    (tmp_path / "module.py").write_text("import sys\n\ndef main():\n    print(sys.prefix)\n")
    text = TEMPLATE.replace("@module@", "module").replace("@python_prefix@", sys.base_prefix)
    text = text.replace("simplejpeg", "a_module_that_is_missing")
    program.write_text(text.replace("@Python3_EXECUTABLE@", str(python)))
    done = run(python, program, PYTHONHOME=str(home))
    assert (done.returncode, done.stdout) == (0, f"{sys.base_prefix}\n"), done.stderr


def test_another_python_is_started_once_at_most(program, bare, tmp_path):
    """Where the build's Python has another prefix by now, and lacks a package."""
    next(tmp_path.glob("*/lib/*/site-packages/simplejpeg.py")).unlink()
    program.write_text(program.read_text().replace('an environment"  #', 'gone"  #'))
    assert run(bare, program).returncode == 3


@pytest.mark.parametrize("lost", ["environment", "package"])
def test_what_cannot_be_found_is_named_with_the_mend(program, bare, tmp_path, lost):
    (tmp_path / "module.py").write_text("import torch")
    if lost == "environment":
        (tmp_path / "an environment").rename(tmp_path / "gone")
    else:
        next(tmp_path.glob("*/lib/*/site-packages/torch.py")).unlink()
    done = run(bare, program)
    assert done.returncode == 1
    used = bare if lost == "environment" else tmp_path / "an environment" / "bin" / "python3"
    assert done.stderr == (
        f"segmentation: No module named 'torch' for {used}; activate the environment that "
        f"segnet_ros was built in, {tmp_path}/an environment, or install what README.md lists and "
        "build again\n"
    )


def test_needed_is_what_the_readme_has_pip_install():
    assert f"NEEDED = {NEEDED}".replace("'", '"') in TEMPLATE
    readme = (ROOT / "README.md").read_text()
    start = readme.index("## With ROS 2")
    line = next(
        line for line in readme[start:].splitlines() if line.startswith("pip install 'torch")
    )
    packages = set(re.findall(r"[a-z]+(?=[\s'<>=])", line)) - {"install", "pip", "setuptools"}
    assert packages == set(NEEDED)
