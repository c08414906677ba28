"""Settings of the random changes of training images, without heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import ABOVE_0, check_options, option

AUGMENTATION = "augmentation"  # group of the options


@dataclass(frozen=True)
class AugmentSettings:
    """Random changes of the training images; `UNCHANGED` has the values that change nothing."""

    flip: float = option(
        0.5, "Probability of a mirror image.", limits=(0.0, 1.0), group=AUGMENTATION
    )
    scale_min: float = option(
        0.75, "Smallest random scale.",
        limits=(ABOVE_0, 8.0), group=AUGMENTATION, flag="scale", metavar="MIN MAX",
    )  # fmt: skip
    scale_max: float = option(
        1.5, "Largest random scale; both are near 1 for a camera that never moves.",
        limits=(ABOVE_0, 8.0), group=AUGMENTATION, flag="scale",
    )  # fmt: skip
    brightness: float = option(
        0.3, "Random brightness: x draws a factor from 1 - x to 1 + x.",
        limits=(0.0, 1.0), group=AUGMENTATION,
    )  # fmt: skip
    contrast: float = option(
        0.3, "Random contrast, as brightness.", limits=(0.0, 1.0), group=AUGMENTATION
    )
    saturation: float = option(
        0.3, "Random saturation, as brightness.", limits=(0.0, 1.0), group=AUGMENTATION
    )
    hue: float = option(
        0.05, "Largest random shift of the hue, as a share of the color circle.",
        limits=(0.0, 1.0), group=AUGMENTATION,
    )  # fmt: skip
    rotate: float = option(
        0.0, "Largest random rotation in degrees, either way.",
        limits=(0.0, 180.0), group=AUGMENTATION, metavar="DEGREES",
    )  # fmt: skip
    blur: float = option(
        0.0, "Random blur of every other image: largest standard deviation in pixels.",
        limits=(0.0, 50.0), group=AUGMENTATION, metavar="PIXELS",
    )  # fmt: skip
    noise: float = option(
        0.0, "Random noise of every other image: largest standard deviation as a share of white.",
        limits=(0.0, 1.0), group=AUGMENTATION,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Raise SettingsError where a value is out of range, or the scales are swapped."""
        check_options(self)
        if self.scale_min > self.scale_max:
            raise SettingsError(
                f"scale from {self.scale_min} to {self.scale_max}; give 0 < MIN <= MAX <= 8"
            )


UNCHANGED = AugmentSettings(
    flip=0.0, scale_min=1.0, scale_max=1.0, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0
)
