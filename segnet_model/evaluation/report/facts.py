"""Plain values of `evaluation.json`: the figures of an evaluation, and how it was made."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segnet_model.base.version import version
from segnet_model.engines.exported import ExportedEngine
from segnet_model.evaluation.calibration import CONFIDENCE_BINS, UncertaintyQuality
from segnet_model.evaluation.evaluate import Evaluation
from segnet_model.evaluation.figures import nan_to_none
from segnet_model.evaluation.mapped import MappedPredictor
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelMap
from segnet_model.weights.bounds import write_bounds
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

SHARES = np.linspace(0.02, 1, 50)
COMPARED = ("miou", "pixel_accuracy", "class_accuracy", "boundary_f1", "ece", "pavpu", "ms",
            "drivable_precision", "drivable_recall")  # fmt: skip
COMPARED_BY_CLASS = ("iou", "accuracy", "precision", "boundary_f1_by_class", "auroc", "aupr")
MEANS = {"miou": "iou", "class_accuracy": "accuracy", "boundary_f1": "boundary_f1_by_class"}


@dataclass(frozen=True)
class Circumstances:
    """How an evaluation was made; both networks of a comparison share it."""

    date: datetime  # of the evaluation
    dataset: str  # folder, as it was given
    split: str  # of the data set
    images: int  # number of them in the split
    label_set: str  # its name
    uncertainty: str  # "none", "features" or "mc"
    samples: int  # of "mc"
    seed: int  # of its dropout masks
    refine: str  # "none" or "crf"
    # How labels were mapped; empty where they were not.
    label_map: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with the versions of the software; samples and seed only where used."""
        values = {**asdict(self), "date": self.date.isoformat(timespec="seconds")}
        if self.uncertainty in ("none", "features"):
            del values["samples"], values["seed"]
        if not self.label_map:
            del values["label_map"]
        versions = {
            "segnet_ros": version(),
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        }
        return {**values, "versions": versions}


def describe(
    circumstances: Circumstances, networks: list[tuple[str, Predictor, Evaluation]]
) -> dict[str, Any]:
    """Everything as plain values for JSON.

    Args:
        circumstances: shared by the networks.
        networks: name of the weights, predictor and figures: of one network, or of two to compare.

    Returns:
        The first's figures; under "compare" those of the other, as `compared` makes them.
    """
    first, *others = (_of_network(*each) for each in networks)
    values = {**first, "measured": circumstances.to_dict()}
    for other in others:
        values["compare"] = compared(first, other)
    return values


def compared(first: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The other's figures beside the first's.

    The mean IoU of each network counts the classes that it answers by mistake, and of a network
    with other classes also those that it cannot answer. Two such means are of different classes, so
    their difference says nothing: here both are over the same classes.

    Returns:
        The other's figures, with "same_classes": the classes of the truth that both can answer,
        and the two values of each mean over them; and "difference": the first less the other, for
        every headline and class, None where either has no figure.
    """
    lacking = set(first.get("cannot_answer", ())) | set(other.get("cannot_answer", ()))
    classes = [name for name, pixels in first["pixels"].items() if pixels and name not in lacking]
    means = {
        mean: _means_of_both(first[by_class], other[by_class], classes)
        for mean, by_class in MEANS.items()
    }
    gaps = {
        **{name: _less(*means.get(name, (first[name], other[name]))) for name in COMPARED},
        **{
            name: {key: _less(value, other[name].get(key)) for key, value in first[name].items()}
            for name in COMPARED_BY_CLASS
        },
    }
    return {**other, "same_classes": {"classes": classes, **means}, "difference": gaps}


def with_same_means(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of each network; of two to compare, with means over the same classes."""
    if "compare" not in evaluation:
        return [evaluation]
    other = evaluation["compare"]
    means = {name: other["same_classes"][name] for name in MEANS}
    return [
        {**each, **{name: both[index] for name, both in means.items()}}
        for index, each in enumerate((evaluation, other))
    ]


def _means_of_both(
    first: dict[str, Any], other: dict[str, Any], classes: list[str]
) -> tuple[float | None, float | None]:
    """Mean of each over those of the classes for which both have a figure."""
    pairs = [(first[name], other[name]) for name in classes]
    known = [pair for pair in pairs if None not in pair]
    if not known:
        return None, None
    a, b = (float(np.mean(values)) for values in zip(*known, strict=True))
    return a, b


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _of_network(weights: str, predictor: Predictor, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "weights": weights,
        "model": _model(weights, predictor),
        **_not_answered(predictor),
        **evaluation.figures(),
        **curves(evaluation.uncertainty),
    }


def _model(weights: str, predictor: Predictor) -> dict[str, Any]:
    """The file, its metadata, and the engine that ran it."""
    path, info, engine = find_weights(weights), predictor.info, predictor.engine
    made_of = (
        {"made_of_sha256": engine.exported.weights_sha256}
        if isinstance(engine, ExportedEngine)
        else {}
    )
    maps = (
        {"label_map": map_facts(predictor.label_map)}
        if isinstance(predictor, MappedPredictor)
        else {}
    )
    return {
        "file": Path(path).name,
        "sha256": file_sha256(path),
        **made_of,
        **maps,
        "network": info.network,
        "network_settings": dict(info.network_settings),
        "input_size": list(info.input_size),
        "activation": info.activation,
        "temperatures": dict(info.temperatures),
        "bounds": write_bounds(info.bounds),
        "license": info.license,
        "engine": engine.name,
        "device": _device(predictor.device),
        "precision": predictor.precision,
        "training": dict(info.training),
        "metrics": dict(info.metrics),
    }


def _not_answered(predictor: Predictor) -> dict[str, list[str]]:
    """Classes that the network cannot answer, as its own are others; empty where it can all."""
    if not isinstance(predictor, MappedPredictor) or predictor.label_map.reached.all():
        return {}
    pairs = zip(predictor.info.labels.names, predictor.label_map.reached, strict=True)
    return {"cannot_answer": [name for name, reached in pairs if not reached]}


def map_facts(label_map: LabelMap) -> dict[str, Any]:
    """A map between label sets, as plain values."""
    return {
        "source": label_map.source.name,
        "target": label_map.target.name,
        "origin": label_map.origin,
        "classes": dict(label_map.classes),
    }


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"{device}, {torch.get_num_threads()} threads"


def curves(uncertainty: UncertaintyQuality) -> dict[str, Any]:
    """Accuracy by confidence, of the bins that have pixels, and of the surest pixels."""
    bins = uncertainty.reliability
    seen = bins.count > 0
    return {
        "reliability": {
            "bin": ((np.flatnonzero(seen) + 0.5) / CONFIDENCE_BINS).tolist(),
            "confidence": (bins.confidence[seen] / bins.count[seen]).tolist(),
            "accuracy": (bins.right[seen] / bins.count[seen]).tolist(),
            "pixels": bins.count[seen].tolist(),
        },
        "surest": {
            "share": SHARES.tolist(),
            **{
                name: [nan_to_none(each.accuracy_of_most_certain(share)) for share in SHARES]
                for name, each in uncertainty.detectors.items()
            },
        },
    }
