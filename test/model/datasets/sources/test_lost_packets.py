"""Video files that lost packets or parts of them: no image is wrong, and the rest is counted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segnet_model.base.errors import VideoError
from segnet_model.datasets.sources import open_source

av = pytest.importorskip("av")
COUNT, KEY = 40, 10
TIMES = [index / 30 for index in range(COUNT)]
ENCODERS = {
    "no B-frames": {"bf": "0"},
    "B-frames": {"bf": "3"},
    "B-frames that others build on": {"bf": "5", "refs": "4", "x264-params": "b-pyramid=normal"},
    "several references": {"bf": "0", "refs": "4"},
    "open groups": {"bf": "2", "x264-params": "open-gop=1"},
    "fields": {"bf": "1", "flags": "+ildct+ilme", "x264-params": "tff=1"},
    "baseline": {"bf": "0", "profile": "baseline"},
}


@pytest.fixture(scope="module")
def images():
    """A texture that moves to the left, with a ball that moves to the right."""
    noise = np.random.default_rng(0).integers(0, 256, (96, 400, 3)).astype(np.uint8)
    texture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    images = [texture[:, 4 * index : 4 * index + 128].copy() for index in range(COUNT)]
    return [
        cv2.circle(each, (20 + 2 * i, 50), 15, (255, 0, 0), -1) for i, each in enumerate(images)
    ]


@pytest.fixture(params=ENCODERS)
def video(request, images, write_video, tmp_path):
    return write_video(tmp_path / "whole.mkv", TIMES, images, g=str(KEY), **ENCODERS[request.param])


def read(path):
    with open_source(path) as source:
        found = {frame.stamp_ns // 1_000_000: image for frame, image in source.images()}
        return found, len(source.rejected), str(source.rejected)


def copy(path, target, change):
    """Copy a video; `change` gets each packet's place and bytes, and gives its bytes or None."""
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for place, packet in enumerate(p for p in source.demux(video=0) if p.size):
            if (data := change(place, bytes(packet))) is not None:
                changed = av.Packet(data)
                changed.pts, changed.dts = packet.pts, packet.dts
                changed.duration = packet.duration
                changed.is_keyframe, changed.time_base = packet.is_keyframe, packet.time_base
                changed.stream = stream
                out.mux(changed)
    return target


def units(data):
    """The NAL units of a packet of Matroska or MP4, with their lengths."""
    found, at = [], 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        found, at = [*found, data[at:end]], end
    return found


def harms(place):
    def lose(count):
        return lambda at, data: None if place <= at < place + count else data

    def cut(at, data):
        if at != place:
            return data
        *others, last = units(data)
        last = last[4 : 4 + len(last) // 3]
        return b"".join(others) + len(last).to_bytes(4, "big") + last

    return {"lost": lose(1), "three lost": lose(3), "cut": cut}


@pytest.mark.parametrize("harm", ["lost", "three lost", "cut"])
@pytest.mark.parametrize("place", [13, 15, 20])
def test_no_image_after_a_loss_is_wrong(video, tmp_path, harm, place):
    whole, none, _ = read(video)
    assert (len(whole), none) == (COUNT, 0)
    found, rejected, reasons = read(copy(video, tmp_path / "harmed.mkv", harms(place)[harm]))
    assert all((whole[time] == image).all() for time, image in found.items())
    assert COUNT - 2 * KEY - 5 <= len(found) < COUNT  # whole again from the next key frame on
    if harm == "cut":
        assert rejected
    if rejected:
        assert (
            "lost or damaged, before the next key frame" in reasons or "damaged packet" in reasons
        )


@pytest.mark.parametrize("which", [0, -1])
def test_a_slice_that_was_lost(images, write_video, tmp_path, which):
    options = {"g": str(KEY), "bf": "0", "x264-params": "slices=3"}
    video = write_video(tmp_path / "whole.mkv", TIMES, images, **options)

    def change(place, data):
        found = units(data)
        if place == 14:
            del found[which]
        return b"".join(found)

    whole, _, _ = read(video)
    found, rejected, _ = read(copy(video, tmp_path / "harmed.mkv", change))
    assert all((whole[time] == image).all() for time, image in found.items())
    assert COUNT - KEY <= len(found) == COUNT - rejected


@pytest.mark.parametrize("kind", ["ts", "h264", "mp4"])
def test_other_containers(images, write_video, tmp_path, kind):
    whole, _, _ = read(write_video(tmp_path / f"whole.{kind}", TIMES, images, g=str(KEY), bf="0"))
    shown = list(whole.values())
    lost = copy(tmp_path / f"whole.{kind}", tmp_path / f"lost.{kind}", harms(14)["lost"])
    found, rejected, _ = read(lost)
    found = list(found.values())
    expected = shown[:14] + shown[20:]
    assert len(found) == len(expected) == COUNT - 1 - rejected
    assert all((a == b).all() for a, b in zip(found, expected, strict=True))


def test_a_part_of_a_transport_stream_was_lost(images, write_video, tmp_path):
    """As in a recording of a camera that sends over UDP."""
    path = write_video(tmp_path / "a.ts", TIMES, images, g=str(KEY), bf="2")
    whole, _, _ = read(path)
    data = path.read_bytes()
    at = len(data) // 188 // 2 * 188
    path.write_bytes(data[:at] + data[at + 2 * 188 :])
    found, rejected, _ = read(path)
    assert all((whole[time] == image).all() for time, image in found.items())
    assert len(found) < COUNT
    assert rejected


def test_a_recording_that_begins_between_key_frames(images, write_video, tmp_path):
    path = write_video(tmp_path / "a.ts", TIMES, images, g=str(KEY), bf="0")
    late = copy(path, tmp_path / "late.ts", lambda place, data: data if place > 4 else None)
    found, rejected, _ = read(late)
    assert len(found) == COUNT - KEY
    assert rejected == KEY - 5
    never = copy(path, tmp_path / "never.ts", lambda p, data: data if 4 < p < KEY else None)
    with pytest.raises(VideoError, match="no whole key frame at its begin"):
        read(never)


def test_h265_says_what_is_missing(tmp_path, images):
    path = tmp_path / "whole.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", 30)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.options = {"x265-params": f"log-level=none:keyint={KEY}:bframes=0"}
        for image in images:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        out.mux(stream.encode(None))
    whole, _, _ = read(path)
    found, rejected, _ = read(copy(path, tmp_path / "lost.mkv", harms(14)["lost"]))
    assert all((whole[time] == image).all() for time, image in found.items())
    assert len(found) == COUNT - 1 - rejected
    assert rejected
