"""The parameters of the node `trainer`: one table, and what training makes of their values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segnet_model.base.choices import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    TRAINING_PRECISIONS,
    WEIGHTINGS,
)
from segnet_model.base.errors import SettingsError
from segnet_model.training.settings import TrainSettings, network_setting
from segnet_ros.ros.parameter_table import START, setting

USUAL = TrainSettings()
MANY = 1_000_000


@dataclass(frozen=True)
class TrainerSettings:
    """The table: a row for each parameter, and the values of all."""

    dataset: str = setting(
        "", START, "Folder with train/ and trainannot/, and val/ and valannot/. This, or bag."
    )
    bag: str = setting(
        "", START, "Recording whose images and labels are taken into OUT/dataset first."
    )
    image_topic: str = setting("", START, "Of the bag's images; needed where it has several.")
    labels_topic: str = setting("", START, "Of the bag's labels: mono8 class ids, stamped alike.")
    every: float = setting(
        0.5, START, "Seconds between two images taken from the bag; 0.0 takes all.",
        limits=(0.0, 3600.0),
    )  # fmt: skip
    val: float = setting(
        0.2, START, "Share of the bag's time, at its end, to measure on.", limits=(0.0, 0.9)
    )
    out: str = setting("", START, "Folder for the weights and for the state to go on from.")
    network: str = setting(
        "",
        START,
        "segnet, segnet_basic, bayesian_segnet, bayesian_segnet_basic, enet, unet or "
        "package.module:factory; empty for that of init, else segnet_basic.",
    )
    network_settings: tuple[str, ...] = setting(
        (), START, "Settings of the network, e.g. ['features=32']; [''] for its defaults."
    )
    input_size: tuple[int, ...] = setting(
        (0, 0), START, "Height and width the network sees; [0, 0]: of init, else half the images'."
    )
    encoder: str = setting(
        "", START, "File of torchvision's vgg16_bn to start segnet's or unet's encoder from."
    )
    activation: str = setting(
        USUAL.activation, START, "sigmoid makes one channel for a label set of two classes.",
        choices=ACTIVATIONS,
    )  # fmt: skip
    loss: str = setting(USUAL.loss, START, "What is made small.", choices=LOSSES)
    optimizer: str = setting(
        USUAL.optimizer, START, "sgd wants a learning rate ten times as high.", choices=OPTIMIZERS
    )
    schedule: str = setting(
        USUAL.schedule, START, "How the learning rate falls.", choices=SCHEDULES
    )
    weighting: str = setting(
        USUAL.weighting, START, "How rare classes are weighted.", choices=WEIGHTINGS
    )
    precision: str = setting(
        USUAL.precision, START, "Of the convolutions.", choices=TRAINING_PRECISIONS
    )
    average: float = setting(
        USUAL.average, START, "Weight of the past in the average of the weights; 0.0 for none.",
        limits=(0.0, 0.999999),
    )  # fmt: skip
    patience: int = setting(
        USUAL.patience, START, "Epochs without a better val after which to stop; 0 for never.",
        limits=(0, MANY),
    )  # fmt: skip
    init: str = setting("", START, "Weights to start from: a file, or the name of a shipped one.")
    labels: str = setting("", START, "Label set: a YAML file or 'camvid'; empty for the data's.")
    epochs: int = setting(USUAL.epochs, START, "Times that every image is shown.", limits=(1, MANY))
    batch_size: int = setting(USUAL.batch_size, START, "Images a step.", limits=(1, 4096))
    learning_rate: float = setting(
        USUAL.learning_rate, START, "The highest of the schedule.", limits=(1e-12, 10.0)
    )
    supervision: float = setting(
        USUAL.supervision, START, "Weight of the losses of inner stages; 0.0 for none.",
        limits=(0.0, 10.0),
    )  # fmt: skip
    balance: float = setting(
        USUAL.balance, START, "Weight of rare classes: 1.0 as in SegNet's paper, 0.0 none.",
        limits=(0.0, 2.0),
    )  # fmt: skip
    evaluate_every: int = setting(
        USUAL.evaluate_every, START, "Epochs between two measurements on val.", limits=(1, MANY)
    )
    device: str = setting(USUAL.device, START, "auto (a GPU where there is one), cpu or cuda:0.")
    workers: int = setting(USUAL.workers, START, "Threads that load images.", limits=(1, 64))
    seed: int = setting(
        USUAL.seed, START, "The same seed gives the same weights.", limits=(0, 2**31 - 1)
    )
    license: str = setting(
        USUAL.license, START, "Of the weights, as your data allows; kept in the file."
    )

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            SettingsError: parameters are missing or contradict each other.
        """
        if bool(self.dataset) == bool(self.bag):
            raise SettingsError("give one of the parameters dataset (a folder) and bag")
        if not self.out:
            raise SettingsError("parameter out is empty; name a folder for the weights")
        if self.bag and not self.labels_topic:
            raise SettingsError(
                "parameter labels_topic is empty; name the bag's labels, or take its images out "
                "with `segnet extract`, label them and give that folder as dataset"
            )
        if len(self.input_size) != 2:
            raise SettingsError(f"input_size {[*self.input_size]} is not [height, width]")

    @property
    def training(self) -> TrainSettings:
        """What `segnet_model.training.train` is given.

        Raises:
            SettingsError: a value is out of range.
        """
        same = TrainSettings.__dataclass_fields__.keys() & vars(self).keys()
        values = {name: getattr(self, name) for name in same}
        height, width = self.input_size
        changed: dict[str, Any] = {
            "network_settings": dict(map(network_setting, self.network_settings)),
            "input_size": (height, width) if height or width else None,
        }
        empty = {
            name: None for name in ("network", "encoder", "init", "labels") if not values[name]
        }
        return TrainSettings(**{**values, **changed, **empty})

    @property
    def extracted(self) -> Path:
        """The data set that a bag becomes."""
        return Path(self.out) / "dataset"
