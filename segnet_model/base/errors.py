"""The errors of this package for bad input.

Every message gives the reason and the place and, after a semicolon, the mend.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

MENDS = {
    errno.EACCES: "allow it with chmod +r (a folder: +rx), or copy it as its owner",
    errno.EPERM: "copy it as its owner",
    errno.EIO: "its disk is failing: copy what is left",
    errno.ELOOP: "links lead to each other: name the file itself",
}
# Details that differ between frames with the same error: quoted text and numbers.
DETAIL = re.compile(r"""b?'(\\.|[^'\\])*'|b?"(\\.|[^"\\])*"|\d+""")


class SegNetError(Exception):
    """Base class of all errors for bad input."""


class ImageError(SegNetError):
    """An image does not fit its size, type or encoding."""


class AnswerError(ImageError):
    """The network's answer to an image is not finite."""


class WeightsError(SegNetError):
    """A weights file is missing, damaged, or belongs to another network."""


class DatasetError(SegNetError):
    """A data set lacks files or holds labels that do not fit."""


class BagError(SegNetError):
    """A recording cannot be read or written, or lacks a topic."""


class VideoError(SegNetError):
    """A video cannot be read."""


class SettingsError(SegNetError):
    """A setting is out of range or contradicts another."""


class DeviceMemoryError(SegNetError):
    """A GPU has too little memory for the work."""


def cause(path: object, error: OSError) -> str:
    """Why a file or folder cannot be read, with the mend where there is one."""
    text = f"cannot read {path}: {error.strerror or error}"
    return f"{text}; {MENDS[error.errno]}" if error.errno in MENDS else text


@contextmanager
def reading(path: object) -> Iterator[None]:
    """Put the path into an error of reading: the system names a file only where it is opened."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def system_reason(error: OSError) -> str:
    """The path and the cause of an error of the system: "a.png: Permission denied"."""
    names = [str(each) for each in (error.filename, error.filename2) if each is not None]
    return f"{' to '.join(names)}: {error.strerror}" if names and error.strerror else str(error)


def reason(error: Exception) -> str:
    """The message of an error without its details, equal for all frames with the same error.

    "step 100 is shorter than a row of 300 bytes; set step to 300" becomes
    "step # is shorter than a row of # bytes".
    """
    return DETAIL.sub("#", str(error)).partition(";")[0] or type(error).__name__
