"""Options of an extraction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from segnet_model.base.errors import SettingsError
from segnet_model.base.units import NANOSECONDS

SPLIT_WAYS = ("time", "blocks", "bag")
BLOCK = 10.0  # seconds
GAP = 1.0  # seconds


@dataclass(frozen=True)
class ExtractSettings:
    """Options of an extraction; None is a default that depends on the other options."""

    topics: tuple[str, ...] = ()  # image topics; empty takes the only one of each bag
    every: float = 0.5  # minimum seconds between two images; 0 takes all
    unlike: float = 0.0  # minimum difference to the last image, in percent
    labels_topics: tuple[str, ...] = ()  # mono8 class ids, one topic for each image topic
    tolerance: float | None = None  # seconds between an image and its labels; None: 0.001
    split: str = "time"
    val: float = 0.2  # share of the time for the validation split
    block: float | None = None  # seconds, of split "blocks"; None: `BLOCK`
    gap: float | None = None  # seconds between the splits; None: `GAP`, less in short bags

    def __post_init__(self) -> None:
        """Raise SettingsError where a value is out of range or contradicts another."""
        self._check_ranges()
        self._check_topics()
        if self.split not in SPLIT_WAYS:
            raise SettingsError(f"split {self.split!r} is none of {', '.join(SPLIT_WAYS)}")
        if self.block is not None and self.split != "blocks":
            raise SettingsError(f"block {self.block} needs split blocks, not {self.split}")
        if self.gap is not None and self.split == "bag":
            raise SettingsError("gap has no meaning where whole bags are split; leave it out")
        if self.split == "blocks" and self.gap_ns >= self.block_ns:
            raise SettingsError(
                f"a gap of {self.gap_ns / NANOSECONDS:g} s leaves nothing of blocks of "
                f"{self.block_ns / NANOSECONDS:g} s; make the blocks longer or the gap smaller"
            )

    @property
    def every_ns(self) -> int:
        """Minimum nanoseconds between two images."""
        return round(self.every * NANOSECONDS)

    @property
    def tolerance_ns(self) -> int:
        """Maximum nanoseconds between an image and its labels."""
        return round((0.001 if self.tolerance is None else self.tolerance) * NANOSECONDS)

    @property
    def block_ns(self) -> int:
        """Length of a block, nanoseconds."""
        return round((BLOCK if self.block is None else self.block) * NANOSECONDS)

    @property
    def gap_ns(self) -> int:
        """Length of the gap between splits, nanoseconds."""
        return round((GAP if self.gap is None else self.gap) * NANOSECONDS)

    def _check_ranges(self) -> None:
        maxima = {"every": 1e6, "unlike": 100.0, "tolerance": 1.0, "val": 1.0, "gap": 1e6}
        for name, highest in maxima.items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= highest:
                raise SettingsError(f"{name} is {value}; give 0 to {highest:g}")
        if self.block is not None and not 1e-3 <= self.block <= 1e6:
            raise SettingsError(f"block is {self.block}; give 0.001 to 1e+06")

    def _check_topics(self) -> None:
        twice = [t for t, n in Counter(self.topics + self.labels_topics).items() if n > 1]
        if twice:
            raise SettingsError(f"topic {twice[0]} is named twice; name each once")
        if self.labels_topics and len(self.labels_topics) != max(1, len(self.topics)):
            raise SettingsError(
                f"{len(self.labels_topics)} labels topics for {len(self.topics) or 'unnamed'} image"
                " topics; name the labels of each image topic, in the same order"
            )
        if self.tolerance is not None and not self.labels_topics:
            raise SettingsError("tolerance pairs images with labels; name a labels topic too")
