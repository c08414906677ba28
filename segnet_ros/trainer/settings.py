"""The parameters of the node `trainer`: where the data is, and every option of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import changed, check_options, option
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.training.adaptation.settings import LEAST_FRAMES, AdaptSettings
from segnet_model.training.settings import DATA, TrainSettings
from segnet_ros.trainer.live_settings import LIVE, LiveSettings

RECORDED = "recorded"
# Options of a training that a round of learning has, too, with defaults of its own.
SHARED = ("init", "batch_size", "crop_size", "learning_rate", "average", "seed", "precision",
          "device")  # fmt: skip


@dataclass(frozen=True)
class TrainerSettings:
    """The table."""

    source: str = option(
        RECORDED, "Where images come from: recorded is a data set or a bag, live is a topic, to "
        "learn from without labels while the robot drives.",
        choices=(RECORDED, LIVE), group=DATA,
    )  # fmt: skip
    dataset: str = option(
        "", "Data set: folder with train/, trainannot/, val/ and valannot/. Give this or bag.",
        group=DATA,
    )  # fmt: skip
    bag: str = option(
        "", "Labeled recording; its images and labels are first extracted into OUT/dataset.",
        group=DATA,
    )  # fmt: skip
    image_topic: str = option(
        "",
        "Image topic of the bag, or to subscribe to.",
        otherwise="the bag's only image topic; image where source is live",
        group=DATA,
    )
    labels_topic: str = option(
        "", "Label topic of the bag: mono8 class ids with the stamps of the images.", group=DATA
    )
    every: float = option(
        0.5, "Shortest time in seconds between two images from bag or topic; 0.0 takes all.",
        limits=(0.0, 3600.0), group=DATA,
    )  # fmt: skip
    val: float = option(
        0.2, "Share of the bag's duration, at its end, for validation.",
        limits=(0.0, 0.9), group=DATA,
    )  # fmt: skip
    out: str = option("", "Folder for the weights and the training state.", group=DATA)
    live: LiveSettings = field(default_factory=LiveSettings)
    training: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            SettingsError: parameters are missing or contradict each other.
        """
        check_options(self)
        if not self.out:
            raise SettingsError("parameter out is empty; name a folder for the weights")
        if self.source == LIVE:
            self._check_live()
        else:
            self._check_recorded()

    def _check_recorded(self) -> None:
        if bool(self.dataset) == bool(self.bag):
            raise SettingsError("give one of the parameters dataset (a folder) and bag")
        if self.bag and not self.labels_topic:
            raise SettingsError(
                "parameter labels_topic is empty; name the bag's labels, or take its images out "
                "with `segnet extract`, label them and give that folder as dataset"
            )
        if names := changed(self.live):
            raise SettingsError(
                f"{', '.join(names)}: without effect unless source is live; set source, or leave "
                "it away"
            )

    def _check_live(self) -> None:
        of_labels = [name for name in ("dataset", "bag", "labels_topic") if getattr(self, name)]
        of_labels += [name for name in changed(self.training) if name not in SHARED]
        if of_labels:
            raise SettingsError(
                f"{', '.join(of_labels)}: of learning from labels, which source live has not; "
                "leave it away, or set source to recorded"
            )
        self.adaptation(self.training.init or DEFAULT_WEIGHTS)

    def adaptation(self, init: str) -> AdaptSettings:
        """How a round learns from these weights; SettingsError where values contradict."""
        live, own = self.live, changed(self.training)
        values = {name: getattr(self.training, name) for name in SHARED if name in own}
        origin = self.training.init or DEFAULT_WEIGHTS
        return AdaptSettings(**{
            **values, "init": init, "origin": None if init == origin else origin,
            "frames": max(LEAST_FRAMES, live.buffer_images), "steps": live.round_steps,
            "check_every": live.check_every, "replay": live.replay, "worlds": live.worlds,
            "labeled": live.labeled,
        })  # fmt: skip

    @property
    def extracted(self) -> Path:
        """The data set that a bag becomes."""
        return Path(self.out) / "dataset"

    @property
    def buffer(self) -> Path:
        """The frame buffer of live images."""
        return Path(self.out) / "buffer"
