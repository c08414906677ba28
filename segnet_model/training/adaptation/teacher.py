"""Teacher: labels for frames without labels, where the averaged network is sure of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from segnet_model.networks.outputs import class_logits

Forward = Callable[[nn.Module, Tensor], Tensor]  # images (N, h, w, 3) uint8 to raw logits

START = 0.5  # confidence at which a class is learned before it was seen
HIGHEST = 0.9  # such confidence is always enough
PACE = 0.1  # share of the newest frames in a threshold
EVERY = 7  # pixels between those that are looked at
ENOUGH = 10  # of them, of a class in a batch; fewer say nothing
CERTAIN = 255  # of a confidence in a code


class ClassThresholds:
    """Least confidence of each class's pixels: a rare class is seldom sure, and is learned too.

    The surest share of the pixels of each class is kept, as in Zou et al., "Unsupervised domain
    adaptation for semantic segmentation via class-balanced self-training", ECCV 2018, section 4.2;
    the quantile is a moving average over the batches.

    Attributes:
        levels: (classes,) float64, 0 to 1.
    """

    def __init__(self, classes: int, keep: float) -> None:
        """Begin; keep is the share of each class's pixels, 0 to 1."""
        self.levels: np.ndarray = np.full(classes, START)
        self._keep = keep

    def update(self, labels: np.ndarray, confidence: np.ndarray) -> None:
        """Add a batch of labels uint8 and confidence float32, of one shape."""
        labels, confidence = labels.ravel()[::EVERY], confidence.ravel()[::EVERY]
        for index in range(len(self.levels)):
            values = confidence[labels == index]
            if len(values) >= ENOUGH:
                quantile = float(np.quantile(values, 1 - self._keep))
                self.levels[index] += PACE * (quantile - self.levels[index])

    def known(self, labels: np.ndarray, confidence: np.ndarray) -> np.ndarray:
        """Whether each pixel is learned: bool, of the shape of both."""
        enough: np.ndarray = confidence >= np.minimum(self.levels, HIGHEST)[labels]
        return enough


@torch.no_grad()
def probabilities(
    network: nn.Module, images: Sequence[np.ndarray], forward: Forward, activation: str
) -> Tensor:
    """Mean of the class probabilities of images and of their mirror images.

    Args:
        network: in eval mode.
        images: (h, w, 3) uint8 RGB each, of one size.
        forward: runs the network.
        activation: of its output.

    Returns:
        (N, C, h, w) float32.
    """
    batch = torch.from_numpy(np.stack(images))
    seen = class_logits(forward(network, batch).float(), activation).softmax(1)
    mirrored = class_logits(forward(network, batch.flip(2)).float(), activation).softmax(1)
    return (seen + mirrored.flip(3)) / 2


def coded(labels: np.ndarray, confidence: np.ndarray, known: np.ndarray, ignore: int) -> np.ndarray:
    """Labels and confidence in one number, so that augmentation moves both alike.

    Args:
        labels: uint8.
        confidence: float32, 0 to 1.
        known: bool; other pixels get the ignored id.
        ignore: the ignored id.

    Returns:
        uint16 of the same shape: the label, and 256 times the confidence in 255ths.
    """
    sure = np.round(confidence * CERTAIN).astype(np.uint16) << 8
    return np.where(known, sure | labels, np.uint16(ignore))


def decoded(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of `coded`: labels int64 and confidence float32."""
    return (codes & 255).astype(np.int64), (codes >> 8).astype(np.float32) / CERTAIN


def class_mix(
    image: np.ndarray,
    codes: np.ndarray,
    donor: tuple[np.ndarray, np.ndarray],
    ignore: int,
    rng: np.random.Generator,
) -> None:
    """Paste half of a donor's classes into an image and its codes, in place.

    Olsson et al., "ClassMix", WACV 2021; with labeled donors, Tranheden et al., "DACS", WACV 2021.

    Args:
        image: (h, w, 3) uint8.
        codes: (h, w) uint16.
        donor: another image and its codes.
        ignore: the ignored id, which is never pasted.
        rng: source of the choice.
    """
    labels = donor[1] & 255
    classes = [each for each in np.unique(labels) if each != ignore]
    if not classes:
        return
    chosen = rng.choice(classes, (len(classes) + 1) // 2, replace=False)
    pasted = np.isin(labels, chosen)
    image[pasted], codes[pasted] = donor[0][pasted], donor[1][pasted]
