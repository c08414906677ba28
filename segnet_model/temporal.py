"""Bayesian uncertainty for a video at the price of one pass a frame.

Instead of asking many times about one frame, ask once about each and average over the last ones,
following each pixel by optical flow: Huang, Hsu, Chiu and Sun, "Efficient Uncertainty Estimation
for Semantic Segmentation in Videos", ECCV 2018, section 3.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.errors import ImageError
from segnet_model.outputs import probabilities
from segnet_model.sampling import drawing, sample_dropouts, sample_generator
from segnet_model.uncertainty import Belief, entropy

FORGET = 0.3  # the weight of the newest frame once there are several
MAX_GAP = 1.0  # seconds; frames further apart, or back in time, begin anew
CUT = 0.12  # mean change of brightness, 0 to 1, of a thumbnail, that no motion makes
THUMBNAIL = (12, 16)  # pixels
NEW = 64.0  # change of brightness, of 255, after which nothing of the past is kept
LEAST_FLOW = 32  # pixels; flow in smaller images finds nothing


class Temporal:
    """Asks a network once a frame, with dropout, and averages over the frames.

    The mean over the first frames is a plain one, so that there is no slow start; then the newest
    has the weight `forget` and older ones fade. A cut, a jump in time or another image size
    begins anew. The same frames and seed give the same beliefs.
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
        self._frames = 0
        self._grey = torch.zeros(0)
        self._stamp: float | None = None
        self._state = torch.zeros(0)

    def __call__(self, images: Tensor, stamp: float | None = None) -> Belief:
        """See `Inference`; the images of a batch are different cameras, not different times."""
        grey = images[..., 1].contiguous()  # green is most of the brightness
        if not self._goes_on(grey, stamp):
            self.reset()
        generators = [
            sample_generator(self._seed, self._frames * len(images) + index, self._engine.device)
            for index in range(len(images))
        ]
        with drawing(self._dropouts, generators):
            raw = self._engine.network(self._engine.prepare(images))
        found = probabilities(self._engine.read(raw), self._engine.info.temperature("mc"))
        if not torch.isfinite(found).all():  # it must not stay in the average
            raise ImageError("the network's answer is not finite; are the weights damaged?")
        self._average(found, grey)
        self._grey, self._stamp = grey, stamp
        mean, spread = self._state[:, :-2], self._state[:, -2]
        variance = (spread - mean.square().sum(1)).clamp_min(0) / mean.shape[1]
        return Belief(mean.clone(), self._state[:, -1].clone(), variance)

    def spare_memory(self) -> bool:
        """See `Inference`."""
        return False

    def _average(self, found: Tensor, grey: Tensor) -> None:
        """Mix what is kept of each pixel: probabilities, the sum of their squares, entropy."""
        spread = found.square().sum(1, keepdim=True)
        new = torch.cat([found, spread, entropy(found)[:, None]], 1)
        self._frames += 1
        if self._frames == 1:
            self._state = new
            return
        flow = _flow(grey, self._grey).to(new.device)
        moved = _moved(self._state, flow)
        before = _moved(self._grey[:, None].float().to(new.device), flow)
        # What looks otherwise than what it is said to have been is new here.
        change = (grey[:, None].to(new.device) - before).abs() / NEW
        weight = change.clamp(max(self._forget, 1 / self._frames), 1)
        self._state = moved.lerp_(new, weight)

    def _goes_on(self, grey: Tensor, stamp: float | None) -> bool:
        if self._grey.shape != grey.shape or not _follows(stamp, self._stamp):
            return False
        change = (_thumbnail(grey) - _thumbnail(self._grey)).abs().mean(dim=(1, 2, 3))
        return bool((change < CUT).all())


def _follows(now: float | None, before: float | None) -> bool:
    return now is None or before is None or 0 <= now - before <= MAX_GAP


def _thumbnail(grey: Tensor) -> Tensor:
    """Brightness, 0 to 1, of (N, h, w) uint8 on a coarse grid."""
    return F.adaptive_avg_pool2d(grey[:, None, ::2, ::2].float().div(255), THUMBNAIL)


def _flow(now: Tensor, before: Tensor) -> Tensor:
    """Where each pixel of (N, h, w) uint8 was before: (N, h, w, 2) float32, x and y in pixels."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    if min(now.shape[1:]) < LEAST_FLOW:
        return torch.zeros(*now.shape, 2)
    pairs = zip(now.numpy(), before.numpy(), strict=True)
    flows = [search.calc(a, b, None) for a, b in pairs]  # type: ignore[call-overload]
    return torch.from_numpy(np.stack(flows))


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
