"""Rendered drives as recordings and as data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segnet_model.bags.messages import standard_types
from segnet_model.bags.odometry import read_way
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.drives import DriveSettings, write_dataset, write_drive
from segnet_model.datasets.folder import load_label_set, open_split
from segnet_model.datasets.sources import BagSource
from segnet_model.driving import Lens
from segnet_model.labels import LabelMap, LabelSet
from segnet_model.scenes import Drive, Surfaces, draw_camera
from segnet_model.scenes.classes import GROUND

CAMERA, TRUTH = "/camera/image_raw", "/truth/labels"
STEP = 100_000_000  # 10 frames a second
CAMVID = LabelSet.load("camvid")
OUTDOOR = DriveSettings(labels="outdoor")


def test_a_drive_is_recorded_with_its_truth(tmp_path: Path) -> None:
    assert write_drive(tmp_path / "drive", seed=5, seconds=0.3, depth=True) == 3
    truth = list(Drive(5).frames(3))
    with BagSource(tmp_path / "drive", CAMERA) as source:
        images, labels = list(source.frames_of(CAMERA)), list(source.labels_of(TRUTH))
        assert {name: info.count for name, info in source.reader.topics.items()} == {
            CAMERA: 3,
            "/camera/camera_info": 3,
            "/odom": 5,  # 20 Hz
            TRUTH: 3,
            "/truth/depth": 3,
            "/truth/pose": 3,
        }
    for frame, image, label in zip(truth, images, labels, strict=True):
        np.testing.assert_array_equal(image.image(), frame.image)
        np.testing.assert_array_equal(label.ids(), frame.labels)
        assert image.stamp_ns == label.stamp_ns
    assert images[1].stamp_ns - images[0].stamp_ns == STEP


def test_odometry_is_the_way_of_the_robot_below_the_camera(tmp_path: Path) -> None:
    write_drive(tmp_path / "drive", seed=5, seconds=0.3)
    with BagReader(tmp_path / "drive") as bag:
        way = read_way(bag, None, None, "base_link")
    assert way.frames == ("odom", "base_link")
    assert np.diff(way.stamps).tolist() == [STEP // 2] * 4
    truth = np.stack([frame.camera_to_world for frame in Drive(5).frames(3)])
    found = way.matrices()
    halves = (truth[1:, :2, 3] + truth[:-1, :2, 3]) / 2
    np.testing.assert_allclose(found[1::2, :2, 3], halves, atol=0.01)
    found = found[::2]
    np.testing.assert_allclose(found[:, :2, 3], truth[:, :2, 3], atol=1e-9)
    np.testing.assert_array_equal(found[:, 2, 3], 0)
    # The robot's x axis lies below the camera's axis, its z axis is up.
    ahead = truth[:, :2, 2] / np.linalg.norm(truth[:, :2, 2], axis=1, keepdims=True)
    np.testing.assert_allclose(found[:, :2, 0], ahead, atol=1e-9)
    np.testing.assert_allclose(found[:, :3, 2], [[0, 0, 1]] * 3, atol=1e-9)


def test_drives_follow_each_other_in_one_recording(tmp_path: Path) -> None:
    park = DriveSettings(labels="outdoor", world="park")
    path = tmp_path / "drive"
    assert write_drive(path, seed=3, seconds=0.2, settings=OUTDOOR, then=[park]) == 4
    with BagSource(path, CAMERA) as source:
        images = list(source.frames_of(CAMERA))
        labels = [label.ids() for label in source.labels_of(TRUTH)]
    for index, world in ((1, "street"), (3, "park")):
        frame = Drive(3, world=world).frame(index % 2)
        np.testing.assert_array_equal(images[index].image(), frame.image)
        lookup = LabelMap.load("scenes", "outdoor").lookup
        np.testing.assert_array_equal(labels[index], lookup[frame.labels])
    assert [image.stamp_ns - images[0].stamp_ns for image in images] == [
        0,
        STEP,
        2 * STEP,
        3 * STEP,
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_drives_as_a_data_set(tmp_path: Path, workers: int) -> None:
    assert write_dataset(tmp_path, range(3, 6), frames=1, val=0.3, workers=workers) == (2, 1)
    val = open_split(tmp_path, "val", CAMVID)
    assert [sample.image.name for sample in val.samples] == ["000005_0000.png"]
    image, labels = val.read(0)
    frame = Drive(5, fps=1.0).frame(0)
    np.testing.assert_array_equal(image, frame.image)
    np.testing.assert_array_equal(labels, frame.labels)
    assert len(open_split(tmp_path, "train", CAMVID)) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_drives_with_surfaces(tmp_path: Path, workers: int) -> None:
    surfaces = Surfaces.procedural(0)
    laid = DriveSettings(surfaces=surfaces)
    write_dataset(tmp_path, range(3, 5), frames=1, val=0.5, workers=workers, settings=laid)
    image, labels = open_split(tmp_path, "val", CAMVID).read(0)
    frame, plain = (Drive(4, fps=1.0, surfaces=one).frame(0) for one in (surfaces, None))
    np.testing.assert_array_equal(image, frame.image)
    np.testing.assert_array_equal(labels, frame.labels)
    assert (image != plain.image).any()
    # Houses, fences and signs become richer; the ground stays what it is, where both show it.
    ground = np.isin(labels, GROUND) & np.isin(plain.labels, GROUND)
    assert ground.mean() > 0.25
    np.testing.assert_array_equal(labels[ground], plain.labels[ground])


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_workers_than_one_are_refused(tmp_path: Path, workers: int) -> None:
    with pytest.raises(SettingsError, match=f"workers is {workers}; give at least 1"):
        write_dataset(tmp_path / "data", [3], frames=1, val=0.0, workers=workers)
    assert not (tmp_path / "data").exists()


def test_a_recording_describes_its_varied_camera(tmp_path: Path) -> None:
    varied = DriveSettings(conditions="varied", cameras="varied")
    write_drive(tmp_path / "drive", seed=4, seconds=0.1, settings=varied)
    camera, frame = draw_camera(4), varied.drive(4, 10.0).frame(0)
    with BagSource(tmp_path / "drive", CAMERA) as source:
        np.testing.assert_array_equal(next(iter(source.frames_of(CAMERA))).image(), frame.image)
        message = next(source.reader.messages("/camera/camera_info"))
    info = standard_types().deserialize_cdr(message.data, message.type)
    lens = Lens.from_camera_info(info.width, info.height, info.k, info.distortion_model, info.d)
    rays = camera.rays()
    assert rays is not None
    pixels = lens.project(np.array([[*rays[:, 20, 30], 1.0], [*rays[:, 250, 400], 1.0]]))
    np.testing.assert_allclose(pixels, [(30, 20), (400, 250)], atol=1e-3)


def test_drives_refuse(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no frame"):
        write_drive(tmp_path / "drive", seed=0, seconds=0)
    with pytest.raises(SettingsError, match="conditions 'wild'; use one of plain, varied"):
        DriveSettings(conditions="wild")
    with pytest.raises(SettingsError, match="cameras 'wild'; use one of default, varied"):
        DriveSettings(cameras="wild")
    with pytest.raises(SettingsError, match="cannot render"):
        write_dataset(tmp_path / "set", range(0), frames=1)


def test_a_drive_has_the_labels_that_are_asked_for(tmp_path: Path) -> None:
    write_dataset(
        tmp_path / "set",
        [3],
        frames=1,
        val=0.0,
        workers=1,
        settings=OUTDOOR,
    )
    own = load_label_set(tmp_path / "set")
    assert own == LabelSet.load("outdoor")
    truth, labels = Drive(3, fps=1.0).frame(0).labels, open_split(tmp_path / "set", "train", own)
    road = labels.read(0)[1] == own.names.index("Road")
    np.testing.assert_array_equal(road, truth == CAMVID.names.index("Road"))
    write_drive(tmp_path / "drive", seed=3, seconds=0.1, fps=10.0, settings=OUTDOOR)
    with BagSource(tmp_path / "drive", CAMERA) as source:
        recorded = next(iter(source.labels_of(TRUTH))).ids()
    np.testing.assert_array_equal(recorded, labels.read(0)[1])


def test_a_folder_keeps_its_label_set(tmp_path: Path) -> None:
    write_dataset(tmp_path, [3], frames=1, val=0.0, workers=1)
    with pytest.raises(DatasetError, match="labels of label set 'camvid', not 'outdoor'; give"):
        write_dataset(tmp_path, [4], frames=1, val=0.0, workers=1, settings=OUTDOOR)
