"""Bayesian uncertainty for a video at the price of one pass a frame.

Instead of asking many times about one frame, ask once about each and average over the last ones,
following each pixel by optical flow: Huang, Hsu, Chiu and Sun, "Efficient Uncertainty Estimation
for Semantic Segmentation in Videos", ECCV 2018, section 3.
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
from segnet_model.inference.belief import Belief, entropy
from segnet_model.inference.dropout import drawing, sample_dropouts, sample_generator
from segnet_model.inference.shots import Shot, shots_of
from segnet_model.networks.outputs import probabilities

FORGET = 0.3  # the weight of the newest frame once there are several
MAX_GAP = 1.0  # seconds; frames further apart, or back in time, begin anew
CUT = 0.12  # mean change of brightness, 0 to 1, of a thumbnail, that no motion makes
THUMBNAIL = (12, 16)  # pixels
NEW = 64.0  # change of brightness, of 255, after which nothing of the past is kept
LEAST_FLOW = 32  # pixels; flow in smaller images finds nothing


class Temporal:
    """Asks a network once a frame, with dropout, and averages over the frames of each stream.

    The mean over the first frames is a plain one, so that there is no slow start; then the newest
    has the weight `forget` and older ones fade. A cut, a jump in time or another image size
    begins anew. The same frames and seed give the same beliefs, whatever other streams there are.
    """

    def __init__(self, engine: TorchEngine, seed: int = 0, forget: float = FORGET) -> None:
        """Take over an engine, whose dropouts are changed in place.

        Args:
            engine: runs the network.
            seed: of the masks, 0 or more.
            forget: weight of the newest frame, above 0 up to 1.

        Raises:
            SettingsError: the network has no dropout.
        """
        self._engine, self._seed, self._forget = engine, seed, forget
        self._dropouts = sample_dropouts(engine.network)
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._streams: dict[str, Memory] = {}

    def __call__(self, images: Tensor, shots: Sequence[Shot] = ()) -> Belief:
        """See `Inference`."""
        shots = shots or shots_of(len(images))
        greys = images[..., 1].contiguous()  # green is most of the brightness
        before = [self._remembered(shot, grey) for shot, grey in zip(shots, greys, strict=True)]
        numbers = [memory.frames if memory else 0 for memory in before]
        generators = [sample_generator(self._seed, n, self._engine.device) for n in numbers]
        with drawing(self._dropouts, generators):
            raw = self._engine.network(self._engine.prepare(images))
        found = probabilities(self._engine.read(raw), self._engine.info.temperature("mc"))
        if not torch.isfinite(found).all():  # it must not stay in the average
            raise AnswerError("the network's answer is not finite; are the weights damaged?")
        states = [
            self._average(each, grey, memory)
            for each, grey, memory in zip(_measures(found).split(1), greys, before, strict=True)
        ]
        for shot, grey, number, state in zip(shots, greys, numbers, states, strict=True):
            self._streams[shot.stream] = Memory(number + 1, grey, shot.stamp, state)
        state = torch.cat(states)
        mean, spread = state[:, :-2], state[:, -2]
        variance = (spread - mean.square().sum(1)).clamp_min(0) / mean.shape[1]
        return Belief(mean.clone(), state[:, -1].clone(), variance)

    def spare_memory(self) -> bool:
        """See `Inference`."""
        return False

    def _remembered(self, shot: Shot, grey: Tensor) -> Memory | None:
        """What is known of a stream, if this frame goes on from there."""
        memory = self._streams.get(shot.stream)
        if memory is None or not memory.goes_on(grey, shot.stamp):
            return None
        return memory

    def _average(self, new: Tensor, grey: Tensor, before: Memory | None) -> Tensor:
        """Mix what is known of each pixel (1, C + 2, h, w) with what was known of it before."""
        if before is None:
            return new
        flow = _flow(grey, before.grey).to(new.device)
        moved = _moved(before.state, flow)
        then = _moved(before.grey[None, None].float().to(new.device), flow)
        # What looks otherwise than what it is said to have been is new here.
        change = (grey[None, None].to(new.device) - then).abs() / NEW
        weight = change.clamp(max(self._forget, 1 / (before.frames + 1)), 1)
        return moved.lerp_(new, weight)


@dataclass(frozen=True)
class Memory:
    """What is kept of a stream after a frame."""

    frames: int  # that were averaged
    grey: Tensor  # (h, w) uint8, the frame's brightness
    stamp: float | None  # seconds
    state: Tensor  # (1, C + 2, h, w) float32, see `_measures`

    def goes_on(self, grey: Tensor, stamp: float | None) -> bool:
        """Whether a frame is the next of the same scene."""
        if self.grey.shape != grey.shape or not _follows(stamp, self.stamp):
            return False
        return bool((_thumbnail(grey) - _thumbnail(self.grey)).abs().mean() < CUT)


def _measures(found: Tensor) -> Tensor:
    """What is averaged of each pixel: probabilities, the sum of their squares, and entropy."""
    spread = found.square().sum(1, keepdim=True)
    return torch.cat([found, spread, entropy(found)[:, None]], 1)


def _follows(now: float | None, before: float | None) -> bool:
    return now is None or before is None or 0 <= now - before <= MAX_GAP


def _thumbnail(grey: Tensor) -> Tensor:
    """Brightness, 0 to 1, of (h, w) uint8 on a coarse grid."""
    return F.adaptive_avg_pool2d(grey[None, ::2, ::2].float().div(255), THUMBNAIL)


def _flow(now: Tensor, before: Tensor) -> Tensor:
    """Where each pixel of (h, w) uint8 was before: (1, h, w, 2) float32, x and y in pixels."""
    if min(now.shape) < LEAST_FLOW:
        return torch.zeros(1, *now.shape, 2)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow = search.calc(now.numpy(), before.numpy(), None)  # type: ignore[call-overload]
    return torch.from_numpy(flow)[None]


def _moved(maps: Tensor, flow: Tensor) -> Tensor:
    """Take maps (N, C, h, w) from where the flow (N, h, w, 2) points, between pixels bilinearly."""
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
