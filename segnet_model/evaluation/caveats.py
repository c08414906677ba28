"""Caveats of an evaluation: why its figures may say little."""

from __future__ import annotations

import numpy as np

from segnet_model.evaluation.metrics import ConfusionMatrix

FEW_IMAGES = 10  # fewer measure these images, not the network
MOST_OF_ONE = 0.999  # of the labeled pixels; the rest may be slips of the pen
FEW_WITH_CLASS = 3  # images; fewer measure these things, not their class


def counted(number: int, noun: str) -> str:
    """A number and its noun: "1 step", "2 steps"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def few_images(images: int) -> str:
    """The caveat of a split with so few images; empty where there are enough."""
    if images >= FEW_IMAGES:
        return ""
    return (
        f"{counted(images, 'image')} say{'s' if images == 1 else ''} little: one image more could "
        f"change every figure; label {FEW_IMAGES} or more, from drives that training does not see"
    )


def caveats(images: int, matrix: ConfusionMatrix, seen_in: np.ndarray) -> list[str]:
    """Caveats, each a sentence with the mend.

    Args:
        images: in the split.
        matrix: of all of them.
        seen_in: images whose truth holds each class, (C,) int64.
    """
    found = [few_images(images)]
    labeled = int((matrix.pixels > 0).sum())
    if (most := matrix.pixels.max() / max(matrix.pixels.sum(), 1)) > MOST_OF_ONE:
        alone = "alone is labeled" if labeled == 1 else f"has {most:.2%} of the labeled pixels"
        found.append(
            f"one class {alone}, which is no test: whatever the network calls it "
            "elsewhere counts nowhere; label what is beside it too"
        )
    rare = int(((seen_in > 0) & (seen_in < FEW_WITH_CLASS)).sum())
    if images >= FEW_IMAGES and rare:
        found.append(
            f"{rare} of the {labeled} classes {'is' if rare == 1 else 'are'} in fewer than "
            f"{FEW_WITH_CLASS} images: the figures of a class so rare say little, and count in "
            "the means as much as any"
        )
    return [each for each in found if each]
