"""Images of one size through the network: resized, predicted, refined, and back to maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

import numpy as np

from segnet_model.base.choices import REFINEMENTS
from segnet_model.base.errors import AnswerError, DeviceMemoryError, SettingsError
from segnet_model.engines import Engine
from segnet_model.engines.capabilities import warn_once
from segnet_model.inference.exported import ExportReader
from segnet_model.inference.heap import Heap
from segnet_model.inference.prediction import Capture, Inference, Prediction
from segnet_model.inference.segmentation import Segmentation, to_maps
from segnet_model.inference.uncertainty import SinglePass
from segnet_model.networks.inputs import network_size, resize_image

if TYPE_CHECKING:  # an export runs without PyTorch
    from torch import Tensor

    from segnet_model.engines.cuda_graph import GraphedFunction


class Runner:
    """An engine with a method to estimate uncertainty and a refinement.

    Attributes:
        inference: the method.
    """

    def __init__(self, engine: Engine, inference: Inference, refine: str) -> None:
        """Take over an engine.

        Args:
            engine: runs the network.
            inference: the method to estimate uncertainty.
            refine: see `Predictor.load`.

        Raises:
            SettingsError: no such refinement, or the network has no probabilities to refine.
        """
        self._engine, self.inference = engine, inference
        if refine != "none" and engine.info.answers_ids:
            raise SettingsError(
                f"refine {refine!r} needs probabilities, and {engine.info.network} answers ids "
                "alone; choose refine 'none'"
            )
        self._refine: Callable[[Prediction, Tensor], Prediction] = REFINEMENTS.find(refine)()
        self._heap = Heap()
        self._reader = ExportReader.of(engine, inference, refine)
        self._graphs: GraphedFunction | None = None
        if engine.device.type == "cuda" and isinstance(inference, SinglePass):
            from segnet_model.engines.cuda_graph import GraphedFunction

            # Weakly: a cycle would keep the GPU's memory until the next garbage collection.
            kernels = WeakMethod(self._kernels)
            self._graphs = GraphedFunction(lambda *args: _alive(kernels)(*args), engine.device)

    def segment(self, images: list[np.ndarray], captures: Sequence[Capture]) -> Segmentation:
        """Segment images of one size, (H, W, 3) uint8 RGB each: maps (N, H, W).

        Raises:
            AnswerError, DeviceMemoryError: as `Predictor.predict`.
        """
        size = images[0].shape[0], images[0].shape[1]
        self._heap.expect(size)  # without their number, which changes with several cameras
        if self._reader is not None:
            found = self._reader(self._resized(images), size)
        else:
            found = self._run_again_where_memory_is_short(images, captures, size)
        if not (self._engine.info.answers_ids or np.isfinite(found.confidence).all()):
            raise AnswerError("the network's answer is not finite; are the weights damaged?")
        return found

    def predict(self, images: list[np.ndarray], captures: Sequence[Capture]) -> Prediction:
        """Predict at the network's own resolution: maps (N, ..., h, w) on the engine's device."""
        import torch

        with torch.inference_mode():
            return self._predict(self._resize(images), captures)

    def segment_after(
        self, image: np.ndarray, counts: Sequence[int]
    ) -> Iterator[tuple[int, Segmentation]]:
        """See `Predictor.predict_by_samples`."""
        import torch

        from segnet_model.inference.monte_carlo import MonteCarlo

        if not isinstance(self.inference, MonteCarlo):
            raise SettingsError("a curve over samples needs uncertainty 'mc'")
        small, size = self._resize([image]), (image.shape[0], image.shape[1])
        with torch.inference_mode():
            for count, prediction in self.inference.predict_after(small, counts):
                maps = to_maps(self._refine(prediction, small), size)
                yield count, Segmentation.from_maps(maps)[0]

    def _run_again_where_memory_is_short(self, *frames: Any) -> Segmentation:
        import torch

        with suppress(torch.cuda.OutOfMemoryError), torch.inference_mode():
            return self._run(*frames)
        self.inference.reduce_memory()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            with torch.inference_mode():
                return self._run(*frames)
        except torch.cuda.OutOfMemoryError as error:
            raise DeviceMemoryError(
                f"the GPU has too little memory ({str(error).splitlines()[0]}); free some, or "
                "choose a smaller network or smaller images"
            ) from None

    def _run(
        self, images: list[np.ndarray], captures: Sequence[Capture], size: tuple[int, int]
    ) -> Segmentation:
        small = self._resize(images)
        if self._graphs is not None:
            labels, confidence, uncertainty, *places = self._graphs(small, size)
            maps = [labels, confidence, uncertainty, None, None, *places]
            return Segmentation.from_maps(maps)
        return Segmentation.from_maps(to_maps(self._predict(small, captures), size))

    def _resize(self, images: list[np.ndarray]) -> Tensor:
        """As `_resized`, a tensor on the CPU."""
        import torch

        return torch.from_numpy(self._resized(images))

    def _resized(self, images: list[np.ndarray]) -> np.ndarray:
        """Resize images of one size for the network: (N, h, w, 3) uint8."""
        shape = images[0].shape[0], images[0].shape[1]
        size = self._engine.size or network_size(shape, self._engine.info.input_size)
        if size == self._engine.size:
            adopted = "adopted" in self._engine.info.training
            how = "segnet adopt MODEL" if adopted else "segnet export WEIGHTS"
            _check_proportions(shape, size, how)
        return np.stack([resize_image(image, size) for image in images])

    def _predict(self, small: Tensor, captures: Sequence[Capture] = ()) -> Prediction:
        found = self.inference(small, captures)
        # Each time, because a network of somebody else may change its channels.
        info = self._engine.info
        channels, classes = found.probabilities.shape[1], info.labels.num_classes
        if channels != classes:
            raise AnswerError(
                f"the network {info.network} answers {channels} channels for {classes} "
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
