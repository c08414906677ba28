"""The one family of errors that this package raises for bad input.

Every message says what is wrong and where, and, behind a semicolon, the mend.
"""

from __future__ import annotations

import re

# What differs between two bad frames of the same kind: quoted text and numbers.
DETAIL = re.compile(r"""b?'(\\.|[^'\\])*'|b?"(\\.|[^"\\])*"|\d+""")


class SegNetError(Exception):
    """Base of every error that a caller can provoke with bad input."""


class ImageError(SegNetError):
    """An image is not what its size, type or encoding claims."""


class AnswerError(ImageError):
    """The network's answer to an image is no answer: it is not finite."""


class WeightsError(SegNetError):
    """A weights file is missing, damaged, or belongs to another network."""


class DatasetError(SegNetError):
    """A data set lacks files or holds labels that do not fit."""


class BagError(SegNetError):
    """A recording cannot be read, written, or lacks what was asked of it."""


class VideoError(SegNetError):
    """A video cannot be read."""


class SettingsError(SegNetError):
    """A setting is out of range or contradicts another."""


class DeviceMemoryError(SegNetError):
    """A GPU has too little memory for the work."""


def reason(error: Exception) -> str:
    """The kind of an error, the same for all frames that fail alike.

    "step 100 is shorter than a row of 300 bytes; set step to 300" becomes
    "step # is shorter than a row of # bytes".
    """
    return DETAIL.sub("#", str(error)).partition(";")[0] or type(error).__name__
