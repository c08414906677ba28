#!/usr/bin/env python3
"""Checks whether this checkout can be released, and prints the commands that release it.

Changes nothing: it sets no tag and uploads nothing. `--quick` leaves out the tests.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import yaml
from catkin_pkg.package import InvalidPackage, parse_package

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "release"
ABSENT_HERE = ("torch", "safetensors")  # the wheel's `segnet --help` has to run without


class NotReadyError(Exception):
    """A check failed; the message says the mend."""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """The output of a command.

    Raises:
        NotReadyError: it failed, with the last lines of what it printed.
    """
    result = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode:
        tail = "\n    ".join(result.stdout.splitlines()[-12:])
        raise NotReadyError(f"{' '.join(map(str, command))} failed:\n    {tail}")
    return result.stdout


def need(holds: object, mend: str) -> None:
    """Raise a NotReadyError with `mend` where something does not hold."""
    if not holds:
        raise NotReadyError(mend)


def check_package() -> None:
    """package.xml is valid, and catkin_pkg has nothing to warn of."""
    warnings: list[str] = []
    try:
        parse_package(str(ROOT), warnings=warnings)
    except InvalidPackage as error:
        raise NotReadyError(str(error)) from None
    need(not warnings, "; ".join(warnings))


def check_tree() -> None:
    """Everything is committed."""
    changed = run("git", "status", "--porcelain")
    need(not changed, f"commit or stash these:\n{changed.rstrip()}")


def version() -> str:
    """The version in package.xml."""
    return str(parse_package(str(ROOT)).version)


def check_version() -> None:
    """setup.py, the library and the citation have the version of package.xml."""
    said = {
        "setup.py": run(sys.executable, "setup.py", "--version").split()[-1],
        "segnet --version": run(sys.executable, "-m", "segnet_model.cli", "--version").split()[-1],
        "CITATION.cff": yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"],
    }
    wrong = [f"{place} says {each}" for place, each in said.items() if each != version()]
    need(not wrong, f"package.xml says {version()}; {', '.join(wrong)}")


def check_changelog() -> None:
    """The newest entry is of this version, and has a date."""
    headings = re.findall(r"^(\S+) \((.+)\)\n-+$", (ROOT / "CHANGELOG.rst").read_text(), re.M)
    newest, date = headings[0] if headings else ("nothing", "")
    need(
        newest == version() and re.fullmatch(r"\d{4}-\d\d-\d\d", date),
        f"CHANGELOG.rst begins with {newest} ({date}): write {version()} (YYYY-MM-DD)",
    )


def check_tag() -> None:
    """The version has no tag yet."""
    there = run("git", "tag", "--list", version()).strip()
    need(not there, f"the tag {there} is there already: raise the version in package.xml")


def check_distributions() -> None:
    """The sdist and the wheel build, PyPI would take them, and the wheel lacks no file."""
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    run(sys.executable, "-m", "build", "--outdir", OUT, ".")
    run(sys.executable, "-m", "twine", "check", "--strict", *OUT.iterdir())
    tracked = run("git", "ls-files", "segnet_model", "segnet_ros").split()
    with zipfile.ZipFile(wheel()) as file:
        missing = set(tracked) - set(file.namelist())
    need(not missing, f"name these in package_data of setup.py: {', '.join(sorted(missing))}")


def wheel() -> Path:
    """The wheel that was built."""
    built = list(OUT.glob("*.whl"))
    need(built, "there is no wheel")
    return built[0]


def check_installation() -> None:
    """The wheel installs in a fresh environment, and `segnet` runs there without PyTorch."""
    pins = (ROOT / "requirements" / "runtime.txt").read_text().splitlines()
    pins = [line.split()[0] for line in pins if line and not line.startswith(("#", *ABSENT_HERE))]
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder, "bin")
        run(programs / "pip", "install", "--quiet", "--no-deps", wheel(), cwd=Path(folder))
        run(programs / "pip", "install", "--quiet", *pins, cwd=Path(folder))
        for arguments in (["--help"], ["check", "--help"], ["--version"]):
            said = run(programs / "segnet", *arguments, cwd=Path(folder))
        need(said.split()[-1] == version(), f"the installed segnet --version says {said}")


def checks(quick: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each check with its name, the fast ones first."""
    yield "package.xml", check_package
    yield "clean tree", check_tree
    yield "one version", check_version
    yield "changelog", check_changelog
    yield "no tag yet", check_tag
    yield "sdist and wheel", check_distributions
    yield "installation", check_installation
    for target in ("lint", "docs", *(() if quick else ("test", "test-all"))):
        yield f"make {target}", partial(run, "make", target)


def passes(name: str, check: Callable[[], object]) -> bool:
    """Whether a check holds; prints which, and what to do."""
    print(f"{name:16}", end=" ", flush=True)
    try:
        check()
    except NotReadyError as error:
        print(f"FAILED: {error}")
        return False
    print("ok")
    return True


def main() -> int:
    """Run all checks; returns 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the tests")
    quick = parser.parse_args().quick
    os.environ.pop("MAKEFLAGS", None)
    failed = [name for name, check in checks(quick) if not passes(name, check)]
    if failed:
        print(f"not ready: {', '.join(failed)}")
        return 1
    passed = "All but the tests" if quick else "Everything"
    print(f"""{passed} passed. Nothing was tagged or uploaded. To release it:

    git tag --annotate {version()} --message "segnet_ros {version()}"
    git push origin main {version()}
    twine upload {OUT.relative_to(ROOT)}/*
    bloom-release --rosdistro jazzy segnet_ros""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
