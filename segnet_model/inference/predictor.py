"""Predictor: from a weights file and images to segmentations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakMethod

import numpy as np
import torch
from torch import Tensor

from segnet_model.base.choices import REFINEMENTS, UNCERTAINTIES
from segnet_model.base.errors import AnswerError, DeviceMemoryError, SettingsError
from segnet_model.engines import Engine, open_engine
from segnet_model.engines.capabilities import warn_once
from segnet_model.engines.cuda_graph import GraphedFunction
from segnet_model.inference.heap import Heap
from segnet_model.inference.monte_carlo import MonteCarlo
from segnet_model.inference.prediction import Capture, Prediction, separate_cameras
from segnet_model.inference.segmentation import Segmentation, to_maps
from segnet_model.inference.uncertainty import SinglePass, make_inference
from segnet_model.labels import LabelSet
from segnet_model.networks.inputs import check_images, network_size, resize_image
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
        self._inference = make_inference(engine, uncertainty, samples, seed)
        if refine != "none" and engine.info.answers_ids:
            raise SettingsError(
                f"refine {refine!r} needs probabilities, and {engine.info.network} answers ids "
                "alone; choose refine 'none'"
            )
        self._refine: Callable[[Prediction, Tensor], Prediction] = REFINEMENTS.find(refine)()
        self._heap = Heap()
        self._graphs: GraphedFunction | None = None
        if self.device.type == "cuda" and isinstance(self._inference, SinglePass):
            # Weakly: a cycle would keep the GPU's memory until the next garbage collection.
            kernels = WeakMethod(self._kernels)
            self._graphs = GraphedFunction(lambda *args: _alive(kernels)(*args), self.device)

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
            uncertainty: "none" runs one pass; "mc" runs `samples` passes with dropout; "temporal"
                runs one pass a frame with dropout and averages over the frames of a video.
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
    def device(self) -> torch.device:
        """Device of the network."""
        return self.engine.device

    @property
    def precision(self) -> str:
        """Precision of most of the arithmetic, e.g. "bfloat16" or "int8"."""
        return self.engine.precision

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
        self._inference.reset()

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
        if not isinstance(self._inference, MonteCarlo):
            raise SettingsError("a curve over samples needs uncertainty 'mc'")
        small, size = self._resize([image]), (image.shape[0], image.shape[1])
        with torch.inference_mode():
            for count, prediction in self._inference.predict_after(small, counts):
                maps = to_maps(self._refine(prediction, small), size)
                yield count, Segmentation.from_maps(maps)[0]

    def predict_unscaled(self, images: np.ndarray, stamp: float | None = None) -> Prediction:
        """Predict at the network's own resolution.

        Args:
            images: (N, H, W, 3) uint8 RGB.
            stamp: as for `predict`.

        Returns:
            Maps (N, ..., h, w) on the predictor's device, h and w from `network_size`.
        """
        with torch.inference_mode():
            return self._predict(self._resize(list(images)), separate_cameras(len(images), stamp))

    def _segment(self, images: list[np.ndarray], captures: Sequence[Capture]) -> Segmentation:
        """Segment images of one size: maps (N, H, W)."""
        with torch.inference_mode():
            found = self._run_again_where_memory_is_short(images, captures)
        if not (self.info.answers_ids or np.isfinite(found.confidence).all()):
            raise AnswerError("the network's answer is not finite; are the weights damaged?")
        return found

    def _run_again_where_memory_is_short(self, *frames: Any) -> Segmentation:
        with suppress(torch.cuda.OutOfMemoryError):
            return self._run(*frames)
        self._inference.reduce_memory()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            return self._run(*frames)
        except torch.cuda.OutOfMemoryError as error:
            raise DeviceMemoryError(
                f"the GPU has too little memory ({str(error).splitlines()[0]}); free some, or "
                "choose a smaller network or smaller images"
            ) from None

    def _run(self, images: list[np.ndarray], captures: Sequence[Capture]) -> Segmentation:
        size = images[0].shape[0], images[0].shape[1]
        self._heap.expect(size)  # without their number, which changes with several cameras
        small = self._resize(images)
        if self._graphs is not None:
            labels, confidence, uncertainty, *places = self._graphs(small, size)
            maps = [labels, confidence, uncertainty, None, None, *places]
            return Segmentation.from_maps(maps)
        return Segmentation.from_maps(to_maps(self._predict(small, captures), size))

    def _resize(self, images: list[np.ndarray]) -> Tensor:
        """Resize images of one size for the network: (N, h, w, 3) uint8 on the CPU."""
        shape = images[0].shape[0], images[0].shape[1]
        size = self.engine.size or network_size(shape, self.info.input_size)
        if size == self.engine.size:
            adopted = "adopted" in self.info.training
            how = "segnet adopt MODEL" if adopted else "segnet export WEIGHTS"
            _check_proportions(shape, size, how)
        return torch.from_numpy(np.stack([resize_image(image, size) for image in images]))

    def _predict(self, small: Tensor, captures: Sequence[Capture] = ()) -> Prediction:
        found = self._inference(small, captures)
        # The engine's classes: those of a mapped predictor are others. Each time, because a
        # network of somebody else may change its channels.
        channels, classes = found.probabilities.shape[1], self.engine.info.labels.num_classes
        if channels != classes:
            raise AnswerError(
                f"the network {self.info.network} answers {channels} channels for {classes} "
                "classes; it must always give as many as the weights' label set has"
            )
        return self._refine(found, small)

    def _kernels(self, small: Tensor, size: tuple[int, int]) -> list[Tensor]:
        """The maps of one pass that there are, from images that are already on the GPU."""
        return [each for each in to_maps(self._predict(small), size) if each is not None]


def _alive(method: WeakMethod[Any]) -> Any:
    found = method()
    assert found is not None
    return found


def _check_proportions(image: tuple[int, int], size: tuple[int, int], command: str) -> None:
    """Warn once that an export of a fixed size distorts the images of this camera.

    Args:
        image: (height, width) of the camera's images.
        size: (height, width) of the export's.
        command: that makes another export.
    """
    stretch = (image[0] / image[1]) / (size[0] / size[1])
    if not 0.9 < stretch < 1.1:
        height, width = network_size(image, size)
        warn_once(
            f"images of {image[0]}x{image[1]} are squeezed to the export's {size[0]}x{size[1]}; "
            f"one that fits: {command} --size {height}x{width}"
        )
