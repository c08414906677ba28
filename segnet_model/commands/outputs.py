"""Places of outputs, made and checked before any long work, which would be lost without them."""

from __future__ import annotations

import os
from pathlib import Path

from segnet_model.base.atomic import check_output
from segnet_model.base.errors import SettingsError
from segnet_model.base.undo import make_folders
from segnet_model.commands.places import SUFFIX, WEIGHTS_SUFFIXES


def make_folder(folder: Path) -> None:
    """Make the folder of --out.

    It is removed again where an error leaves it empty.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        make_folders(folder)
    except OSError as error:
        raise SettingsError(
            f"cannot make the folder {folder}: {error}; give another --out"
        ) from None


def prepare_weights(out: Path, suffix: str = SUFFIX) -> None:
    """Make the folder of weights that are to be written, and check their name.

    Args:
        out: the file.
        suffix: that readers know its format by: of an export, or else `SUFFIX`.

    Raises:
        SettingsError: readers would take it for another format, there is a file that segnet did
            not write, or its folder cannot be written to.
    """
    if (out.suffix if out.suffix in WEIGHTS_SUFFIXES else SUFFIX) != suffix:
        raise SettingsError(
            f"{out} would be read as another format; give a name as {out.stem}{suffix}"
        )
    check_output(out)
    if out.exists():  # or the pipe of another process
        return
    folder = Path(os.path.realpath(out)).parent
    make_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(
            f"the folder {folder} may not be written to; allow it with chmod +wx, or give another "
            "--out"
        )
