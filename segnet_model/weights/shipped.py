"""The weights that ship with the package, and the search for weights by path or name."""

from __future__ import annotations

from pathlib import Path

from segnet_model.base.errors import WeightsError
from segnet_model.base.near import near

FOLDER = Path(__file__).parent


def find_weights(path: str | Path) -> Path:
    """The path of a weights file, or of shipped weights, e.g. "segnet_basic_drives".

    Raises:
        WeightsError: there is no such file, and no shipped weights have this name.
    """
    shipped = FOLDER / f"{path}.safetensors"
    # A shell leaves ~ as it is in name:=~/path.
    found = shipped if shipped.is_file() else at_home(path).absolute()
    if not found.is_file():
        names = shipped_names()
        other = "it is no plain file" if found.exists() else "there is no such file"
        reason = "is a folder" if found.is_dir() else other
        raise WeightsError(
            f"weights {found}: {reason}{near(str(path), names)}; give a file, or one that ships: "
            f"{', '.join(names)}"
        )
    return found


def at_home(path: str | Path) -> Path:
    """The path with the home folder in place of ~; unchanged where that has no home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def shipped_names() -> list[str]:
    """Names of the shipped weights, sorted."""
    return sorted(each.stem for each in FOLDER.glob("*.safetensors"))


def is_shipped(path: Path) -> bool:
    """Whether a file ships with the package, and so belongs to all users of the machine."""
    return path.resolve().parent == FOLDER.resolve()
