"""Photographs: the truth stays, and each fault of a camera does what it does in a real one."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from segnet_model.scenes import Camera, Conditions, Drive, SceneFrame, draw_conditions
from segnet_model.scenes.weather.conditions import Optics, Sensor

CAMERA = Camera(width=160, height=120, fx=120.0, fy=120.0, cx=79.5, cy=59.5)
QUIET = Sensor(noise=0.0001, sharpening=0.0, contrast=0.0)
SKY, ROAD = 0, 3


def shot(
    seed: int = 3, sensor: Sensor = QUIET, optics: Optics | None = None, **change: object
) -> SceneFrame:
    """Return a frame of a drive under conditions."""
    conditions = Conditions(sensor=sensor, optics=optics or Optics())
    conditions = replace(conditions, **change)  # type: ignore[arg-type]
    return Drive(seed, CAMERA, conditions=conditions).frame(4)


@cache
def fault(name: str) -> SceneFrame:
    """Return the frame with one of FAULTS."""
    return FAULTS[name]()


def gray(frame: SceneFrame) -> npt.NDArray[np.float64]:
    return np.asarray(frame.image.mean(axis=2))


def detail(frame: SceneFrame) -> float:
    """Return the mean step from one pixel to the next."""
    return float(np.abs(np.diff(gray(frame), axis=1)).mean())


@pytest.fixture(scope="module")
def good() -> SceneFrame:
    """Return a frame of a good camera."""
    return shot()


FAULTS: dict[str, Callable[[], SceneFrame]] = {
    "blur": lambda: shot(optics=Optics(blur=3.0)),
    "motion": lambda: shot(optics=Optics(motion=60.0)),
    "vignette": lambda: shot(optics=Optics(vignette=0.6)),
    "fringe": lambda: shot(optics=Optics(fringe=0.01)),
    "glow": lambda: shot(optics=Optics(glow=0.2)),
    "exposure": lambda: shot(sensor=replace(QUIET, error=2.0)),
    "noise": lambda: shot(sensor=replace(QUIET, noise=0.03)),
    "gray": lambda: shot(sensor=replace(QUIET, gray=True)),
    "jpeg": lambda: shot(sensor=replace(QUIET, quality=30)),
    "fog": lambda: shot(sight=25.0),
    "dusk": lambda: shot(time="dusk"),
    "overcast": lambda: shot(sky="overcast"),
    "night": lambda: shot(time="night"),
    "rain": lambda: shot(sky="overcast", rain=True, wet=1.0),
    "drops": lambda: shot(optics=Optics(drops=40)),
    "dirt": lambda: shot(optics=Optics(dirt=0.9)),
    "infrared": lambda: shot(time="night", lamp="infrared"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_truth_does_not_change_with_light_and_camera(name: str, good: SceneFrame) -> None:
    frame = fault(name)
    np.testing.assert_array_equal(frame.labels, good.labels)
    np.testing.assert_array_equal(frame.depth, good.depth)
    np.testing.assert_array_equal(frame.camera_to_world, good.camera_to_world)
    assert (frame.image != good.image).mean() > 0.2


def test_a_seed_gives_the_same_photographs_in_any_order() -> None:
    conditions = draw_conditions(11)
    frames = list(Drive(11, CAMERA, conditions=conditions).frames(3))
    again = Drive(11, CAMERA, conditions=conditions)
    for index in (2, 0, 1):
        np.testing.assert_array_equal(again.frame(index).image, frames[index].image)


def test_blur_and_motion_take_detail_away(good: SceneFrame) -> None:
    assert detail(fault("blur")) < 0.7 * detail(good)
    assert detail(fault("motion")) < 0.95 * detail(good)


def test_a_vignette_darkens_the_corners_and_not_the_center(good: SceneFrame) -> None:
    ratio = (gray(fault("vignette")) + 1) / (gray(good) + 1)
    corners = np.concatenate([ratio[-10:, :10], ratio[-10:, -10:]]).mean()
    assert corners < 0.85 * ratio[50:70, 70:90].mean()


def test_exposure_aims_at_its_level() -> None:
    dark, bright = (shot(sensor=replace(QUIET, level=level)) for level in (0.08, 0.2))
    light = [float(((gray(frame) / 255) ** 2.2).mean()) for frame in (dark, bright)]
    assert light[1] / light[0] == pytest.approx(2.5, rel=0.15)
    assert 0.2 < light[1] < 0.3  # the sky is brighter than the metered part


def test_an_overcast_sky_is_clipped_to_white() -> None:
    sky = fault("overcast")
    assert (sky.image[sky.labels == SKY] >= 250).mean() > 0.7


def test_fog_hides_what_is_far_and_not_what_is_near(good: SceneFrame) -> None:
    fog = fault("fog")
    far = (good.depth > 40) & (good.labels != SKY)
    near = good.depth < 4
    assert gray(fog)[far].std() < 0.5 * gray(good)[far].std()
    assert gray(fog)[near].std() > 0.5 * gray(good)[near].std()


@pytest.mark.parametrize("name", ["night", "infrared"])
def test_lamps_light_what_is_near(name: str) -> None:
    night = fault(name)
    far = (night.depth > 40) & (night.labels == ROAD)
    near = (night.depth < 6) & (night.labels == ROAD)
    assert gray(night)[near].mean() > 1.8 * gray(night)[far].mean()
    assert gray(night)[night.labels == SKY].mean() < gray(night)[near].mean()


def test_drops_stay_where_they_are_on_the_lens() -> None:
    clean, wet = (Drive(3, CAMERA, fps=1.0, conditions=Conditions(sensor=QUIET, optics=optics))
                  for optics in (Optics(), Optics(drops=12)))  # fmt: skip
    changed = [np.abs(gray(wet.frame(i)) - gray(clean.frame(i))) > 12 for i in (0, 3)]
    assert 0.005 < changed[0].mean() < 0.5
    assert (changed[0] & changed[1]).sum() > 0.4 * min(each.sum() for each in changed)


def test_gray_cameras_have_no_color() -> None:
    image = fault("gray").image
    assert np.ptp(image.astype(int), axis=2).max() <= 1


def test_jpeg_leaves_blocks_of_eight(good: SceneFrame) -> None:
    def blocks(frame: SceneFrame) -> float:
        step = np.abs(np.diff(gray(frame), axis=1)).mean(axis=0)
        edge = np.arange(step.size) % 8 == 7
        return float(step[edge].mean() / step[~edge].mean())

    assert blocks(fault("jpeg")) > 1.1 * blocks(good)


def test_noise_grows_in_the_dark() -> None:
    def noise(**change: object) -> float:
        grainy, clean = (Sensor(noise=noise, level=0.05) for noise in (0.01, 1e-6))
        difference = gray(shot(sensor=grainy, **change)) - gray(shot(sensor=clean, **change))
        return float(difference.std())

    assert noise(time="night") > 1.5 * noise(time="day") > 0.3
