"""Predictor: from a weights file and images to segmentations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.engines import Engine, open_engine
from segnet_model.inference.prediction import Capture, Prediction, separate_cameras
from segnet_model.inference.runner import Runner
from segnet_model.inference.segmentation import Segmentation
from segnet_model.inference.uncertainty import make_inference
from segnet_model.labels import LabelSet
from segnet_model.networks.inputs import check_images
from segnet_model.weights.bounds import Bound, max_uncertainty
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights


class Predictor:
    """A network with its engine, ready for images.

    Attributes:
        engine: runs the network.
        info: metadata of the weights file.
        uncertainty: the method, one of `UNCERTAINTIES`.
    """

    def __init__(
        self,
        engine: Engine,
        uncertainty: str = "none",
        samples: int = 20,
        seed: int = 0,
        refine: str = "none",
    ) -> None:
        """Take over an engine; see `load` for the other arguments."""
        self.engine = engine
        self.info: ModelInfo = engine.info
        self.uncertainty = uncertainty
        self._runner = Runner(engine, make_inference(engine, uncertainty, samples, seed), refine)

    @classmethod
    def load(
        cls,
        path: str | Path,
        device: str = "auto",
        precision: str = "auto",
        engine: str = "auto",
        *,
        uncertainty: str = "none",
        samples: int = 20,
        seed: int = 0,
        refine: str = "none",
        trusted: Collection[str] = (),
    ) -> Predictor:
        """Open a weights file or an export of one, and run the network once.

        Args:
            path: `.safetensors`, `.xml` (OpenVINO) or `.onnx`, or the name of shipped weights.
            device: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:1".
            precision: "auto" (the fastest that the device is made for), "float32", "bfloat16" or
                "float16".
            engine: "auto" (the fastest that is installed and right), "torch", "openvino", "onnx".
            uncertainty: "none" runs one pass; "features" runs one and compares its features with
                those of calibration; "mc" runs `samples` passes with dropout; "temporal" runs one
                pass a frame with dropout and averages over the frames of a video.
            samples: of "mc".
            seed: of the dropout masks.
            refine: "none", or "crf" for a dense CRF that fits the labels to the image's edges.
            trusted: names of networks outside this package that may be imported,
                "package.module:factory".

        Raises:
            WeightsError: the file is not usable weights.
            SettingsError: no such device, precision, engine and so on, or not together.
            ImageError: the network's answer is not finite.

        Example:
            >>> predictor = Predictor.load("segnet_basic_drives", device="cpu", engine="torch")
            >>> predictor.info.labels.name, predictor.info.input_size
            ('camvid', (288, 384))
        """
        opened = open_engine(
            find_weights(path), engine, device, precision, trusted,
            needs_dropout=UNCERTAINTIES.find(uncertainty).needs_dropout,
        )  # fmt: skip
        predictor = cls(opened, uncertainty, samples, seed, refine)
        predictor.warm_up()
        return predictor

    @property
    def device(self) -> Any:
        """Device of the network: `Engine.device`."""
        return self.engine.device

    @property
    def precision(self) -> str:
        """Precision of most of the arithmetic, e.g. "bfloat16" or "int8"."""
        return self.engine.precision

    @property
    def averages(self) -> bool:
        """Whether an answer depends on earlier images of its camera."""
        return bool(UNCERTAINTIES.find(self.uncertainty).averages)

    @property
    def promise(self) -> Bound | None:
        """The weights' bound for this uncertainty method; None where they have none."""
        return self.info.bounds.get(self.uncertainty)

    @property
    def bound(self) -> float:
        """The weights' bound of the uncertainty of a drivable pixel; the usual one without."""
        return max_uncertainty(self.promise)

    def promise_of(self, labels: LabelSet) -> Bound | None:
        """The weights' bound for the drivable classes of a label set; None where they have none."""
        same = bool((labels.drivable == self.info.labels.drivable).all())
        return self.promise if same else None

    def warm_up(self) -> None:
        """Run once to choose algorithms and allocate memory, so that no frame waits for that."""
        height, width = self.engine.size or self.info.input_size
        self.predict(np.zeros((height, width, 3), np.uint8))
        self.forget()

    def forget(self) -> None:
        """Forget all frames, before those of another recording."""
        self._runner.inference.reset()

    def predict(self, images: np.ndarray, stamp: float | None = None) -> Segmentation:
        """Segment one image or several of the same size.

        Args:
            images: (H, W, 3) or (N, H, W, 3) uint8 RGB, any size.
            stamp: their time in seconds; "temporal" starts a new average where time jumps, and
                takes the images of a batch for those of N cameras.

        Returns:
            Arrays (H, W) or (N, H, W), at the images' own size.

        Raises:
            ImageError: the array is not such images, or the network's answer is not finite.
            DeviceMemoryError: the GPU has too little memory, also at the second try.

        Example:
            >>> from segnet_model.scenes import Drive
            >>> frame = Drive(seed=7).frame(0)
            >>> found = Predictor.load("segnet_basic_drives", "cpu").predict(frame.image)
            >>> found.labels.shape, found.uncertainty.shape
            ((360, 480), (360, 480))
            >>> bool((found.labels == frame.labels).mean() > 0.9)
            True
        """
        batch = images if images.ndim == 4 else images[None]
        check_images(batch)
        found = self._segment(list(batch), separate_cameras(len(batch), stamp))
        return found if images.ndim == 4 else found[0]

    def predict_each(
        self, images: Sequence[np.ndarray], captures: Sequence[Capture]
    ) -> list[Segmentation]:
        """Segment images of any sizes; those of the same size go through the network together.

        Args:
            images: each (H, W, 3) uint8 RGB.
            captures: camera and time of each.

        Returns:
            One for each image, at its own size.

        Raises:
            ImageError, DeviceMemoryError: as for `predict`, for any of them.
        """
        by_size: dict[tuple[int, ...], list[int]] = {}
        for index, image in enumerate(images):
            check_images(image[None])
            by_size.setdefault(image.shape, []).append(index)
        found: dict[int, Segmentation] = {}
        for group in by_size.values():
            together = self._segment([images[i] for i in group], [captures[i] for i in group])
            found |= {index: together[place] for place, index in enumerate(group)}
        return [found[index] for index in range(len(images))]

    def predict_by_samples(
        self, image: np.ndarray, counts: Sequence[int]
    ) -> Iterator[tuple[int, Segmentation]]:
        """Segmentations of an image after each of some rising numbers of samples.

        Args:
            image: (H, W, 3) uint8 RGB.
            counts: of samples, rising.

        Raises:
            SettingsError: this predictor was not loaded with uncertainty "mc".
        """
        return self._runner.segment_after(image, counts)

    def predict_unscaled(self, images: np.ndarray) -> Prediction:
        """Predict at the network's own resolution.

        Args:
            images: (N, H, W, 3) uint8 RGB, of as many cameras.

        Returns:
            Maps (N, ..., h, w) on the predictor's device, h and w from `network_size`.
        """
        return self._runner.predict(list(images), separate_cameras(len(images)))

    def _segment(self, images: list[np.ndarray], captures: Sequence[Capture]) -> Segmentation:
        """Segment images of one size: maps (N, H, W)."""
        return self._runner.segment(images, captures)
