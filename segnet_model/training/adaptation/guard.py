"""Guard: signs by which a network has become worse, without a label of the new place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from segnet_model.networks.inputs import MIN_SIDE, MULTIPLE, resize_maps
from segnet_model.networks.outputs import class_logits
from segnet_model.training.adaptation.teacher import Forward
from segnet_model.weights.model_info import ModelInfo

SURE = 0.9  # confidence of the start, of pixels that should keep their class
SMALLER = 0.75  # scale of the other view, which is mirrored too
# Bounds, as differences to the start.
FORGOTTEN = 0.01  # loss of mIoU on old images, of which there are few with rare classes
WORSE = 0.005  # loss of mIoU on labeled images of the new place
LEAST_AGREEMENT = 0.95  # share of the pixels that the start was sure of
UNSTEADY = 0.005  # loss of the agreement of two views
UNSURE = 0.02  # rise of the entropy
DRIFT = 0.12  # share of the pixels that changed their class, in the sum over the frames
FREED = 0.01  # share of the pixels surely not drivable that are drivable now
WIDER = 0.05  # rise of the drivable share: ground of which the start was unsure is no sure ground
STEADIER = 0.002  # gain of the agreement of two views by which a network is better
COMMON, SHRUNK = 0.005, 0.6  # a class of such a share must not shrink to such a part of it

Measure = Callable[[nn.Module], float]  # mIoU, 0 to 1


@dataclass(frozen=True)
class Signs:
    """Measurements of a network.

    Attributes:
        old: mIoU on held-back old images, 0 to 1.
        labeled: mIoU on labeled images of the new place; None without any.
        agreement: share of the held-out frames' pixels that the start was sure of and that have
            the same class.
        steadiness: share of the pixels with the same class in a smaller mirror image.
        entropy: mean normalized entropy, 0 to 1.
        freed: share of the pixels that the start was sure not to be drivable, and that are now.
        shares: of the classes in the held-out frames, (classes,).
        drivable: share of the drivable classes, their sum.
    """

    old: float
    labeled: float | None
    agreement: float
    steadiness: float
    entropy: float
    freed: float
    shares: tuple[float, ...]
    drivable: float

    def drift(self, start: Signs) -> float:
        """Total variation distance of the class shares, 0 to 1."""
        pairs = zip(self.shares, start.shares, strict=True)
        return sum(abs(now - before) for now, before in pairs) / 2


def reasons(now: Signs, start: Signs, names: Sequence[str]) -> list[str]:
    """Why a network is worse than the start; empty where no sign says so.

    Args:
        now: signs of the network.
        start: of the weights that the adaptation began with.
        names: of the classes.
    """
    found = []
    for what, after, before, most in (
        ("old images", now.old, start.old, FORGOTTEN),
        ("labeled images", now.labeled, start.labeled, WORSE),
    ):
        if after is not None and before is not None and after < before - most:
            found.append(f"mIoU on {what} fell from {before:.3f} to {after:.3f}")
    if now.agreement < LEAST_AGREEMENT:
        found.append(f"{1 - now.agreement:.1%} of what the start was sure of has another class")
    if now.steadiness < start.steadiness - UNSTEADY:
        found.append(f"two views agree in {now.steadiness:.1%}, before {start.steadiness:.1%}")
    if now.entropy > start.entropy + UNSURE:
        found.append(f"the entropy rose from {start.entropy:.3f} to {now.entropy:.3f}")
    if now.freed > FREED:
        found.append(f"{now.freed:.1%} of what was surely not drivable became drivable")
    if (wider := now.drivable - start.drivable) > WIDER:
        found.append(f"{wider:.1%} more of the pixels are drivable")
    if (drift := now.drift(start)) > DRIFT:
        found.append(f"the shares of the classes drifted by {drift:.1%}")
    for name, after, before in zip(names, now.shares, start.shares, strict=True):
        if before > COMMON and after < SHRUNK * before:
            found.append(f"{name} shrank from {before:.1%} to {after:.1%} of the pixels")
    return found


def no_gain(now: Signs, start: Signs) -> str:
    """Why a network is not better than the start; empty where labels or two views say that it is.

    Labels of the new place decide, where there are some.
    """
    if now.labeled is not None and start.labeled is not None:
        if now.labeled > start.labeled:
            return ""
        return f"it is no gain: mIoU on labeled images is {now.labeled:.3f}"
    if now.steadiness >= start.steadiness + STEADIER:
        return ""
    return f"it is no gain: two views agree in {now.steadiness:.1%}"


class Guard:
    """Measures networks on held-out frames and on labeled images.

    Attributes:
        start: signs of the weights that the adaptation began with.
    """

    def __init__(
        self, network: nn.Module, info: ModelInfo, held: Sequence[np.ndarray], forward: Forward,
        old: Measure, labeled: Measure | None,
    ) -> None:  # fmt: skip
        """Measure the start.

        Args:
            network: with the weights of the start, in eval mode; it is not kept.
            info: metadata of the weights.
            held: frames that nothing learns from, (h, w, 3) uint8 RGB.
            forward: runs a network.
            old: measures on old images.
            labeled: measures on labeled images of the new place; None without any.
        """
        self._info, self._held, self._forward = info, held, forward
        self._old, self._labeled = old, labeled
        self._drivable = info.labels.drivable[: info.labels.num_classes]
        found = [self._confident(network, image) for image in held]
        self._sure = [confidence > SURE for _, confidence, _ in found]
        self._labels = [labels for labels, _, _ in found]
        self.start = self.measure(network)

    def measure(self, network: nn.Module, known: Signs | None = None) -> Signs:
        """Measure a network in eval mode; what is measured on labels may be known already."""
        same, freed, steady, entropy = [], [], [], []
        counts = np.zeros(256, np.int64)
        for image, sure, before in zip(self._held, self._sure, self._labels, strict=True):
            labels, _, spread = self._confident(network, image)
            same.append([np.count_nonzero(sure & (labels == before)), np.count_nonzero(sure)])
            blocked = sure & ~self._drivable[before]
            now = blocked & self._drivable[labels]
            freed.append([np.count_nonzero(now), np.count_nonzero(blocked)])
            steady.append(float((labels == self._other_view(network, image)).mean()))
            entropy.append(spread)
            counts += np.bincount(labels.ravel(), minlength=256)
        shares = counts[: len(self._drivable)] / counts.sum()
        old = known.old if known else self._old(network)
        labeled = known.labeled if known else self._labeled(network) if self._labeled else None
        return Signs(
            old, labeled,
            _ratio(same, 1.0), float(np.mean(steady)), float(np.mean(entropy)), _ratio(freed, 0.0),
            tuple(shares.tolist()), float(shares[self._drivable].sum()),
        )  # fmt: skip

    def reasons(self, now: Signs) -> list[str]:
        """Why a network is worse than the start; empty where no sign says so."""
        return reasons(now, self.start, self._info.labels.names)

    def _confident(
        self, network: nn.Module, image: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Labels and confidence (h, w) of an image, and its mean normalized entropy."""
        chances = self._logits(network, image).softmax(1)
        confidence, labels = chances.max(1)
        logs = chances.clamp_min(1e-9).log()
        entropy = -(chances * logs).sum(1).mean().item() / np.log(max(2, chances.shape[1]))
        return labels[0].cpu().numpy(), confidence[0].cpu().numpy(), entropy

    def _other_view(self, network: nn.Module, image: np.ndarray) -> np.ndarray:
        """Labels (h, w) by the smaller mirror image."""
        height, width = (
            max(MIN_SIDE, round(side * SMALLER / MULTIPLE) * MULTIPLE) for side in image.shape[:2]
        )
        small = cv2.resize(image[:, ::-1], (width, height), interpolation=cv2.INTER_AREA)
        logits = resize_maps(self._logits(network, small), (image.shape[0], image.shape[1]))
        labels: np.ndarray = logits.argmax(1)[0].cpu().numpy()[:, ::-1]
        return labels

    @torch.no_grad()
    def _logits(self, network: nn.Module, image: np.ndarray) -> Tensor:
        batch = torch.from_numpy(np.ascontiguousarray(image))[None]
        return class_logits(self._forward(network, batch).float(), self._info.activation)


def _ratio(counts: Sequence[Sequence[int]], empty: float) -> float:
    part, whole = np.sum(counts, axis=0)
    return float(part / whole) if whole else empty
