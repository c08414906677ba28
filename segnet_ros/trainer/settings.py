"""The parameters of the node `trainer`: where the data is, and every option of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import check_options, option
from segnet_model.training.settings import DATA, TrainSettings


@dataclass(frozen=True)
class TrainerSettings:
    """The table."""

    dataset: str = option(
        "", "Data set: folder with train/, trainannot/, val/ and valannot/. Give this or bag.",
        group=DATA,
    )  # fmt: skip
    bag: str = option(
        "", "Labeled recording; its images and labels are first extracted into OUT/dataset.",
        group=DATA,
    )  # fmt: skip
    image_topic: str = option(
        "", "Image topic of the bag.", otherwise="the bag's only image topic", group=DATA
    )
    labels_topic: str = option(
        "", "Label topic of the bag: mono8 class ids with the stamps of the images.", group=DATA
    )
    every: float = option(
        0.5, "Shortest time in seconds between two images from the bag; 0.0 extracts all.",
        limits=(0.0, 3600.0), group=DATA,
    )  # fmt: skip
    val: float = option(
        0.2, "Share of the bag's duration, at its end, for validation.",
        limits=(0.0, 0.9), group=DATA,
    )  # fmt: skip
    out: str = option("", "Folder for the weights and the training state.", group=DATA)
    training: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            SettingsError: parameters are missing or contradict each other.
        """
        check_options(self)
        if bool(self.dataset) == bool(self.bag):
            raise SettingsError("give one of the parameters dataset (a folder) and bag")
        if not self.out:
            raise SettingsError("parameter out is empty; name a folder for the weights")
        if self.bag and not self.labels_topic:
            raise SettingsError(
                "parameter labels_topic is empty; name the bag's labels, or take its images out "
                "with `segnet extract`, label them and give that folder as dataset"
            )

    @property
    def extracted(self) -> Path:
        """The data set that a bag becomes."""
        return Path(self.out) / "dataset"
