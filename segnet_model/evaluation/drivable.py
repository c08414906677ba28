"""How right the drivable area is: the risk that conformal risk control bounds, and its fit.

Angelopoulos, Bates, Fisch, Lei and Schuster, "Conformal Risk Control", ICLR 2024. The loss of an
image is the share of its drivable area that is not drivable. It need not fall with the bound of the
uncertainty, so the largest loss of all lower bounds counts in its place (section 2.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil, nan

import numpy as np

from segnet_model.base.errors import SettingsError, UnfittedError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.tables import USUAL_BOUND, AnswerSettings
from segnet_model.datasets.folder import LabeledFolder, spread
from segnet_model.driving.mask import drivable_mask
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_model.weights.bounds import Bound

RISK = 0.01
MOST_IMAGES = 500  # spread over the folder
# The bounds to choose from, closest near 0, where most pixels are. One above the usual might keep
# the promise here, and would let everything pass in a place unlike this one.
BOUNDS = USUAL_BOUND * np.linspace(0, 1, 65) ** 2
# Share of the image. In a smaller drivable area a few wrong pixels would be a large share.
LEAST_AREA = 0.01
ROUNDING = 1e-9  # of a risk
# Share of the labeled pixels that have to be of classes that are not drivable. Where they are not
# labeled, nothing is ever counted as wrong.
LEAST_BESIDE = 0.01
LEAST_KEPT = 0.1  # share of the ground that has to stay drivable


@dataclass(frozen=True)
class Areas:
    """Pixels of one image, of those with a label.

    Attributes:
        drivable: in the drivable area.
        wrong: of them, those of a class that is not drivable.
        ground: of a drivable class, in the drivable area or not.
        pixels: all.
    """

    drivable: int
    wrong: int
    ground: int
    pixels: int

    @classmethod
    def count(cls, area: np.ndarray, truth: np.ndarray, labels: LabelSet) -> Areas:
        """Count an image.

        Args:
            area: (H, W) uint8, not 0 where drivable.
            truth: (H, W) uint8 class ids.
            labels: give the drivable classes and the ignored id.
        """
        known, ground = truth != labels.ignore_id, labels.drivable[truth]
        marked = (area > 0) & known
        return cls(*map(int, map(np.count_nonzero, (marked, marked & ~ground, ground, known))))

    @property
    def loss(self) -> float:
        """Share of the drivable area that is not drivable, 0 to 1."""
        return self.wrong / max(self.drivable, LEAST_AREA * self.pixels, 1)


class DrivableQuality:
    """How right the drivable area is over a data set.

    Attributes:
        risk: mean over the images of `Areas.loss`; NaN without images.
        precision: share of the drivable pixels that are; NaN without any.
        recall: share of the ground's pixels that are drivable; NaN without any.
    """

    def __init__(self) -> None:
        """Start with no images."""
        self._losses: list[float] = []
        self._drivable = self._wrong = self._ground = 0

    def update(self, areas: Areas) -> None:
        """Count an image."""
        self._losses.append(areas.loss)
        self._drivable += areas.drivable
        self._wrong += areas.wrong
        self._ground += areas.ground

    @property
    def risk(self) -> float:  # noqa: D102 - see the class
        return float(np.mean(self._losses)) if self._losses else nan

    @property
    def precision(self) -> float:  # noqa: D102
        return 1 - self._wrong / self._drivable if self._drivable else nan

    @property
    def recall(self) -> float:  # noqa: D102
        return (self._drivable - self._wrong) / self._ground if self._ground else nan


class RiskCurve:
    """The risk at each bound of the uncertainty, from a few at a time to any number of images.

    Example:
        >>> curve = RiskCurve(bounds=np.array([0.0, 0.5, 1.0]))
        >>> for _ in range(199):
        ...     curve.update([Areas(40, 0, 90, 100), Areas(80, 0, 90, 100), Areas(95, 5, 90, 100)])
        >>> curve.fit(risk=0.01)
        Bound(max_uncertainty=0.5, risk=0.01, kept=0.8888888888888888, images=199)
    """

    def __init__(self, bounds: np.ndarray = BOUNDS) -> None:
        """Start with no images, for these bounds, 0 to 1 and rising."""
        self.bounds, self.images = bounds, 0
        self._losses, self._right = np.zeros(len(bounds)), np.zeros(len(bounds))
        self._ground = self._pixels = 0

    def update(self, areas: Iterable[Areas]) -> None:
        """Count an image, with its areas at each bound."""
        counted = list(areas)
        self.images += 1
        self._losses += np.maximum.accumulate([each.loss for each in counted])
        self._right += [each.drivable - each.wrong for each in counted]
        self._ground += counted[0].ground
        self._pixels += counted[0].pixels

    @property
    def risks(self) -> np.ndarray:
        """Highest risk of a new image at each bound, 0 to 1: equation 4, for losses up to 1."""
        risks: np.ndarray = (self._losses + 1) / (self.images + 1)
        return risks

    @property
    def kept(self) -> np.ndarray:
        """Share of the ground that is drivable at each bound; NaN where no image shows any."""
        return self._right / self._ground if self._ground else np.full(len(self._right), nan)

    def fit(self, risk: float) -> Bound:
        """The highest of the bounds that keep a promise.

        Args:
            risk: share of the drivable area that may be wrong, above 0, less than 1.

        Raises:
            UnfittedError: no bound keeps it, or only one that leaves nothing drivable.
            SettingsError: the risk is no such share.
        """
        check_images(self.images, risk)
        if not self._ground:
            raise UnfittedError("no pixel of these images is of a drivable class; give others")
        beside = 1 - self._ground / self._pixels
        if beside < LEAST_BESIDE:
            raise UnfittedError(
                f"{100 * beside:.2g} % of the labeled pixels are of classes that are not drivable, "
                "so that hardly anything could be found to be wrong; label what is beside it too"
            )
        useful = self.kept >= LEAST_KEPT
        keeping = np.flatnonzero((self.risks <= risk + ROUNDING) & useful)
        if len(keeping):
            best = int(keeping[-1])
            bound, kept = float(self.bounds[best]), float(self.kept[best])
            return Bound(bound, risk, kept, self.images)
        if not useful.any():
            raise UnfittedError(
                f"the network finds {100 * self.kept.max():.2g} % of the drivable ground in these "
                "images; train it on images like them"
            )
        least = ceil(1000 * (self.risks[useful].min() - ROUNDING)) / 1000
        raise UnfittedError(
            f"no bound of the uncertainty promises {risk:g} and leaves a tenth of the ground "
            f"drivable; with these {self.images} images --risk {least:g} can be promised, and "
            "more images or better weights promise less"
        )


def check_risk(risk: float) -> None:
    """Raise SettingsError where a risk is no share that could be promised."""
    if not 0 < risk < 1:
        raise SettingsError(f"risk is {risk:g}; give more than 0 and less than 1, as 0.01")


def check_images(images: int, risk: float) -> None:
    """Raise UnfittedError where so few images cannot support a promise, however right they are.

    A risk that is no share raises SettingsError.
    """
    check_risk(risk)
    needed = ceil(1 / risk - ROUNDING) - 1
    if images < needed:
        raise UnfittedError(
            f"a promise of {risk:g} needs at least {needed} labeled images, and there are "
            f"{images}; give more, or --risk {ceil(1000 / (images + 1)) / 1000:g}"
        )


def fit_bound(
    predictor: Predictor,
    folder: LabeledFolder,
    risk: float = RISK,
    progress: ShareDone = no_progress,
) -> Bound:
    """Fit the bound of the uncertainty that keeps a promise.

    Args:
        predictor: gives the predictions, with its temperature.
        folder: labeled images that training did not see, and that are like those to come.
        risk: share of the drivable area that may be wrong, above 0, less than 1.
        progress: called with the share that is done.

    Raises:
        UnfittedError: no bound keeps the promise, or none can be fitted on these images.
        SettingsError: the risk is no such share.
    """
    chosen, curve = spread(MOST_IMAGES, len(folder)), RiskCurve()
    labels = replace(predictor.info.labels, ignore_id=folder.label_set.ignore_id)
    check_images(len(chosen), risk)
    if not labels.drivable.any():
        raise UnfittedError("no class of these weights is drivable; train with a label set that "
                           "has drivable classes")  # fmt: skip
    for done, index in enumerate(chosen, 1):
        image, truth = folder.read(index)
        found = predictor.predict(image)
        curve.update(areas_at(found, truth, labels, curve.bounds))
        progress(done / len(chosen))
    return curve.fit(risk)


def areas_at(
    found: Segmentation,
    truth: np.ndarray,
    labels: LabelSet,
    bounds: Iterable[float],
    settings: AnswerSettings | None = None,
) -> Iterable[Areas]:
    """The drivable areas of an image at each of some bounds, as the node makes them."""
    how = settings or AnswerSettings()
    for bound in bounds:
        area = drivable_mask(
            found.labels, found.uncertainty, labels, bound,
            min_area=how.drivable_min_area, margin=how.drivable_margin,
        )  # fmt: skip
        yield Areas.count(area, truth, labels)
