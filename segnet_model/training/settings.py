"""Settings of a training: one table, without heavy imports, for launch files and --help."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import yaml

from segnet_model.base.choices import (
    ACTIVATIONS,
    DEFAULT_NETWORK,
    LABEL_SETS,
    LOSSES,
    NETWORKS,
    OPTIMIZERS,
    SCHEDULES,
    TRAINING_PRECISIONS,
    WEIGHTINGS,
)
from segnet_model.base.class_maps import read_map
from segnet_model.base.errors import SettingsError
from segnet_model.base.limits import check_input_size
from segnet_model.base.options import ABOVE_0, BELOW_1, MANY, check_options, option
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.training.augment_settings import AUGMENTATION, AugmentSettings

DATA, NETWORK, SCHEDULE, LOSS, MACHINE = "data", "network", "schedule", "loss", "machine"
ANY_SIZE = (0, 0)  # plain form of a size that is not given
SIZE_NAMES = "HEIGHT WIDTH"
LEAST_SIDE = 32  # pixels
SCRATCH = "none"  # as init: random weights
CHOSEN = -1  # as epochs and evaluate_every: the training chooses; see `defaults`
EPOCHS = 60  # of a few hundred images
STEPS = 300  # fewer teach little, also from shipped weights
MOMENTUM, WEIGHTING, KEEP_WEIGHT, STATISTICS_IMAGES = 0.9, "median_frequency", 3.0, 100
EVALUATE_EVERY = 10  # epochs, where neither these nor the epochs are given


def network_settings(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Read settings of a network from texts like "features=32"; SettingsError for others."""
    return dict(map(_network_setting, pairs))


def _network_setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    try:
        if name and equals:
            return name, yaml.safe_load(value)
    except yaml.YAMLError:
        pass
    raise SettingsError(f"network_settings: {text!r} is not NAME=VALUE, as in features=32")


def _size_fault(size: tuple[int, ...]) -> str:
    if len(size) != 2:
        return f"{[*size]} is not [height, width]"
    if min(size) < LEAST_SIDE:
        return f"{[*size]} is below {LEAST_SIDE} pixels a side; give more"
    return ""


@dataclass(frozen=True)
class TrainSettings:
    """Settings of a training; the defaults suit a few hundred images of one robot's camera."""

    network: str | None = option(
        None, f"Network: {', '.join(NETWORKS)}, or package.module:factory for one of your own.",
        plain="", otherwise=f"the network of init, else {DEFAULT_NETWORK}", group=NETWORK,
    )  # fmt: skip
    network_settings: dict[str, Any] = option(
        {}, "Settings of the network, for example features=32.",
        plain=(), read=network_settings, otherwise="those of init, else the network's own",
        group=NETWORK, flag="set", metavar="NAME=VALUE",
    )  # fmt: skip
    input_size: tuple[int, int] | None = option(
        None, "Input size of the network: height and width in pixels.",
        plain=ANY_SIZE, otherwise="the size of init, else half of the images' size",
        group=NETWORK, metavar=SIZE_NAMES, fault=_size_fault,
    )  # fmt: skip
    crop_size: tuple[int, int] | None = option(
        None, "Size of the random crops to train on: height and width in pixels. Smaller crops are "
        "faster and need less memory.",
        plain=ANY_SIZE, otherwise="the whole input size",
        group=AUGMENTATION, metavar=SIZE_NAMES, fault=_size_fault,
    )  # fmt: skip
    labels: str | None = option(
        None, f"Label set: a YAML file, or one of {', '.join(LABEL_SETS)}.",
        plain="", otherwise="the data set's own", group=DATA,
    )  # fmt: skip
    map_to: str | None = option(
        None, "Label set to train on: a YAML file, or a name as in labels. The labels are mapped "
        "to it, by the table that ships for both sets and by equal names.",
        plain="", otherwise="the label set of the labels", group=DATA, metavar="LABELS",
    )  # fmt: skip
    class_map: dict[str, str] | None = option(
        None, "Class to train on for a class of the labels; it may be ignore.",
        plain=(), read=read_map, otherwise="by map_to", group=DATA, flag="map",
        metavar="NAME=CLASS",
    )  # fmt: skip
    epochs: int = option(
        CHOSEN, "Number of passes over the data.", limits=(1, MANY), group=SCHEDULE,
        otherwise=f"{EPOCHS}, or as many as make {STEPS} steps",
    )  # fmt: skip
    batch_size: int = option(
        8, "Images per step, over all processes.", limits=(1, 4096), group=SCHEDULE
    )
    optimizer: str = option(
        "adamw", "Optimizer; sgd needs a learning rate about ten times as high.",
        choices=OPTIMIZERS, group=SCHEDULE,
    )  # fmt: skip
    learning_rate: float = option(
        2e-3, "Peak learning rate.", limits=(ABOVE_0, math.inf), group=SCHEDULE
    )
    schedule: str = option(
        "cosine", "Decay of the learning rate.", choices=SCHEDULES, group=SCHEDULE
    )
    warm_up: float = option(
        0.05, "Share of the steps in which the learning rate rises to its peak.",
        limits=(0.0, BELOW_1), group=SCHEDULE,
    )  # fmt: skip
    momentum: float = option(MOMENTUM, "Momentum of sgd.", limits=(0.0, BELOW_1), group=SCHEDULE)
    weight_decay: float = option(
        1e-2, "Weight decay of all weights but biases and batch normalization.",
        limits=(0.0, 10.0), group=SCHEDULE,
    )  # fmt: skip
    precision: str = option(
        "auto",
        "Number format of the convolutions; auto is bfloat16 where the device is faster in it.",
        choices=TRAINING_PRECISIONS, group=MACHINE,
    )  # fmt: skip
    activation: str = option(
        "softmax", "Output activation; sigmoid gives two classes one channel.",
        choices=ACTIVATIONS, group=NETWORK,
    )  # fmt: skip
    loss: str = option("cross_entropy", "Loss function.", choices=LOSSES, group=LOSS)
    weighting: str = option(
        WEIGHTING, "Formula of the class weights.", choices=WEIGHTINGS, group=LOSS
    )
    supervision: float = option(
        0.0, "Deep supervision: weight of the losses of inner stages; 0.4 is usual, 0 is off.",
        limits=(0.0, 10.0), group=LOSS,
    )  # fmt: skip
    balance: float = option(
        0.5, "Exponent of the class weights: 1 as in the papers, 0 weights all classes alike.",
        limits=(0.0, 2.0), group=LOSS,
    )  # fmt: skip
    unlabeled: float = option(
        0.0, "Share of the ignored pixels that is drivable, where labels mark only a part of it, "
        "as those of segnet driven do; 0 learns nothing from ignored pixels.",
        limits=(0.0, BELOW_1), group=LOSS,
    )  # fmt: skip
    keep: str | None = option(
        None, "Images of what the network shall not forget, a folder or a data set whose labels "
        "are not used: as many as a batch has join each, and there the network learns to answer "
        "as at the start. The statistics of batch normalization stay, too.",
        plain="", otherwise="nothing is kept", group=DATA, metavar="FOLDER",
    )  # fmt: skip
    keep_weight: float = option(
        KEEP_WEIGHT, "Weight of keeping the answers on the images of keep.",
        limits=(ABOVE_0, 1000.0), group=LOSS,
    )  # fmt: skip
    clip_norm: float = option(
        5.0, "Largest norm of the gradient; longer gradients are clipped.",
        limits=(ABOVE_0, math.inf), group=SCHEDULE,
    )  # fmt: skip
    average: float = option(
        0.999, "Decay of the moving average of the weights; 0 keeps no average.",
        limits=(0.0, BELOW_1), group=SCHEDULE,
    )  # fmt: skip
    statistics_images: int = option(
        STATISTICS_IMAGES,
        "Images to measure the statistics of batch normalization on at the end; 0 keeps those of "
        "the training.",
        limits=(0, MANY), group=SCHEDULE,
    )  # fmt: skip
    patience: int = option(
        0, "Early stopping: epochs without a better val mIoU; 0 never stops early.",
        limits=(0, MANY), group=SCHEDULE,
    )  # fmt: skip
    encoder: str | None = option(
        None,
        "Encoder weights from ImageNet, a name or a .pth or .safetensors file: for segnet_lite "
        "efficientnet_lite0 to efficientnet_lite2 (extra pretrained); for segnet, bayesian_segnet "
        "and unet a file of torchvision's vgg16_bn.",
        plain="", otherwise="random weights", group=NETWORK, metavar="NAME|FILE",
    )  # fmt: skip
    init: str | None = option(
        None, "Weights to start from: a file, or the name of shipped weights; none for random "
        "ones. Classes are matched by name.",
        plain="", otherwise="the freely licensed shipped weights of the network and its settings, "
        f"or random ones with encoder; without a network {DEFAULT_WEIGHTS}",
        group=NETWORK, metavar="WEIGHTS",
    )  # fmt: skip
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    seed: int = option(
        0, "Random seed; the same seed gives the same weights.",
        limits=(0, 2**63 - 1), group=SCHEDULE,
    )  # fmt: skip
    workers: int = option(2, "Threads that load images.", limits=(1, 1000), group=MACHINE)
    device: str = option(
        "auto", "Device: auto (a GPU if there is one), cpu, cuda or cuda:1.", group=MACHINE
    )
    evaluate_every: int = option(
        CHOSEN, "Epochs between two evaluations on val.", limits=(1, MANY), group=SCHEDULE,
        otherwise=f"{EVALUATE_EVERY}, or a sixth of more than {EPOCHS} epochs that were not given",
    )  # fmt: skip
    save_every_s: float = option(
        60.0, "Time in seconds between two saved states to resume from.",
        limits=(0.0, math.inf), group=MACHINE, metavar="SECONDS",
    )  # fmt: skip
    license: str = option(
        "unknown", "License of the weights, as your data allows; stored in the weights file.",
        group=DATA,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Raise SettingsError, with the mend, where values are out of range or contradict."""
        check_options(self)
        if self.optimizer != "sgd" and self.momentum != MOMENTUM:
            raise SettingsError("momentum is of optimizer sgd; give that too, or leave it away")
        if not self.balance and self.weighting != WEIGHTING:
            raise SettingsError(
                "weighting has no effect with balance 0, which weights all classes alike"
            )
        if not self.keep and self.keep_weight != KEEP_WEIGHT:
            raise SettingsError("keep_weight is of keep; give that too, or leave it away")
        if self.keep and self.statistics_images != STATISTICS_IMAGES:
            raise SettingsError("statistics_images is of no use with keep; leave one away")
        if self.encoder and self.init not in (None, SCRATCH):
            raise SettingsError(
                f"init {self.init} replaces the weights of encoder {self.encoder}; leave one away"
            )
        every = EVALUATE_EVERY if self.evaluate_every == CHOSEN else self.evaluate_every
        if self.patience and self.patience < every:
            raise SettingsError(
                f"patience {self.patience} is shorter than the {every} epochs "
                "between two evaluations; lower evaluate_every or give more patience"
            )
        if self.input_size:
            check_input_size(self.input_size)

    def shaping(self) -> dict[str, Any]:
        """Settings that change the result, as plain values; device and saving do not."""
        values = asdict(self)
        for name in ("device", "workers", "save_every_s"):
            del values[name]
        return values
