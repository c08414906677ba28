"""The metadata of a weights file: what its network is, how it runs, and how good it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segnet_model.base.documents import read_json
from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.limits import MAX_INPUT
from segnet_model.labels import LabelSet
from segnet_model.networks import build_network
from segnet_model.networks.custom import check_trusted
from segnet_model.networks.outputs import output_channels
from segnet_model.weights.bounds import Bound, read_bounds, write_bounds
from segnet_model.weights.features import FeatureScore, read_features, write_features
from segnet_model.weights.place import PlaceScore, read_place, write_place

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1  # to be raised when an older reader would misunderstand a newer file
MAX_TEXT = 1000  # characters of a name or a license
MAX_FACTOR = 1e6  # of means, standard deviations, temperatures, and their inverses
# ImageNet's RGB, usual in the field and near enough for any camera.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ModelInfo:
    """The metadata of a weights file.

    Attributes:
        network: a name that `build_network` knows, or "package.module:factory".
        labels: classes, colors, drivable flags and the ignored id.
        input_size: (height, width) in pixels in training.
        network_settings: further arguments of `build_network`.
        mean: of RGB scaled to 0..1, which `Normalize` subtracts.
        std: of RGB scaled to 0..1, which `Normalize` divides by.
        activation: "softmax", or "sigmoid" for two classes from one channel; see `outputs`.
            "argmax" in an adopted export that answers ids alone.
        temperatures: divisors of the logits, so that confidence matches accuracy, by uncertainty
            method: "none" and "mc", which is also for "temporal".
        bounds: highest uncertainty of a drivable pixel, with a promise, by uncertainty method.
        features: of the uncertainty method "features"; None where it was never fitted.
        place: of the place score; None where it was never fitted.
        license: of the weights, an SPDX name where there is one.
        training: data set, epochs, seed and the like, for people.
        metrics: measurements and their data, for people.
    """

    network: str
    labels: LabelSet
    input_size: tuple[int, int]
    network_settings: Mapping[str, Any] = field(default_factory=dict)
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    activation: str = "softmax"
    temperatures: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    features: FeatureScore | None = None
    place: PlaceScore | None = None
    license: str = "unknown"
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def build(self, trusted: Collection[str] = ()) -> nn.Module:
        """Build the network with fresh weights.

        Args:
            trusted: names of custom networks whose code may be run.

        Raises:
            SettingsError: it cannot be built, or is a custom network that is not trusted.
        """
        check_trusted(self.network, trusted)
        channels = output_channels(self.labels.num_classes, self.activation)
        return build_network(self.network, channels, **self.network_settings)

    def temperature(self, uncertainty: str) -> float:
        """Temperature for the uncertainty method "none" or "mc"; 1 if it was never fitted."""
        return self.temperatures.get(uncertainty, 1.0)

    @property
    def answers_ids(self) -> bool:
        """Whether the network answers class ids alone, without confidence or uncertainty."""
        return self.activation == "argmax"

    def to_json(self) -> str:
        """The metadata as text."""
        values = {**vars(self), "labels": self.labels.to_dict(), "format": FORMAT}
        # Older readers know none of these.
        if values.pop("bounds"):
            values["bounds"] = write_bounds(self.bounds)
        if (features := values.pop("features")) is not None:
            values["features"] = write_features(features)
        if (place := values.pop("place")) is not None:
            values["place"] = write_place(place)
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> ModelInfo:
        """The inverse of `to_json`.

        Raises:
            WeightsError: the text is not such metadata, or of a newer format.
        """
        try:
            values = read_json(text)
            made_by = values.pop("format")
            if made_by > FORMAT:
                raise WeightsError(f"made by a newer segnet (format {made_by}); update this one")
            values["labels"] = LabelSet.from_dict(values["labels"])
            values["bounds"] = read_bounds(values.get("bounds", {}))
            if "features" in values:
                values["features"] = read_features(values["features"])
            if "place" in values:
                values["place"] = read_place(values["place"])
            for key in ("input_size", "mean", "std"):
                values[key] = tuple(values[key])
            info = cls(**values)
            _check_form(info)
            return info
        except (KeyError, TypeError, ValueError, AttributeError, SettingsError) as error:
            raise WeightsError(f"its metadata is damaged ({error})") from None


def is_input_size(size: Sequence[Any]) -> bool:
    """Whether two values are a (height, width) in pixels within the limits."""
    height, width = size
    whole = type(height) is type(width) is int
    return whole and height > 0 and width > 0 and height * width <= MAX_INPUT


def _check_form(info: ModelInfo) -> None:
    """Raise WeightsError where a value does not suit its field."""
    for name in ("network", "activation", "license"):
        text = getattr(info, name)
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise WeightsError(f"its metadata is damaged ({name} is no text, or a long one)")
    for name in ("network_settings", "temperatures", "training", "metrics"):
        if not isinstance(getattr(info, name), dict):
            raise WeightsError(f"its metadata is damaged ({name} is not a set of named values)")
    if not is_input_size(info.input_size):
        raise WeightsError(f"its input size {'x'.join(map(str, info.input_size))} cannot be")
    scaled = all(abs(each) < MAX_FACTOR for each in info.mean) and all(map(_is_factor, info.std))
    if not len(info.mean) == len(info.std) == 3 or not scaled:
        raise WeightsError("its mean and std are not three numbers each, std above 0")
    if not all(map(_is_factor, info.temperatures.values())):
        raise WeightsError("its temperatures are not numbers above 0")


def _is_factor(value: float) -> bool:
    return 1 / MAX_FACTOR < value < MAX_FACTOR
