"""The one family of errors that this package raises for bad input.

Every message says what is wrong, where, and the mend.
"""


class SegNetError(Exception):
    """Base of every error that a caller can provoke with bad input."""


class ImageError(SegNetError):
    """An image is not what its size, type or encoding claims."""


class WeightsError(SegNetError):
    """A weights file is missing, damaged, or belongs to another network."""


class DatasetError(SegNetError):
    """A data set lacks files or holds labels that do not fit."""


class BagError(SegNetError):
    """A recording cannot be read, written, or lacks what was asked of it."""


class SettingsError(SegNetError):
    """A setting is out of range or contradicts another."""


class DeviceMemoryError(SegNetError):
    """A GPU has too little memory for the work."""
