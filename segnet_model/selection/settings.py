"""What to choose frames from, and how many."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from segnet_model.base.errors import SettingsError
from segnet_model.base.units import NANOSECONDS


@dataclass(frozen=True)
class SelectSettings:
    """What makes two selections the same."""

    source: str  # absolute path of a bag, or of a folder of images
    weights: str
    topic: str | None  # of the images; None: the only one of the bag
    every: float  # least seconds between two candidates of a bag
    count: int  # frames to choose
    val: int  # frames to measure on
    uncertainty: str
    samples: int
    seed: int

    def __post_init__(self) -> None:
        """Refuse what is out of range: SettingsError."""
        if self.count < 1 or self.val < 0 or not 0 <= self.every <= 1e6:
            raise SettingsError(
                f"--count {self.count} must be 1 or more, --val {self.val} and --every "
                f"{self.every} 0 or more"
            )

    @property
    def every_ns(self) -> int:
        """Least nanoseconds between two candidates."""
        return round(self.every * NANOSECONDS)

    def difference(self, other: SelectSettings) -> str | None:
        """The first setting in which they differ, "count 30, not 50"; None where they are equal."""
        values = asdict(other)
        differing = (
            f"{name} {value}, not {values[name]}"
            for name, value in asdict(self).items()
            if value != values[name]
        )
        return next(differing, None)
