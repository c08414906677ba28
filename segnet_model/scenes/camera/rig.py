"""Cameras and where a robot carries them: intrinsics, distortion, height and tilt."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.base.errors import SettingsError
from segnet_model.scenes.draws import Purpose, chance, pick, stream

Floats = npt.NDArray[np.float64]
FISHEYE = "equidistant"
# ROS's names of the distortion models, and their numbers of coefficients in OpenCV's order.
MODELS = {"plumb_bob": (0, 5), "rational_polynomial": (8,), FISHEYE: (4,)}
SIZES = ((480, 360), (480, 360), (480, 360), (512, 288), (480, 384), (480, 320), (400, 400))
_ROUNDS, _CLOSE = 20, 1e-7  # of the search for a ray; focal lengths


@dataclass(frozen=True)
class Camera:
    """A camera on a vehicle; optical frame: x right, y down, z forward.

    Raises:
        SettingsError: a size, focal length, height, tilt or distortion is out of range.
    """

    width: int = 480
    height: int = 360
    fx: float = 360.0  # pixels, as are fy, cx and cy
    fy: float = 360.0
    cx: float = 239.5
    cy: float = 179.5
    mount_height: float = 1.5  # meters above the ground
    pitch: float = 0.05  # radians, positive looks down
    roll: float = 0.0  # radians, positive leans to the right
    model: str = "plumb_bob"  # of the distortion: a name of MODELS
    distortion: tuple[float, ...] = ()  # coefficients in OpenCV's order; () for a pinhole camera

    def __post_init__(self) -> None:
        """Check the values."""
        if self.width < 1 or self.height < 1:
            raise SettingsError(f"image size {self.width}x{self.height} is empty; use 1x1 or more")
        if not (self.fx > 0 and self.fy > 0 and self.mount_height > 0):
            raise SettingsError("fx, fy and mount_height must be greater than 0")
        for name, angle in (("pitch", self.pitch), ("roll", self.roll)):
            if not abs(angle) < 1.0:
                raise SettingsError(f"{name} {angle} rad; use a value between -1 and 1")
        counts = MODELS.get(self.model, ())
        if len(self.distortion) not in counts:
            raise SettingsError(
                f"distortion {self.model!r} with {len(self.distortion)} coefficients; use one of "
                + ", ".join(f"{name!r} with {counts[-1]}" for name, counts in MODELS.items())
            )

    @property
    def matrix(self) -> Floats:
        """The (3, 3) intrinsics."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def rays(self) -> Floats | None:
        """Return x and y at depth 1 of each pixel's ray, (2, H, W); None without distortion.

        Raises:
            SettingsError: a pixel has no ray, because the distortion folds the image.
        """
        if not self.distortion:
            return None
        pixels = np.stack(np.meshgrid(np.arange(self.width), np.arange(self.height)), axis=-1)
        target = pixels.reshape(-1, 1, 2).astype(np.float64)
        found = _undistorted(self, target)
        for number in range(_ROUNDS):
            missed = (_distorted(self, found) - target) / self.fx
            if np.abs(missed).max() < _CLOSE:
                return np.asarray(found.reshape(self.height, self.width, 2).transpose(2, 0, 1))
            if number % 5 == 0:  # a new slope costs four projections
                slopes = _slopes(self, found)
            found -= np.einsum("nij,nkj->nki", slopes, missed)
        raise SettingsError(
            f"distortion {self.distortion} reaches no ray for some pixels; use weaker coefficients"
        )


def _undistorted(camera: Camera, pixels: Floats) -> Floats:
    """Return about the rays (n, 1, 2) at depth 1 of pixels (n, 1, 2)."""
    undo = cv2.fisheye.undistortPoints if camera.model == FISHEYE else cv2.undistortPoints
    return np.asarray(undo(pixels, camera.matrix, np.array(camera.distortion)), np.float64)


def _distorted(camera: Camera, rays: Floats) -> Floats:
    """Return the pixels (n, 1, 2) of rays (n, 1, 2) at depth 1."""
    points = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)
    project = cv2.fisheye.projectPoints if camera.model == FISHEYE else cv2.projectPoints
    still = np.zeros(3)
    found, _ = project(points, still, still, camera.matrix, np.array(camera.distortion))
    return np.asarray(found, np.float64)


def _slopes(camera: Camera, rays: Floats) -> Floats:
    """Return (n, 2, 2): how a ray moves with its pixel, in focal lengths."""
    step = 1e-5
    moved = [
        (_distorted(camera, rays + step * axis) - _distorted(camera, rays - step * axis))[:, 0]
        for axis in np.eye(2)
    ]
    (a, c), (b, d) = (way.T / (2 * step * camera.fx) for way in moved)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.stack([[d, -b], [-c, a]]) / (a * d - b * c)
    return np.asarray(inverse.transpose(2, 0, 1))


def draw_camera(seed: int) -> Camera:
    """Draw a camera as robots carry it: low or high, tilted, wide or narrow, with its lens.

    Heights are 0.2 to 1.8 m, pitch -0.1 to 0.5 rad, fields of view 50 to 120 degrees.
    """
    rng = stream(seed, Purpose.CAMERA)
    width, height = pick(rng, SIZES)
    view = np.radians(rng.triangular(50.0, 70.0, 120.0))  # across
    model, focal, distortion = _draw_lens(rng, width, height, float(view))
    return Camera(
        width=width,
        height=height,
        fx=focal,
        fy=focal * rng.uniform(0.99, 1.01),
        cx=(width - 1) / 2 + rng.normal(0, 0.012 * width),
        cy=(height - 1) / 2 + rng.normal(0, 0.012 * width),
        mount_height=float(np.exp(rng.uniform(np.log(0.2), np.log(1.8)))),
        pitch=float(rng.triangular(-0.1, 0.08, 0.5)),
        roll=float(np.clip(rng.normal(0, 0.03), -0.15, 0.15)),
        model=model,
        distortion=distortion,
    )


def _draw_lens(
    rng: Generator, width: int, height: int, view: float
) -> tuple[str, float, tuple[float, ...]]:
    """Return model, focal length in pixels, and coefficients for a field of view in radians."""
    if view > np.radians(95):  # a straight picture this wide would stretch its corners too far
        wobble = rng.normal(0, 0.004, 4) * (1, 0.5, 0.2, 0.1)
        return FISHEYE, width / view, tuple(map(float, wobble))
    if chance(rng, 0.3):
        return "plumb_bob", width / 2 / float(np.tan(view / 2)), ()
    # Coefficients by their effect in the corner: at most a sixth closer to the center there.
    corner = np.tan(view / 2) * np.hypot(1, height / width)
    k1, k2 = rng.uniform(-0.16, 0.04) / corner**2, rng.uniform(0.0, 0.03) / corner**4
    edge = float(np.tan(view / 2))
    focal = width / 2 / (edge * (1 + k1 * edge**2 + k2 * edge**4))
    p1, p2 = rng.normal(0, 0.0008, 2)
    if chance(rng, 0.25):
        return "rational_polynomial", focal, (k1, k2, p1, p2, 0.0, 0.0, 0.0, 0.0)
    return "plumb_bob", focal, (float(k1), float(k2), float(p1), float(p2), 0.0)
