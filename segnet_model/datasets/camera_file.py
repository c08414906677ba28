"""A camera's calibration from the YAML that ROS's camera_calibration writes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.bags.kinds import refuse_other_kinds
from segnet_model.bags.messages import camera_info_message, make_header
from segnet_model.base.documents import load_yaml, named_value
from segnet_model.base.errors import BagError, SettingsError, cause
from segnet_model.driving.calibration import read_lens, scaled_info
from segnet_model.driving.distortion import MODELS

ASSUMED = "plumb_bob"  # where there are five coefficients without a model, as in ROS
MAX_SIDE = 1 << 16  # pixels
FORM = "a file as camera_calibration writes it (ost.yaml)"
# Marks of other forms, and their mends.
OTHERS = (
    (rb"\A(# oST|\[image\])", "it is the text of camera_calibration; name the ost.yaml beside it"),
    (rb"opencv-matrix|\A%YAML:", f"OpenCV wrote it; copy its numbers into {FORM}"),
    (rb"(?m)^cam\d+:", f"Kalibr wrote it; copy its numbers into {FORM}"),
    (rb"(?m)^[kK]:", f"it is a printed CameraInfo; copy its numbers into {FORM}"),
)


def read_camera(path: Path) -> Any:
    """Read a sensor_msgs/CameraInfo without header; judge it as the node does.

    Args:
        path: of the YAML file.

    Raises:
        SettingsError: it cannot be read, is of another form, or is of no such camera.
    """
    try:
        with path.open("rb") as file:
            start = file.read(1 << 12)
        _refuse_others(path, start)
        info = _message(load_yaml(path))
        read_lens(info, rectified=False)
    except OSError as error:
        raise SettingsError(cause(path, error)) from None
    except TypeError as error:
        raise SettingsError(f"camera info {path}: {error}; give {FORM}") from None
    except (SettingsError, BagError) as error:
        raise SettingsError(f"camera info {path}: {error}") from None
    return info


def info_of(camera: Any, size: tuple[int, ...]) -> Any:
    """The CameraInfo, without header, of images of a size; takes milliseconds.

    Args:
        camera: of `read_camera`.
        size: (height, width) in pixels; of the same shape as the calibration's.

    Raises:
        SettingsError: the images have another shape.
    """
    read_lens(camera, rectified=False).scaled_to(size[1], size[0])
    return scaled_info(camera, (size[0], size[1]))


def _refuse_others(path: Path, start: bytes) -> None:
    if not start:
        raise SettingsError(f"the file is empty and has no image_width; give {FORM}")
    for mark, mend in OTHERS:
        if re.search(mark, start):
            raise SettingsError(mend)
    refuse_other_kinds(path)


def _message(values: Any) -> Any:
    """A CameraInfo of the file's values; TypeError where one is missing or no number."""
    size = _side(values, "image_width"), _side(values, "image_height")
    matrix = _matrix(values, "camera_matrix", 9)
    distortion = _matrix(values, "distortion_coefficients")
    model = values.get("distortion_model", ASSUMED)
    if model not in MODELS:
        raise SettingsError(f"distortion_model is {str(model)[:40]!r}, none of {', '.join(MODELS)}")
    info = camera_info_message(
        make_header(0, ""), size, (matrix[0], matrix[4]), (matrix[2], matrix[5]), model, distortion
    )
    info = replace(info, k=np.array(matrix), d=np.array(distortion, float))
    if "rectification_matrix" in values:
        info = replace(info, r=np.array(_matrix(values, "rectification_matrix", 9)))
    if "projection_matrix" in values:
        info = replace(info, p=np.array(_matrix(values, "projection_matrix", 12)))
    return info


def _side(values: Any, name: str) -> int:
    side = named_value(values, name, "the file")
    if not isinstance(side, int) or isinstance(side, bool) or not 0 < side <= MAX_SIDE:
        raise TypeError(f"{name} is {str(side)[:40]!r}, no number of pixels")
    return side


def _matrix(values: Any, name: str, count: int | None = None) -> list[float]:
    """The numbers of a matrix, by rows."""
    matrix = named_value(values, name, "the file")
    data = named_value(matrix, "data", name)
    if not isinstance(data, list) or (count is not None and len(data) != count):
        wanted = f"a list of {count} numbers" if count else "a list of numbers"
        raise TypeError(f"the data of {name} is not {wanted}")
    try:
        # YAML takes 1e-3 for text, as it has no point.
        numbers = [float(each) for each in data if not isinstance(each, bool)]
    except (TypeError, ValueError, OverflowError):
        numbers = []
    if len(numbers) != len(data) or not np.isfinite(numbers).all():
        raise TypeError(f"the data of {name} holds what is no finite number")
    return numbers
