"""What decides where the robot may drive."""

from __future__ import annotations

from dataclasses import dataclass

from segnet_model.base.errors import SettingsError


@dataclass(frozen=True)
class Driving:
    """What decides where the robot may drive; see `drivable_mask`. As the node has it."""

    max_uncertainty: float = 0.5
    min_area: float = 0.0005
    margin: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.max_uncertainty <= 1 and 0 <= self.min_area <= 1 and self.margin >= 0):
            raise SettingsError(
                f"max uncertainty {self.max_uncertainty} and min area {self.min_area} must be from "
                f"0 to 1, margin {self.margin} 0 or more"
            )
