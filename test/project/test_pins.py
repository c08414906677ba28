"""pre-commit and `make lint` run the same versions of the same tools."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
ONLY_IN_HOOKS = {"pre-commit-hooks"}


def pins():
    """{package: version} of requirements/development.txt."""
    lines = (ROOT / "requirements/development.txt").read_text().splitlines()
    return dict(line.split()[0].split("==") for line in lines if "==" in line)


def hooks():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    return [hook for repository in config["repos"] for hook in repository["hooks"]]


def test_hooks_have_the_versions_of_the_requirements():
    needed = [name for hook in hooks() for name in hook.get("additional_dependencies", [])]
    tools = dict(name.split("==") for name in needed)
    assert tools.keys() - pins().keys() == ONLY_IN_HOOKS
    assert {name: pins()[name] for name in tools.keys() - ONLY_IN_HOOKS} == {
        name: tools[name] for name in tools.keys() - ONLY_IN_HOOKS
    }
