"""How to train. Nothing heavy is imported, so that a launch file can list the settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import yaml

from segnet_model.base.choices import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    TRAINING_PRECISIONS,
    WEIGHTINGS,
)
from segnet_model.base.errors import SettingsError
from segnet_model.base.limits import check_input_size


@dataclass(frozen=True)
class AugmentSettings:
    """How far images are changed; `UNCHANGED` has the values that change nothing."""

    flip: float = 0.5  # probability of a mirror image
    scale_min: float = 0.75  # relative to the size at which the network sees the image
    scale_max: float = 1.5
    brightness: float = 0.3  # each factor is drawn from 1 - x to 1 + x
    contrast: float = 0.3
    saturation: float = 0.3
    hue: float = 0.05  # of the colour circle, either way
    rotate: float = 0.0  # degrees, either way
    blur: float = 0.0  # pixels: the highest standard deviation, for every other image
    noise: float = 0.0  # of the brightest value: likewise

    def __post_init__(self) -> None:
        """Refuse what leaves no image."""
        for name in ("flip", "brightness", "contrast", "saturation", "hue", "noise"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} is {getattr(self, name)}; give 0 to 1")
        if not (0 <= self.rotate <= 180 and 0 <= self.blur <= 50):
            raise SettingsError(
                f"rotate {self.rotate} must be 0 to 180 degrees, blur {self.blur} 0 to 50 pixels"
            )
        if not 0 < self.scale_min <= self.scale_max <= 8:
            raise SettingsError(
                f"scale from {self.scale_min} to {self.scale_max}; give 0 < MIN <= MAX <= 8"
            )


UNCHANGED = AugmentSettings(
    flip=0.0, scale_min=1.0, scale_max=1.0, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0
)


@dataclass(frozen=True)
class TrainSettings:
    """How to train; the defaults suit a few hundred images of one robot's camera."""

    # None: that of `init`, else SegNet-Basic; "package.module:factory": one from elsewhere
    network: str | None = None
    network_settings: dict[str, Any] = field(default_factory=dict)
    input_size: tuple[int, int] | None = None  # None: that of `init`, else half the images' sides
    crop_size: tuple[int, int] | None = None  # that is cut out to learn from; None: input_size
    labels: str | None = None  # a label set's name or YAML file; None: the data set's own
    epochs: int = 60
    batch_size: int = 8
    optimizer: str = "adamw"  # or "sgd", which wants a learning rate ten times as high
    learning_rate: float = 2e-3  # the highest
    schedule: str = "cosine"  # how it falls: or "poly", "one_cycle", "constant"
    warm_up: float = 0.05  # share of the steps in which it rises
    momentum: float = 0.9  # of sgd
    weight_decay: float = 1e-2
    precision: str = "auto"  # of the convolutions: bfloat16 where the device multiplies it
    activation: str = "softmax"  # or "sigmoid": one channel for two classes
    loss: str = "cross_entropy"  # or "dice", "lovasz", or a sum: "cross_entropy+lovasz"
    weighting: str = "median_frequency"  # of rare classes, as SegNet does; or "enet"
    supervision: float = 0.0  # weight of the losses of inner stages, which answer in training only
    balance: float = 0.5  # power of these weights: 1 as in the papers, 0 for none
    clip_norm: float = 5.0
    average: float = 0.999  # weight of the past in the average of the weights; 0 for none
    statistics_images: int = 100  # to compute batch normalisation's statistics anew from
    patience: int = 0  # epochs without a better mIoU on val after which to stop; 0 for never
    encoder: str | None = None  # file of torchvision's vgg16_bn for SegNet's or U-Net's encoder
    init: str | None = None  # weights to start from; other classes and shapes start fresh
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    seed: int = 0
    workers: int = 2  # threads that load images
    device: str = "auto"
    evaluate_every: int = 10  # epochs
    save_every_s: float = 60.0
    license: str = "unknown"  # of the weights, which is for the data's owner to say

    def __post_init__(self) -> None:
        """Refuse what cannot work, by name and with the mend."""
        for name in ("epochs", "batch_size", "evaluate_every", "workers"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)}; give at least 1")
        for name in ("learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name} is {getattr(self, name)}; give more than 0")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise SettingsError(
                    f"{name} {getattr(self, name)!r} is none of {', '.join(choices)}"
                )
        for name in ("seed", "statistics_images", "patience"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} is {getattr(self, name)}; give 0 or more")
        for name in ("average", "warm_up", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingsError(
                    f"{name} is {getattr(self, name)}; give 0 or more and less than 1"
                )
        if self.patience and self.patience < self.evaluate_every:
            raise SettingsError(
                f"patience {self.patience} is shorter than the {self.evaluate_every} epochs "
                "between two measurements; lower evaluate_every or give more patience"
            )
        for name, most in (("balance", 2.0), ("supervision", 10.0), ("weight_decay", 10.0)):
            if not 0 <= getattr(self, name) <= most:
                raise SettingsError(f"{name} is {getattr(self, name)}; give 0 to {most:g}")
        for name in ("input_size", "crop_size"):
            size = getattr(self, name)
            if size and min(size) < 32:
                raise SettingsError(f"{name} {size} is below 32 pixels a side; give more")
        if self.input_size:
            check_input_size(self.input_size)

    def shaping(self) -> dict[str, Any]:
        """The settings that shape the result; where it runs and how often it saves do not."""
        values = asdict(self)
        for name in ("device", "workers", "save_every_s"):
            del values[name]
        return values


def network_setting(text: str) -> tuple[str, Any]:
    """Read a setting of a network, "features=32"; SettingsError where it is none."""
    name, equals, value = text.partition("=")
    try:
        if name and equals:
            return name, yaml.safe_load(value)
    except yaml.YAMLError:
        pass
    raise SettingsError(f"{text!r} is not NAME=VALUE, as in features=32")


_CHOICES = {
    "loss": LOSSES,
    "activation": ACTIVATIONS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "weighting": WEIGHTINGS,
    "precision": TRAINING_PRECISIONS,
}
