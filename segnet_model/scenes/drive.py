"""Procedural drives: a camera on a street whose labels, depth and pose are known exactly.

A drive is a street with CamVid's eleven classes and its own weather. A seed gives the same
drive on every machine, and frames can be drawn in any order.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segnet_model.base.errors import SettingsError
from segnet_model.scenes.block import Site, build_block, draw_cast
from segnet_model.scenes.camera import cast_rays, draw_motion, ground_hits, sky_row_count
from segnet_model.scenes.film import develop, draw_film
from segnet_model.scenes.ground import draw_ground, is_road, paint_ground, shade_ground
from segnet_model.scenes.oddities import draw_oddities, place_oddities
from segnet_model.scenes.panels import Canvas, Floats, Panel, View, draw_panels
from segnet_model.scenes.props import Prop
from segnet_model.scenes.sketch import UNKNOWN
from segnet_model.scenes.street import BLOCK, draw_plan, draw_street
from segnet_model.scenes.traffic import build_traffic
from segnet_model.scenes.weather import draw_weather, paint_sky

_BEHIND, _AHEAD = 32.0, 200.0  # meters; things behind the camera may cast shadows ahead
_KEPT_BLOCKS = 12


@dataclass(frozen=True)
class Camera:
    """A pinhole camera on a vehicle; optical frame: x right, y down, z forward.

    Raises:
        SettingsError: a size, focal length, height or pitch is out of range.
    """

    width: int = 480
    height: int = 360
    fx: float = 360.0  # pixels, as are fy, cx and cy
    fy: float = 360.0
    cx: float = 239.5
    cy: float = 179.5
    mount_height: float = 1.5  # meters above the ground
    pitch: float = 0.05  # radians, positive looks down

    def __post_init__(self) -> None:
        """Check the values."""
        if self.width < 1 or self.height < 1:
            raise SettingsError(f"image size {self.width}x{self.height} is empty; use 1x1 or more")
        if not (self.fx > 0 and self.fy > 0 and self.mount_height > 0):
            raise SettingsError("fx, fy and mount_height must be greater than 0")
        if not abs(self.pitch) < 1.0:
            raise SettingsError(f"pitch {self.pitch} rad; use a value between -1 and 1")

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The (3, 3) intrinsics."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, eq=False)
class SceneFrame:
    """One frame of a drive and its ground truth."""

    stamp: float  # seconds since the start of the drive
    image: npt.NDArray[np.uint8]  # (H, W, 3) RGB
    labels: npt.NDArray[np.uint8]  # (H, W) CamVid class ids, 0 to 10; 11, ignored, if unknown
    depth: npt.NDArray[np.float32]  # (H, W) meters along the optical axis; inf in the sky
    camera_to_world: npt.NDArray[np.float64]  # (4, 4); world: x along the street, y left, z up

    @property
    def unknown(self) -> npt.NDArray[np.bool_]:
        """Pixels that show an object of no class, (H, W); see `Drive`."""
        return np.asarray(self.labels == UNKNOWN)


class Drive:
    """An endless street, seen from a camera that moves along it.

    Example:
        >>> frame = Drive(seed=3, camera=Camera(width=96, height=72)).frame(10)
        >>> frame.stamp, frame.image.shape, frame.labels.shape
        (1.0, (72, 96, 3), (72, 96))
    """

    def __init__(
        self,
        seed: int,
        camera: Camera | None = None,
        fps: float = 10.0,
        speed: float = 8.0,
        unknown: bool = False,
    ) -> None:
        """Draw everything that stays the same along the drive.

        Args:
            seed: 0 or more; the only source of randomness.
            camera: the default Camera if None.
            fps: frames a second.
            speed: meters a second along the world's x axis.
            unknown: place objects of no class along the street, to test uncertainty: a ball, a
                sofa, a cow and so on. The rest of the drive is the same without them.

        Raises:
            SettingsError: seed below 0, or fps or speed not above 0.
        """
        if not (fps > 0 and speed > 0):
            raise SettingsError(f"fps {fps} and speed {speed} must both be greater than 0")
        self.camera = camera or Camera()
        self.fps, self.speed = fps, speed
        self._street, self._weather = draw_street(seed), draw_weather(seed)
        self._motion = draw_motion(seed, self._street)
        self._ground = draw_ground(seed)
        self._film = draw_film(seed, self.camera.height, self.camera.width)
        cast = draw_cast(seed, self._weather)
        self._site = Site(self._street, self._weather, cast, self.camera.fx / 360.0)
        self._oddities = draw_oddities(seed, self._weather, self._site.zoom) if unknown else []
        self._blocks: OrderedDict[int, list[Prop]] = OrderedDict()

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
        view = View(self.camera.matrix, pose)
        props = self._props(float(pose[0, 3]), stamp)
        self._draw_world(canvas, view, props)
        draw_panels(canvas, view, [panel for prop in props for panel in prop.panels])
        image = develop(self._film, canvas, self._weather, index)
        return SceneFrame(stamp, image, canvas.labels, canvas.depth.astype(np.float32), pose)

    def panels(self, index: int) -> list[Panel]:
        """Return all surfaces near the camera in a frame: the truth about occlusion.

        Raises:
            SettingsError: index below 0.
        """
        stamp, pose = self._moment(index)
        return [panel for prop in self._props(float(pose[0, 3]), stamp) for panel in prop.panels]

    def is_road(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Return whether points of the ground, in world meters, are road (True) or pavement."""
        blocks = range(int(np.floor(x.min() / BLOCK)), int(np.floor(x.max() / BLOCK)) + 1)
        plans = [draw_plan(self._street, block) for block in blocks]
        return is_road(x, y - self._street.bend(x), self._street, plans)

    def _moment(self, index: int) -> tuple[float, Floats]:
        """Return the stamp and the camera_to_world (4, 4) of a frame."""
        if index < 0:
            raise SettingsError(f"frame {index} is before the start; use 0 or more")
        stamp, camera = index / self.fps, self.camera
        pose = self._motion.pose(self.speed * stamp, stamp, camera.mount_height, camera.pitch)
        return stamp, pose

    def _props(self, x: float, stamp: float) -> list[Prop]:
        """Return all props near the camera, standing and moving."""
        props = build_traffic(self._site, x, stamp, self.speed)
        for block in _blocks_around(x):
            props += self._block(block)
        return props

    def _block(self, block: int) -> list[Prop]:
        """Return a block's props, kept for the next frames."""
        if block not in self._blocks:
            self._blocks[block] = build_block(self._site, block)
            self._blocks[block] += place_oddities(self._oddities, self._street, block)
        if len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return self._blocks[block]

    def _draw_world(self, canvas: Canvas, view: View, props: list[Prop]) -> None:
        """Draw the sky, and the ground with its shadows."""
        rays = cast_rays(view, canvas.labels.shape)
        sky_rows = sky_row_count(rays)
        if sky_rows:
            canvas.albedo[:sky_rows] = paint_sky(self._weather, rays[:, :sky_rows])
        hits, position = ground_hits(view, rays), view.camera_to_world[:3, 3]
        if not hits.hit.any():
            return
        plans = [draw_plan(self._street, block) for block in _blocks_around(float(position[0]))]
        paint_ground(canvas, hits, self._street, plans, self._ground)
        shadows = [shadow for prop in props for shadow in prop.shadows]
        shade_ground(canvas, hits, shadows, self._weather, position)


def _blocks_around(x: float) -> range:
    """Return the numbers of the blocks with things or shadows in view from x."""
    return range(int(np.floor((x - _BEHIND) / BLOCK)), int(np.floor((x + _AHEAD) / BLOCK)) + 1)
