"""Bayesian uncertainty for a video at the price of one pass a frame.

Instead of asking many times about one frame, ask once about each and average over the last ones,
as in Huang et al., "Efficient Uncertainty Estimation for Semantic Segmentation in Videos", ECCV
2018, without their optical flow: a robot's camera sees nearly the same from frame to frame.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.errors import ImageError
from segnet_model.sampling import drawing, sample_dropouts, sample_generator
from segnet_model.uncertainty import Belief, entropy

FORGET = 0.25  # the weight of the newest frame once there are several
MAX_GAP = 1.0  # seconds; frames further apart, or back in time, begin anew
CUT = 0.12  # mean change of brightness, 0 to 1, of a thumbnail, that no motion makes
THUMBNAIL = (12, 16)  # pixels


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
        self._shape, self._thumbnail = torch.Size(), torch.zeros(())
        self._stamp: float | None = None
        self._mean = self._square = self._entropy = torch.zeros(())

    def __call__(self, images: Tensor, stamp: float | None = None) -> Belief:
        """See `Inference`; the images of a batch are different cameras, not different times."""
        thumbnail = _thumbnail(images)
        if self._shape != images.shape or not self._goes_on(thumbnail, stamp):
            self.reset()
        generators = [
            sample_generator(self._seed, self._frames * len(images) + index, self._engine.device)
            for index in range(len(images))
        ]
        with drawing(self._dropouts, generators):
            raw = self._engine.network(self._engine.prepare(images))
        probabilities = self._engine.read(raw).softmax(1)
        if not torch.isfinite(probabilities).all():  # it must not stay in the average
            raise ImageError("the network's answer is not finite; are the weights damaged?")
        self._average(probabilities)
        self._shape, self._thumbnail, self._stamp = images.shape, thumbnail, stamp
        variance = (self._square - self._mean.square()).clamp_min(0).mean(1)
        return Belief(self._mean.clone(), self._entropy.clone(), variance)

    def spare_memory(self) -> bool:
        """See `Inference`."""
        return False

    def _average(self, probabilities: Tensor) -> None:
        self._frames += 1
        weight = max(self._forget, 1 / self._frames)
        if self._frames == 1:
            self._mean, self._square = probabilities, probabilities.square()
            self._entropy = entropy(probabilities)
            return
        self._entropy.lerp_(entropy(probabilities), weight)
        self._mean.lerp_(probabilities, weight)
        self._square.lerp_(probabilities.square_(), weight)

    def _goes_on(self, thumbnail: Tensor, stamp: float | None) -> bool:
        change = (thumbnail - self._thumbnail).abs().mean(dim=(1, 2, 3))
        return _follows(stamp, self._stamp) and bool((change < CUT).all())


def _follows(now: float | None, before: float | None) -> bool:
    return now is None or before is None or 0 <= now - before <= MAX_GAP


def _thumbnail(images: Tensor) -> Tensor:
    """Brightness, 0 to 1, of (N, h, w, 3) uint8 on a coarse grid."""
    grey = images[:, ::2, ::2, 1].float().div(255)[:, None]  # green is most of it
    return F.adaptive_avg_pool2d(grey, THUMBNAIL)
