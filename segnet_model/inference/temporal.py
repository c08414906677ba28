"""Bayesian uncertainty for a video with one pass a frame.

Instead of many passes for one frame, each frame gets one, and an average over the last frames
follows each pixel by optical flow: Huang, Hsu, Chiu and Sun, "Efficient Uncertainty Estimation for
Semantic Segmentation in Videos", ECCV 2018, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

from segnet_model.base.errors import AnswerError
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.dropout import (
    mask_generator,
    place_scores_of,
    replace_dropouts,
    use_generators,
)
from segnet_model.inference.prediction import (
    Capture,
    Inference,
    Prediction,
    entropy,
    separate_cameras,
)
from segnet_model.networks.outputs import probabilities

NEWEST_WEIGHT = 0.3  # of the newest frame once there are several
MAX_GAP = 1.0  # seconds; frames further apart, or back in time, start a new average
MAX_MOTION = 0.12  # mean change of a thumbnail's brightness, 0 to 1; only a cut makes more
THUMBNAIL = (12, 16)  # pixels
FULL_CHANGE = 64.0  # change of brightness, of 255, from which on a pixel's past does not count
MIN_FLOW_SIDE = 32  # pixels; optical flow finds nothing in smaller images


class TemporalAverage(Inference):
    """Inference by one pass with dropout a frame, averaged over the frames of each camera.

    The first frames have equal weights, so that there is no slow start; then the newest has
    `newest_weight` and older ones fade. A cut, a jump in time or another image size starts a new
    average. The same frames and seed give the same predictions, whatever other cameras there are.
    """

    def __init__(
        self, engine: TorchEngine, seed: int = 0, newest_weight: float = NEWEST_WEIGHT
    ) -> None:
        """Take over an engine and replace its dropouts; SettingsError where it has none.

        Args:
            engine: runs the network.
            seed: of the masks, 0 or more.
            newest_weight: weight of the newest frame, above 0 up to 1.
        """
        self._engine, self._seed, self._newest_weight = engine, seed, newest_weight
        self._dropouts = replace_dropouts(engine.network)
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._cameras: dict[str, CameraState] = {}

    def __call__(self, images: Tensor, captures: Sequence[Capture] = ()) -> Prediction:
        """See `Inference`."""
        captures = captures or separate_cameras(len(images))
        grays = images[..., 1].contiguous()  # green is most of the brightness
        before = [self._previous(*each) for each in zip(captures, grays, strict=True)]
        numbers = [state.frames if state else 0 for state in before]
        generators = [mask_generator(self._seed, n, self._engine.device) for n in numbers]
        with use_generators(self._dropouts, generators):
            raw = self._engine.network(self._engine.prepare(images))
        found = probabilities(self._engine.read(raw), self._engine.info.temperature("mc"))
        if not torch.isfinite(found).all():  # it must not stay in the average
            raise AnswerError("the network's answer is not finite; are the weights damaged?")
        averages = [
            self._average(*each)
            for each in zip(_moments(found).split(1), grays, before, strict=True)
        ]
        for capture, gray, number, average in zip(captures, grays, numbers, averages, strict=True):
            if (name := capture.camera) is not None:
                self._cameras[name] = CameraState(number + 1, gray, capture.stamp, average)
        average = torch.cat(averages)
        mean, squares = average[:, :-2], average[:, -2]
        variance = (squares - mean.square().sum(1)).clamp_min(0) / mean.shape[1]
        return Prediction(
            mean.clone(),
            average[:, -1].clone(),
            variance,
            place_scores=place_scores_of(self._engine),
        )

    def _previous(self, capture: Capture, gray: Tensor) -> CameraState | None:
        """The state of a camera, if this frame continues it."""
        state = None if capture.camera is None else self._cameras.get(capture.camera)
        return state if state and state.continues(gray, capture.stamp) else None

    def _average(self, new: Tensor, gray: Tensor, before: CameraState | None) -> Tensor:
        """Average the moments (1, C + 2, h, w) of a frame with those of the frames before."""
        if before is None:
            return new
        flow = _optical_flow(gray, before.gray).to(new.device)
        warped = _warp(before.average, flow)
        expected = _warp(before.gray[None, None].float().to(new.device), flow)
        # Where the brightness is not as the flow predicts, something new is in view.
        change = (gray[None, None].to(new.device) - expected).abs() / FULL_CHANGE
        weight = change.clamp(max(self._newest_weight, 1 / (before.frames + 1)), 1)
        return warped.lerp_(new, weight)


@dataclass(frozen=True)
class CameraState:
    """The average over a camera's frames, and the newest of them."""

    frames: int  # that were averaged
    gray: Tensor  # (h, w) uint8, the newest frame's brightness
    stamp: float | None  # seconds
    average: Tensor  # (1, C + 2, h, w) float32, see `_moments`

    def continues(self, gray: Tensor, stamp: float | None) -> bool:
        """Whether a frame comes next in the same scene."""
        if self.gray.shape != gray.shape:
            return False
        if stamp is not None and self.stamp is not None and not 0 <= stamp - self.stamp <= MAX_GAP:
            return False
        return bool((_thumbnail(gray) - _thumbnail(self.gray)).abs().mean() < MAX_MOTION)


def _moments(found: Tensor) -> Tensor:
    """Values that are averaged for each pixel: probabilities, sum of their squares, entropy."""
    squares = found.square().sum(1, keepdim=True)
    return torch.cat([found, squares, entropy(found)[:, None]], 1)


def _thumbnail(gray: Tensor) -> Tensor:
    """Brightness, 0 to 1, of (h, w) uint8 on a coarse grid."""
    return F.adaptive_avg_pool2d(gray[None, ::2, ::2].float().div(255), THUMBNAIL)


def _optical_flow(now: Tensor, before: Tensor) -> Tensor:
    """Shift of each pixel of (h, w) uint8 to its place before: (1, h, w, 2) float32, x and y."""
    if min(now.shape) < MIN_FLOW_SIDE:
        return torch.zeros(1, *now.shape, 2)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow = search.calc(now.numpy(), before.numpy(), None)  # type: ignore[call-overload]
    return torch.from_numpy(flow)[None]


def _warp(maps: Tensor, flow: Tensor) -> Tensor:
    """Sample maps (N, C, h, w) bilinearly where the flow (N, h, w, 2), in pixels, points."""
    height, width = maps.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(height, device=maps.device), torch.arange(width, device=maps.device),
        indexing="ij",
    )  # fmt: skip
    grid = torch.stack(
        [
            (2 * (x + flow[..., 0]) + 1) / width - 1,
            (2 * (y + flow[..., 1]) + 1) / height - 1,
        ],
        -1,
    )
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)
