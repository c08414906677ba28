"""What rendered drives show, how, and in which label set."""

from __future__ import annotations

from dataclasses import dataclass

from segnet_model.base.errors import SettingsError
from segnet_model.labels import LabelMap
from segnet_model.scenes import Camera, Drive, Surfaces, draw_camera, draw_conditions

SCENES, STREET, OUTDOOR = "scenes", "camvid", "outdoor"  # label sets
VARIED = "varied"


@dataclass(frozen=True)
class DriveSettings:
    """What drives show and how, for all seeds.

    Attributes:
        unknown: add objects of no class, whose pixels are ignored; see `Drive`.
        labels: label set of the truth, camvid or outdoor; None takes camvid for the street.
        surfaces: what covers the ground, walls and plants; see `Drive`.
        world: where the drives lead; a name of `WORLDS`.
        conditions: "plain" for days with a good camera; "varied" draws seasons, light, weather
            and faults of the camera for each drive; see `draw_conditions`.
        cameras: "default" for one camera; "varied" draws height, tilt, field of view, distortion
            and image size for each drive; see `draw_camera`.

    Raises:
        SettingsError: conditions or cameras are none of these.
    """

    unknown: bool = False
    labels: str | None = None
    surfaces: Surfaces | None = None
    world: str = "street"
    conditions: str = "plain"
    cameras: str = "default"

    def __post_init__(self) -> None:
        """Check the names."""
        for name, value, known in (
            ("conditions", self.conditions, ("plain", VARIED)),
            ("cameras", self.cameras, ("default", VARIED)),
        ):
            if value not in known:
                raise SettingsError(f"{name} {value!r}; use one of {', '.join(known)}")

    def label_map(self) -> LabelMap:
        """Return the map from the ids of frames to the label set of the truth."""
        return LabelMap.load(SCENES, self.labels or (STREET if self.world == "street" else OUTDOOR))

    def camera(self, seed: int) -> Camera:
        """Return the camera of a seed."""
        return draw_camera(seed) if self.cameras == VARIED else Camera()

    def drive(self, seed: int, fps: float | None) -> Drive:
        """Return the drive of a seed."""
        return Drive(
            seed,
            camera=self.camera(seed),
            fps=fps,
            unknown=self.unknown,
            world=self.world,
            surfaces=self.surfaces,
            conditions=draw_conditions(seed) if self.conditions == VARIED else None,
        )


PLAIN = DriveSettings()  # a street on ordinary days, seen by a good camera
