"""Augmentation: random changes of training images, as a substitute for more of them."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.networks.inputs import network_size, resize_image
from segnet_model.training.augment_settings import AugmentSettings

GRAY = (124, 116, 104)  # the mean that normalization subtracts


def augment(
    image: np.ndarray,
    labels: np.ndarray,
    size: tuple[int, int],
    ignore_id: int,
    settings: AugmentSettings,
    rng: np.random.Generator,
    crop: tuple[int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Scale, rotate, crop, mirror, recolor and blur an image, and its labels with it.

    Args:
        image: (H, W, 3) uint8 RGB.
        labels: (H, W) uint8.
        size: (height, width) of whole images in the network, before the random scale.
        ignore_id: fills the labels where the crop reaches beyond the image.
        settings: ranges of the changes.
        rng: source of all random numbers.
        crop: (height, width) of the result; None for size.

    Returns:
        (height, width, 3) uint8 RGB and (height, width) uint8.
    """
    image, labels = _scale(image, labels, size, rng.uniform(settings.scale_min, settings.scale_max))
    if settings.rotate:
        degrees = rng.uniform(-settings.rotate, settings.rotate)
        image, labels = _rotate(image, labels, degrees, ignore_id)
    image, labels = _crop(image, labels, crop or size, ignore_id, rng)
    if rng.random() < settings.flip:
        image, labels = image[:, ::-1], labels[:, ::-1]
    image = _degrade(_recolor(image, settings, rng), settings, rng)
    return image, np.ascontiguousarray(labels)


def fit(
    image: np.ndarray, labels: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Resize an image and its labels to (height, width)."""
    return resize_image(image, size), cv2.resize(
        labels, size[::-1], interpolation=cv2.INTER_NEAREST
    )


def _scale(
    image: np.ndarray, labels: np.ndarray, size: tuple[int, int], factor: float
) -> tuple[np.ndarray, np.ndarray]:
    height, width = network_size((image.shape[0], image.shape[1]), size)
    return fit(image, labels, (round(height * factor), round(width * factor)))


def _crop(
    image: np.ndarray,
    labels: np.ndarray,
    size: tuple[int, int],
    ignore_id: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Crop at a random place; a smaller image is first placed at random on gray."""
    missing = [max(0, want - have) for want, have in zip(size, labels.shape, strict=True)]
    if any(missing):
        top, left = (int(rng.integers(m + 1)) for m in missing)
        border = (top, missing[0] - top, left, missing[1] - left)
        image = cv2.copyMakeBorder(image, *border, cv2.BORDER_CONSTANT, value=GRAY)
        labels = cv2.copyMakeBorder(labels, *border, cv2.BORDER_CONSTANT, value=(ignore_id,))
    top, left = (
        int(rng.integers(have - want + 1)) for want, have in zip(size, labels.shape, strict=True)
    )
    window = np.s_[top : top + size[0], left : left + size[1]]
    return image[window], labels[window]


def _recolor(image: np.ndarray, settings: AugmentSettings, rng: np.random.Generator) -> np.ndarray:
    """Change brightness, contrast, saturation and hue, in that order."""
    brightness, contrast, saturation = (
        rng.uniform(1 - spread, 1 + spread)
        for spread in (settings.brightness, settings.contrast, settings.saturation)
    )
    mean = float(image.mean())
    # One table does brightness and contrast together: (x * brightness - mean) * contrast + mean.
    levels = (np.arange(256) * brightness - mean) * contrast + mean
    image = cv2.LUT(np.ascontiguousarray(image), np.clip(levels, 0, 255).astype(np.uint8))
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    turn = round(rng.uniform(-settings.hue, settings.hue) * 256) % 256
    hsv[..., 0] = hsv[..., 0] + np.uint8(turn)  # wraps around, as the color circle does
    hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=saturation)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)


def _rotate(
    image: np.ndarray, labels: np.ndarray, degrees: float, ignore_id: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rotate about the center; pixels from outside the image are gray and ignored."""
    height, width = labels.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    image = cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=GRAY)
    return image, cv2.warpAffine(
        labels, turn, (width, height), flags=cv2.INTER_NEAREST, borderValue=(ignore_id,)
    )


def _degrade(image: np.ndarray, settings: AugmentSettings, rng: np.random.Generator) -> np.ndarray:
    """Blur like a moving or dirty camera, and add noise like one in the dark."""
    if settings.blur and rng.random() < 0.5:
        sigma = rng.uniform(0.1, max(0.1, settings.blur))
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    if settings.noise and rng.random() < 0.5:
        spread = rng.uniform(0, settings.noise) * 255
        noise = rng.standard_normal(image.shape, np.float32) * spread
        image = np.clip(image + noise + 0.5, 0, 255).astype(np.uint8)
    return image
