"""The network's input: size, resizing and normalization of images; resizing of its output."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segnet_model.base.errors import ImageError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MULTIPLE = 8  # pixels; three stages halve such sides without a remainder
MIN_SIDE = 32  # pixels; five stages halve it to one value
_LARGE = 1_500_000  # pixels of an image, half of which takes longer than another thread to wake


def network_size(image_size: tuple[int, int], input_size: tuple[int, int]) -> tuple[int, int]:
    """The size that an image is resized to for the network.

    It has about as many pixels as the size in training, but the image's own proportions, so that
    things keep the shapes that the network has learned.

    Args:
        image_size: (height, width) of the image in pixels.
        input_size: (height, width) that the network was trained at.

    Returns:
        (height, width), multiples of 8 and at least 32.
    """
    scale = sqrt(input_size[0] * input_size[1] / (image_size[0] * image_size[1]))
    height, width = (
        max(MIN_SIDE, round(side * scale / MULTIPLE) * MULTIPLE) for side in image_size
    )
    return height, width


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image (H, W, 3) uint8 to (height, width) without aliasing.

    The result is the image itself, not a copy, where it has this size.
    """
    if image.shape[:2] == size:
        return image
    if size[0] * size[1] >= image.shape[0] * image.shape[1]:
        return cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)
    if _is_worth_halving(image, size):
        return _shrink_by_halves(image, size)
    return _shrink(image, size)


def _shrink(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)


def _is_worth_halving(image: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether a thread takes less time than half of an image, and no pixel is of both halves."""
    height, width = image.shape[:2]
    apart = height % 2 == size[0] % 2 == 0 and size[0] <= height and size[1] <= width
    return apart and height * width >= _LARGE and cv2.getNumThreads() > 1


def _shrink_by_halves(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """As `_shrink`, in two threads: OpenCV takes one, since it goes by the size of the result."""
    middle, half = image.shape[0] // 2, (size[0] // 2, size[1])
    upper = _helper().submit(_shrink, image[:middle], half)
    lower = _shrink(image[middle:], half)
    # On busy cores the other thread may not have begun yet; then waiting for it would take longer.
    first = _shrink(image[:middle], half) if upper.cancel() else upper.result()
    return np.concatenate([first, lower])


@cache
def _helper() -> ThreadPoolExecutor:
    """One more thread, kept, since on busy cores a new one takes as long as a whole image."""
    return ThreadPoolExecutor(1, "shrink")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_helper.cache_clear)


class Normalize:
    """Scales bytes to 0..1, subtracts the mean and divides by the standard deviation."""

    def __init__(
        self, mean: Sequence[float], std: Sequence[float], device: torch.device | None = None
    ) -> None:
        """Keep the mean and deviation of each channel, in 0..1, on the images' device."""
        import torch

        self._scale = torch.tensor([1 / (255 * s) for s in std], device=device)
        self._shift = torch.tensor([m / s for m, s in zip(mean, std, strict=True)], device=device)

    def __call__(self, images: Tensor) -> Tensor:
        """Normalize (N, H, W, 3) uint8 RGB to (N, 3, H, W) float32 in channels-last memory."""
        return (images * self._scale - self._shift).permute(0, 3, 1, 2)


def resize_maps(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize maps (N, C, h, w) bilinearly to (N, C, height, width)."""
    if maps.shape[-2:] == size:
        return maps
    import torch
    import torch.nn.functional as F

    if maps.device.type == "cpu" and maps.dtype == torch.float32 and not maps.requires_grad:
        return torch.from_numpy(_resize_planes(maps.numpy(), size))
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)


def _resize_planes(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize float32 maps (N, C, h, w) as PyTorch does, which takes four times as long."""
    resized = np.empty((*maps.shape[:2], *size), np.float32)
    for source, target in zip(maps, resized, strict=True):
        for plane, out in zip(source, target, strict=True):
            cv2.resize(plane, size[::-1], dst=out, interpolation=cv2.INTER_LINEAR)
    return resized


def check_images(images: np.ndarray) -> None:
    """Raise ImageError unless images is (N, H, W, 3) uint8 with pixels in it."""
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ImageError(
            f"image of shape {images.shape} and type {images.dtype}; expected (H, W, 3) or "
            "(N, H, W, 3) uint8 RGB"
        )
    if 0 in images.shape:
        raise ImageError(f"image of shape {images.shape} has no pixels")
