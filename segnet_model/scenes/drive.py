"""Procedural drives: a camera in a world whose labels, depth and pose are known exactly.

A drive is a street with CamVid's eleven classes, or another world of `worlds.py`, with its own
weather. A seed gives the same drive on every machine, and frames can be drawn in any order.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segnet_model.base.errors import SettingsError
from segnet_model.scenes.camera.film import draw_film
from segnet_model.scenes.camera.photo import draw_photographer
from segnet_model.scenes.camera.rig import Camera
from segnet_model.scenes.classes import UNKNOWN
from segnet_model.scenes.drawing.panels import Canvas, Floats, Panel, View, draw_panels
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.drawing.rays import cast_rays, ground_hits, sky_row_count
from segnet_model.scenes.materials.surfaces import Surfaces
from segnet_model.scenes.plan import Square, free_cells
from segnet_model.scenes.weather.conditions import Conditions
from segnet_model.scenes.weather.sky import draw_weather, paint_sky
from segnet_model.scenes.worlds import build_world, chosen_world

_SPACING = 8.0  # meters from frame to frame where no rate is given


@dataclass(frozen=True, eq=False)
class SceneFrame:
    """One frame of a drive and its ground truth."""

    stamp: float  # seconds since the start of the drive
    image: npt.NDArray[np.uint8]  # (H, W, 3) RGB
    labels: npt.NDArray[np.uint8]  # (H, W) ids of the label set `scenes`; streets have 0 to 11
    depth: npt.NDArray[np.float32]  # (H, W) meters along the optical axis; inf in the sky
    camera_to_world: npt.NDArray[np.float64]  # (4, 4); world: x along the street, y left, z up

    @property
    def unknown(self) -> npt.NDArray[np.bool_]:
        """Pixels that show an object of no class, (H, W); see `Drive`."""
        return np.asarray(self.labels == UNKNOWN)


class Drive:
    """An endless street, park or trail, seen from a camera that moves along it.

    Example:
        >>> frame = Drive(seed=3, camera=Camera(width=96, height=72)).frame(10)
        >>> frame.stamp, frame.image.shape, frame.labels.shape
        (1.0, (72, 96, 3), (72, 96))
    """

    def __init__(
        self,
        seed: int,
        camera: Camera | None = None,
        fps: float | None = 10.0,
        speed: float | None = None,
        unknown: bool = False,
        world: str = "street",
        surfaces: Surfaces | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        """Draw everything that stays the same along the drive.

        Args:
            seed: 0 or more; the only source of randomness.
            camera: the default Camera if None.
            fps: frames a second; None draws one every 8 meters.
            speed: meters a second along the world's x axis; None takes the world's usual speed,
                8.0 on a street.
            unknown: place objects of no class along the street, to test uncertainty: a ball, a
                sofa, a cow and so on. The rest of the drive is the same without them.
            world: a name of `WORLDS`; "mixed" lets the seed choose one.
            surfaces: cover the ground, walls and plants with these materials, others in each
                drive, and draw houses, fences and signs of many kinds. Natural ground is never
                plain: None draws its materials.
            conditions: season, weather and faults of the camera; None draws sunny and overcast
                days with a good camera.

        Raises:
            DatasetError: a photograph of a surface is damaged.
            SettingsError: seed below 0, fps or speed not above 0, or no world of that name.
        """
        self.camera = camera or Camera()
        self._rays = self.camera.rays()
        self._weather = draw_weather(seed, conditions)
        zoom = self.camera.fx / 360.0
        self.world = chosen_world(world, seed)
        self._world = build_world(self.world, seed, self._weather, zoom, unknown, surfaces)
        self.speed = self._world.pace if speed is None else speed
        self.fps = self.speed / _SPACING if fps is None else fps
        if not (self.fps > 0 and self.speed > 0):
            raise SettingsError(
                f"fps {self.fps} and speed {self.speed} must both be greater than 0"
            )
        size = self.camera.height, self.camera.width
        self._film = (
            draw_photographer(seed, *size, conditions) if conditions else draw_film(seed, *size)
        )

    def frames(self, count: int) -> Iterator[SceneFrame]:
        """Yield the first `count` frames."""
        for index in range(count):
            yield self.frame(index)

    def frame(self, index: int) -> SceneFrame:
        """Return one frame, independent of the frames drawn before.

        Raises:
            SettingsError: index below 0.
        """
        stamp, pose = self._moment(index)
        canvas = Canvas.empty(self.camera.height, self.camera.width)
        canvas.snow = min(1.0, 1.2 * self._weather.snow)
        view = View(self.camera.matrix, pose, self._rays)
        props = self._world.props(pose[:3, 3], stamp, self.speed)
        self._draw_world(canvas, view, props)
        draw_panels(canvas, view, [panel for prop in props for panel in prop.panels])
        image = self._film.develop(canvas, view, self._weather, index)
        return SceneFrame(stamp, image, canvas.labels, canvas.depth.astype(np.float32), pose)

    def panels(self, index: int) -> list[Panel]:
        """Return all surfaces near the camera in a frame: the truth about occlusion.

        Raises:
            SettingsError: index below 0.
        """
        return [panel for prop in self._props(index) for panel in prop.panels]

    def free_cells(self, index: int, square: Square) -> npt.NDArray[np.bool_]:
        """Return which cells of a square of ground are free at a frame, in view or not.

        Returns:
            (cells, cells), rows along y: whether all of a cell is road or path, and nothing below
            2 m stands on it.

        Raises:
            SettingsError: index below 0.
        """
        return free_cells(square, self._props(index), self.is_drivable)

    def is_drivable(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Return whether points of the ground, in world meters, are road or path."""
        return self._world.is_drivable(x, y)

    def pose(self, stamp: float) -> Floats:
        """Return camera_to_world (4, 4) at a time in seconds since the start."""
        camera = self.camera
        pose = self._world.pose(self.speed * stamp, stamp, camera.mount_height, camera.pitch)
        if camera.roll:
            pose[:3, :2] = pose[:3, :2] @ _turn(camera.roll)
        return pose

    def _props(self, index: int) -> list[Prop]:
        stamp, pose = self._moment(index)
        return self._world.props(pose[:3, 3], stamp, self.speed)

    def _moment(self, index: int) -> tuple[float, Floats]:
        """Return the stamp and the camera_to_world (4, 4) of a frame."""
        if index < 0:
            raise SettingsError(f"frame {index} is before the start; use 0 or more")
        stamp = index / self.fps
        return stamp, self.pose(stamp)

    def _draw_world(self, canvas: Canvas, view: View, props: list[Prop]) -> None:
        """Draw the sky, and the ground with its shadows."""
        rays = cast_rays(view, canvas.labels.shape)
        sky_rows = sky_row_count(rays)
        if sky_rows:
            canvas.albedo[:sky_rows] = paint_sky(self._weather, rays[:, :sky_rows])
        hits, position = ground_hits(view, rays), view.camera_to_world[:3, 3]
        if not hits.hit.any():
            return
        self._world.paint(canvas, hits, props, position)


def _turn(angle: float) -> Floats:
    """Return the (2, 2) rotation of x and y in the image, clockwise."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])
