"""`segnet label`: a copy of a recording with the node's topics."""

from __future__ import annotations

from copy import deepcopy

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from small_bag import messages_on

from segnet_model.bags.images import to_ids, to_rgb
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.tables import AnswerSettings
from segnet_model.cli import main
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.mask import drivable_mask
from segnet_model.inference.outputs import DEFAULT_OUTPUTS, GROUNDED, OUTPUTS
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.recordings.node_types import node_types

IMAGE, INFO = "/camera/image_raw", "/camera/camera_info"
WITHOUT_GROUND = [name for name in OUTPUTS if name not in GROUNDED]
EVERYTHING = (*WITHOUT_GROUND, "class_map", "label_info")
ODD = "int32 left\nstd_msgs/Header header\n"  # a type that this package knows nothing of


def raw(path):
    with BagReader(path) as bag:
        return [(m.topic, m.type, m.receive_ns, bytes(m.data)) for m in bag.messages()]


def roughly(image):
    """What a JPEG keeps of an image that is mostly noise."""
    return cv2.resize(
        image.astype(np.float32), None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA
    )


def label(bag, weights, out, *more):
    return main(["label", str(bag), str(weights), "--out", str(out), "--device", "cpu", *more])


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_all_that_was_there_is_kept_and_the_answers_are_the_networks(
    drive, weights, tmp_path, storage, capsys
):
    out = tmp_path / "out"
    more = ("--topic", IMAGE, "--storage", storage, "--topics", *EVERYTHING)
    assert label(drive, weights, out, *more) == 0
    assert "6 images on /camera/image_raw labeled" in capsys.readouterr().out
    before, after = raw(drive), raw(out)
    assert [m for m in after if not m[0].startswith("/segmentation/")] == before

    predictor, labels = Predictor.load(weights, "cpu"), LabelSet.load("camvid")
    how = AnswerSettings()
    with BagReader(drive) as bag:
        images = list(bag.messages(IMAGE))
    answers = {name: messages_on(out, f"/segmentation/{name}") for name in WITHOUT_GROUND}
    for index, message in enumerate(images):
        image = node_types().deserialize_cdr(message.data, message.type)
        found = predictor.predict(to_rgb(image, message.type))
        said = {name: each[index] for name, each in answers.items()}
        assert all(each.header == image.header for each in said.values())
        times = {m[2] for m in after if m[0].startswith("/segmentation/")}
        assert message.receive_ns in times
        np.testing.assert_array_equal(to_ids(said["mask"]), found.labels)
        png = cv2.imdecode(said["mask/compressed"].data, cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(png, found.labels)
        floats = said["uncertainty"].data.view("<f4").reshape(found.labels.shape)
        np.testing.assert_array_equal(floats, found.uncertainty)
        sure = to_ids(said["confidence"]) / 255
        assert np.abs(sure - found.confidence).max() <= 0.5 / 255 + 1e-6
        allowed = drivable_mask(
            found.labels, found.uncertainty, labels, how.max_uncertainty,
            min_area=how.drivable_min_area, margin=how.drivable_margin,
        )  # fmt: skip
        np.testing.assert_array_equal(to_ids(said["drivable"]), allowed)
        color = to_rgb(said["color"], "sensor_msgs/msg/Image")
        np.testing.assert_array_equal(color, labels.colorize(found.labels))
        overlay = to_rgb(said["overlay"], "sensor_msgs/msg/Image")
        jpeg = cv2.imdecode(said["overlay/compressed"].data, cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(roughly(overlay) - roughly(jpeg)).mean() < 4
        stats = said["stats"]
        shares = np.bincount(found.labels.ravel(), minlength=11) / found.labels.size
        np.testing.assert_allclose(stats.class_fractions, shares, atol=1e-6)
        assert stats.drivable_fraction == pytest.approx((allowed > 0).mean(), abs=1e-6)
        assert stats.mean_uncertainty == pytest.approx(float(found.uncertainty.mean()), abs=1e-4)
        assert stats.inference_ms > 0
        assert (stats.frames_received, stats.frames_processed) == (index + 1, index + 1)


def test_the_usual_topics_are_those_that_the_recording_allows(drive, weights, tmp_path):
    bare = tmp_path / "bare"
    with BagWriter(bare) as writer:
        writer.write_image("/camera/image_raw", 7, "camera", np.zeros((32, 48, 3), np.uint8))
    for bag, more, extra in (
        (bare, ("--camera-height", "1.2"), set()),
        (drive, (), {"camera_info"}),
        (drive, ("--camera-height", "1.2"), {"camera_info", "drivable_grid"}),
    ):
        out = tmp_path / f"out{len(extra)}"
        assert label(bag, weights, out, "--topic", IMAGE, *more) == 0
        with BagReader(out) as labeled:
            names = {t.removeprefix("/segmentation/") for t in labeled.topics if "segm" in t}
        assert names == {*DEFAULT_OUTPUTS, *extra}


def test_a_calibration_of_another_frame_makes_no_grid(drive, weights, tmp_path, capsys):
    bag, info = tmp_path / "two", messages_on(drive, "/camera/camera_info")[0]
    info.header.frame_id = "left_optical"
    with BagReader(drive) as reader, BagWriter(bag) as writer:
        writer.write("/camera/camera_info", info, reader.start_ns)
        for raw in reader.messages(IMAGE):
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
    assert label(bag, weights, tmp_path / "out", "--topic", IMAGE, "--camera-height", "1.2") == 2
    assert "camera_info is of frame_id 'left_optical', the images are" in capsys.readouterr().err


def test_calibrations_of_two_cameras_of_one_frame_make_no_grid(drive, weights, tmp_path, capsys):
    """On one topic, from the first image on: its calibration may be the other camera's."""
    bag, (first, *_) = tmp_path / "two", messages_on(drive, INFO)
    other = deepcopy(first)
    other.k = other.k * 1.2
    with BagReader(drive) as reader, BagWriter(bag) as writer:
        for raw in reader.messages(IMAGE, INFO):
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            if raw.topic == INFO:
                writer.write(INFO, other, raw.receive_ns)
    assert label(bag, weights, tmp_path / "out", "--topic", IMAGE, "--camera-height", "1.2") == 2
    assert "several cameras publish on its topic" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_calibration_that_changes_makes_no_grid_until_it_stays(
    drive, weights, tmp_path, capsys, caplog
):
    """It may be that of a second camera, which starts late."""
    bag, number = tmp_path / "anew", 0
    with BagReader(drive) as reader, BagWriter(bag) as writer:
        for raw in reader.messages(IMAGE, INFO):
            if raw.topic == INFO:
                number += 1
                info = node_types().deserialize_cdr(raw.data, raw.type)
                info.k = info.k * np.repeat([1.01 if number > 2 else 1.0, 1.0], [6, 3])
                writer.write(INFO, info, raw.receive_ns)
            else:
                writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
    out = tmp_path / "out"
    more = ("--camera-height", "1.2", "--topics", "drivable_grid")
    assert label(bag, weights, out, "--topic", IMAGE, *more) == 0
    assert "camera_info has just changed" in capsys.readouterr().err + caplog.text
    assert number == 6
    assert len(messages_on(out, "/segmentation/drivable_grid")) == 4


def test_the_grid_is_the_ground_that_the_camera_sees(drive, weights, tmp_path):
    out = tmp_path / "out"
    mounted = ("--camera-height", "1.1", "--camera-pitch", "0.2", "--base-frame", "base_footprint")
    topics = ("--topics", "drivable_grid", "camera_info")
    assert label(drive, weights, out, "--topic", IMAGE, *mounted, *topics) == 0
    info = messages_on(drive, "/camera/camera_info")[0]
    lens = Lens.from_camera_info(info.width, info.height, info.k)
    spec = GridSpec(0.1, 0.0, 15.0, -7.5, 7.5)
    projector = GroundProjector(lens, CameraPose.mounted(1.1, pitch=0.2), spec)
    predictor = Predictor.load(weights, "cpu")
    for image, grid, said in zip(
        messages_on(drive, IMAGE),
        messages_on(out, "/segmentation/drivable_grid"),
        messages_on(out, "/segmentation/camera_info"),
        strict=True,
    ):
        found = predictor.predict(to_rgb(image, "sensor_msgs/msg/Image"))
        cells = projector.grid(found.labels, found.uncertainty, predictor.info.labels, 0.5)
        np.testing.assert_array_equal(grid.data.reshape(grid.info.height, grid.info.width), cells)
        assert (grid.header.frame_id, grid.header.stamp) == ("base_footprint", image.header.stamp)
        assert (grid.info.origin.position.y, grid.info.origin.orientation.w) == (-7.5, 1.0)
        assert said.header == image.header
        assert (said.width, said.height, list(said.k)) == (info.width, info.height, list(info.k))


def test_what_is_said_once_comes_first_and_is_latched(drive, weights, tmp_path):
    out = tmp_path / "out"
    assert label(drive, weights, out, "--topic", IMAGE) == 0
    with BagReader(out) as bag:
        assert bag.topics["/segmentation/class_map"].latched
        assert bag.topics["/segmentation/label_info"].latched
        assert not bag.topics["/segmentation/mask"].latched
    (said,) = messages_on(out, "/segmentation/class_map")
    camvid = LabelSet.load("camvid")
    assert [c.name for c in said.classes] == list(camvid.names)
    assert [(c.r, c.g, c.b) for c in said.classes] == [c.color for c in camvid.classes]
    assert [c.name for c in said.classes if c.drivable] == ["Road"]
    assert (said.network, said.weights) == ("segnet_basic", str(weights))
    assert len(said.weights_sha256) == 64
    (info,) = messages_on(out, "/segmentation/label_info")
    assert [(c.class_id, c.class_name) for c in info.class_map] == list(enumerate(camvid.names))
    order = [m[0] for m in raw(out)]
    assert order.index("/segmentation/label_info") < order.index("/segmentation/mask")


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_topics_of_unknown_types_and_their_qos_are_kept(weights, tmp_path, storage):
    bag = tmp_path / "bag"
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(ODD, "odd_msgs/msg/Odd"))
    with BagWriter(bag, storage) as writer:
        writer.define({"odd_msgs/msg/Odd": ODD})
        writer.add_topic("/odd", "odd_msgs/msg/Odd", latched=True)
        writer.write_raw("/odd", "odd_msgs/msg/Odd", b"\0\1\0\0rest of it", 5)
        writer.write_image("/front", 7, "camera", np.zeros((32, 48, 3), np.uint8))
        writer.add_topic("/silent", "std_msgs/msg/String")
    assert label(bag, weights, tmp_path / "out", "--topics", "mask") == 0
    assert [m for m in raw(tmp_path / "out") if m[0] != "/segmentation/mask"] == raw(bag)
    described = [{}, {}]
    for one, path in zip(described, (bag, tmp_path / "out"), strict=True):
        with Reader(path) as reader:
            for c in reader.connections:
                one[c.topic] = (c.msgtype, c.digest, c.msgdef.data, c.ext.offered_qos_profiles)
    described[1].pop("/segmentation/mask")
    assert described[0] == described[1]
    assert (tmp_path / "out" / f"out.{'mcap' if storage == 'mcap' else 'db3'}").is_file()


def test_bad_images_are_copied_counted_and_not_answered(weights, tmp_path, capsys):
    bag = tmp_path / "bag"
    with BagWriter(bag) as writer:
        for index in range(6):
            writer.write_compressed("/front", index, "camera", b"no image", "jpeg")
            file = cv2.imencode(".png", np.zeros((32, 48, 3), np.uint8))[1].tobytes()
            writer.write_compressed("/front", index, "camera", file, "png")
    assert label(bag, weights, tmp_path / "out", "--topics", "mask", "stats") == 0
    said = capsys.readouterr().out
    assert "6 images on /front labeled" in said
    assert "6 images could not be used:\n  6 x data that starts with b'no image'" in said
    after = raw(tmp_path / "out")
    assert [m for m in after if m[0] == "/front"] == raw(bag)
    assert sum(m[0] == "/segmentation/mask" for m in after) == 6
    last = messages_on(tmp_path / "out", "/segmentation/stats")[-1]
    assert (last.frames_received, last.frames_processed, last.frames_rejected) == (12, 6, 6)


def refused(capsys, *arguments):
    assert label(*arguments) == 2
    return capsys.readouterr().err


def test_what_cannot_be_labeled(drive, weights, tmp_path, capsys):
    out = tmp_path / "out"
    assert "several image topics; name one" in refused(capsys, drive, weights, out)
    named = ("--topic", IMAGE)
    assert "no topic /none" in refused(capsys, drive, weights, out, "--topic", "/none")
    said = refused(capsys, drive, weights, out, *named, "--prefix", "seg/")
    assert "must be like /segmentation" in said
    assert "there is no bag" in refused(capsys, tmp_path / "none", weights, out)
    with BagWriter(tmp_path / "empty"):
        pass
    assert "record it again" in refused(capsys, tmp_path / "empty", weights, out)
    with BagWriter(tmp_path / "bad") as writer:
        writer.write_compressed("/front", 1, "camera", b"no image", "jpeg")
    said = refused(capsys, tmp_path / "bad", weights, out)
    assert "no image on /front" in said
    assert "1 x data that starts with" in said
    assert not out.exists()
    said = refused(capsys, drive, weights, out, *named, "--topics", "drivable_grid")
    assert "has no transforms on /tf or /tf_static; name a frame" in said
    assert "give --camera-height" in said
    said = refused(capsys, drive, weights, out, *named, "--topics", "camera_info",
                   "--camera-info", "/elsewhere")  # fmt: skip
    assert "no sensor_msgs/msg/CameraInfo on /elsewhere" in said
    assert f"name its topic with --camera-info, one of {INFO}" in said
    assert label(drive, weights, out, *named, "--topics", "mask") == 0
    capsys.readouterr()
    assert "out exists already; remove it" in refused(capsys, drive, weights, out, *named)
    said = refused(capsys, out, weights, tmp_path / "again", *named)
    assert "/segmentation/mask already; choose another name with --prefix" in said
    assert label(out, weights, tmp_path / "again", "--prefix", "/b", *named) == 0


def test_a_cut_bag_leaves_nothing(drive, weights, tmp_path, capsys):
    file = next(drive.glob("*.mcap"))
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    said = refused(capsys, cut, weights, tmp_path / "out", "--topic", IMAGE)
    assert "was cut, or is still being recorded; save what is whole with `mcap recover" in said
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


def test_an_interruption_leaves_nothing(drive, weights, tmp_path, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("segnet_model.recordings.labeling.OutputWriter.serialize", interrupt)
    assert label(drive, weights, tmp_path / "out", "--topic", IMAGE) == 130
    assert "stopped; the same command goes on" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []
