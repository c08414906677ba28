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
WAYS = {
    errno.EACCES: "allow it with chmod, or name another place",
    errno.EDQUOT: "free some of your space, or name another place",
    errno.EEXIST: "name another",
    errno.EIO: "its disk is failing: name another",
    errno.EISDIR: "it is a folder: name a file",
    errno.ELOOP: MENDS[errno.ELOOP],
    errno.EMFILE: "allow more open files with ulimit -n",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.ENOENT: "look for it, or name another",
    errno.ENOSPC: "free some space, or name another place",
    errno.ENOTDIR: "a file has the name of a folder: name another place",
    errno.EPERM: "name another place",
    errno.EROFS: "nothing can be written there: name another place",
}  # of any error of the system
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


class UnfittedError(DatasetError):
    """Images are whole, but not enough of what a number is fitted on."""


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
    return f"cannot read {path}: {bare_cause(error)}"


def bare_cause(error: OSError) -> str:
    """As `cause`, without the path."""
    text = str(error.strerror or error)
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
    """The path, the cause and the mend of an error of the system, which may be of writing, too."""
    names = [str(each) for each in (error.filename, error.filename2) if each is not None]
    text = f"{' to '.join(names)}: {error.strerror}" if names and error.strerror else str(error)
    return f"{text}; {WAYS[error.errno]}" if error.errno in WAYS else text


def unwritten(path: object, error: OSError) -> str:
    """Why a file cannot be written, with the mend."""
    mend = WAYS.get(error.errno or 0, "is the disk full?")
    return f"cannot write {path}: {error.strerror or error}; {mend}"


def reason(error: Exception) -> str:
    """The message of an error without its details, equal for all frames with the same error.

    "step 100 is shorter than a row of 300 bytes; set step to 300" becomes
    "step # is shorter than a row of # bytes".
    """
    return DETAIL.sub("#", str(error)).partition(";")[0] or type(error).__name__
