"""Old data: labeled images of what the network knew before, learned again and measured on."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from segnet_model.base.errors import SettingsError
from segnet_model.base.progress import ShareDone
from segnet_model.datasets.drives import OUTDOOR, STREET, VARIED, DriveSettings, write_dataset
from segnet_model.datasets.folder import (
    LabeledFolder,
    has_split,
    load_label_set,
    open_split,
    split_images,
)
from segnet_model.labels import LabelSet
from segnet_model.training.adaptation.settings import AdaptSettings
from segnet_model.training.origins import digest_of
from segnet_model.weights.checkpoint import read_info
from segnet_model.weights.shipped import find_weights

logger = logging.getLogger(__name__)
WORLDS_FOLDER = "worlds"
FIRST_SEED, SEEDS = 7_000_000, 10_000  # of the rendered drives, far from those of data sets
PER_DRIVE = 3  # images
FOR_GUARD = 4  # one of so many drives
WORLD_OF = {OUTDOOR: "mixed", STREET: "street"}  # by label set


@dataclass(frozen=True)
class OldData:
    """Labeled images of what the network knew before.

    Attributes:
        learned: to learn from.
        held: for the guard, and to calibrate on.
    """

    learned: LabeledFolder
    held: LabeledFolder

    def fingerprint(self) -> str:
        """Digest of all labels."""
        return self.learned.fingerprint() + self.held.fingerprint()


def open_old_data(
    settings: AdaptSettings, labels: LabelSet, out: Path, progress: ShareDone
) -> OldData:
    """Open the data set of `replay`, or render one into OUT/worlds.

    Raises:
        DatasetError: a file of the data set is missing or damaged.
        SettingsError: no rendered world has the network's classes, the data set's classes have no
            meaning there, or OUT/worlds holds other drives.
    """
    if settings.replay:
        return _opened(Path(settings.replay), labels)
    known = {name: LabelSet.load(name).names for name in WORLD_OF}
    name = next((name for name, names in known.items() if names == labels.names), None)
    if name is None:
        raise SettingsError(
            f"no rendered world has the classes of {labels.name}: give the data set that the "
            "weights learned from, or a part of it, as --replay"
        )
    return _rendered(settings, name, out / WORLDS_FOLDER, labels, progress)


def _opened(dataset: Path, labels: LabelSet) -> OldData:
    own = load_label_set(dataset)
    learned = open_split(dataset, "train", own).mapped_to(labels)
    if has_split(dataset, "val"):
        return OldData(learned, open_split(dataset, "val", own).mapped_to(labels))
    if len(learned) < FOR_GUARD:
        raise SettingsError(f"{dataset} has {len(learned)} images; give {FOR_GUARD} or more")
    held = learned.samples[::FOR_GUARD]
    rest = tuple(each for index, each in enumerate(learned.samples) if index % FOR_GUARD)
    return OldData(replace(learned, samples=rest), replace(learned, samples=held))


def _rendered(
    settings: AdaptSettings, name: str, folder: Path, labels: LabelSet, progress: ShareDone
) -> OldData:
    first = FIRST_SEED + settings.seed % 1000 * SEEDS
    seeds = range(first, first + settings.worlds)
    held = settings.worlds // FOR_GUARD
    counts = [(settings.worlds - held) * PER_DRIVE, held * PER_DRIVE]
    _check_drives(folder, seeds[: len(seeds) - held], seeds[len(seeds) - held :])
    if [len(split_images(folder, split)) for split in ("train", "val")] != counts:
        logger.info("rendering %d images of old worlds into %s", sum(counts), folder)
        world = DriveSettings(labels=name, world=WORLD_OF[name], conditions=VARIED, cameras=VARIED)
        share = held / settings.worlds
        write_dataset(folder, seeds, PER_DRIVE, val=share, progress=progress, settings=world)
    return _opened(folder, labels)


def _check_drives(folder: Path, train: range, val: range) -> None:
    """Raise SettingsError where a folder holds other drives, as of a run with other worlds.

    With them, what one run learns from would be what another one is measured on.
    """
    for split, seeds in (("train", train), ("val", val)):
        known = {f"{seed:06d}" for seed in seeds}
        for path in split_images(folder, split):
            if path.stem.partition("_")[0] not in known:
                raise SettingsError(
                    f"{folder} holds {split}/{path.name}, which is of another number of worlds or "
                    "another seed; give the same ones, delete the folder, or name another out"
                )


def origins_of(settings: AdaptSettings) -> dict[str, str]:
    """Digests of the weights and the few labels that an adaptation begins with, by option."""
    found = {"init": digest_of(settings.init)}
    if settings.origin:
        found["origin"] = digest_of(settings.origin)
    if settings.labeled:
        labels = read_info(find_weights(settings.init)).labels
        found["labeled"] = open_labeled(settings.labeled, labels).fingerprint()
    return found


def open_labeled(dataset: str, labels: LabelSet) -> LabeledFolder:
    """The few labeled images of the new place: val, or train where there is no val."""
    path = Path(dataset)
    split = "val" if has_split(path, "val") else "train"
    return open_split(path, split, load_label_set(path)).mapped_to(labels)
