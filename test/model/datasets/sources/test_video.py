"""Video files against the frames and times with which they were written."""

from __future__ import annotations

import logging
import struct
import subprocess
import sys
import wave
from fractions import Fraction

import cv2
import numpy as np
import pytest

from segnet_model.base.errors import SettingsError, VideoError
from segnet_model.datasets.sources import open_source

av = pytest.importorskip("av")
EVEN = [index / 30 for index in range(20)]
UNEVEN = [0, 0.04, 0.1, 0.13, 0.3, 0.31, 0.5, 0.9, 1.0, 2.1]
SECOND = 1_000_000_000


def shade(index):
    return 20 + 13 * index % 220


@pytest.fixture
def write(write_video):
    def one(path, times, images=None, **options):
        images = images or [np.full((48, 64, 3), shade(i), np.uint8) for i in range(len(times))]
        return write_video(path, times, images, **options)

    return one


def read(path, **part):
    with open_source(path) as source:
        return [(f.stamp_ns, int(image.mean())) for f, image in source.part(**part).images()]


def noise(count):
    rng = np.random.default_rng(3)
    return list(rng.integers(0, 256, (count, 48, 64, 3), np.uint8))


def damaged(path, at, count=3000):
    """Overwrite bytes of the frames, from a share of them on."""
    data = bytearray(path.read_bytes())
    begin = data.find(b"mdat") + 4
    where = begin + round(at * (len(data) - begin))
    data[where : where + count] = bytes(count)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("times", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("between", ["0", "3"], ids=["no B-frames", "B-frames"])
@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts"])
def test_frames_come_in_order_at_their_times(write, tmp_path, kind, between, times):
    path = write(tmp_path / f"a.{kind}", times, bf=between, g="12")
    found = read(path)
    rounded = 1_000_000 if kind == "mkv" else 40_000  # Matroska has milliseconds
    stamps = [stamp for stamp, _ in found]
    assert stamps == pytest.approx([round(time * SECOND) for time in times], abs=rounded)
    shades = [shade(index) for index in range(len(times))]
    assert [gray for _, gray in found] == pytest.approx(shades, abs=3)
    assert read(path) == found  # a second time


def test_the_begin_of_the_container_is_time_zero(write, tmp_path):
    assert read(write(tmp_path / "a.ts", [time + 7 for time in EVEN]))[0][0] == 0


def test_a_stream_that_has_no_times_is_taken_at_its_rate(write, tmp_path):
    path = write(tmp_path / "a.h264", EVEN, bf="0")
    stamps = [stamp for stamp, _ in read(path)]
    assert len(stamps) == len(EVEN)
    assert stamps[0] == 0
    assert len(set(np.diff(stamps) // 1000)) == 1
    with open_source(path) as source:
        assert source.end_ns > stamps[-1]


def test_parts_are_cut_and_thinned_by_time(write, tmp_path):
    path = write(tmp_path / "a.mp4", EVEN, g="5", bf="2")
    whole = read(path)
    assert read(path, start=0.25) == [each for each in whole if each[0] >= SECOND // 4]
    assert read(path, start=0.25, seconds=0.2) == [
        each for each in whole if SECOND // 4 <= each[0] < 9 * SECOND // 20
    ]
    assert read(path, every=0.09) == whole[::3]
    with (
        open_source(path) as source,
        pytest.raises(SettingsError, match="after the end of"),
    ):
        source.part(start=5)


def test_progress_is_the_share_of_the_part(write, tmp_path):
    path = write(tmp_path / "a.mp4", [index / 10 for index in range(11)])
    with open_source(path) as source:
        shares = [source.share(frame) for frame, _ in source.images()]
        half = source.part(start=0.5, seconds=0.5)
        of_half = [half.share(frame) for frame, _ in half.images()]
    assert shares == pytest.approx([index / 10 for index in range(11)], abs=0.05)
    assert of_half == pytest.approx([0, 0.2, 0.4, 0.6, 0.8], abs=0.01)


@pytest.mark.parametrize(
    ("matrix", "turned"),  # x' = ax + cy, y' = bx + dy: QuickTime File Format, "Matrices"
    [
        ((1, 0, 0, 1), lambda image: image),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),  # the upper left comes to the right
        ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
        ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
        ((-1, 0, 0, 1), lambda image: image[:, ::-1]),  # mirrored, as phones save selfies
        ((1, 0, 0, -1), lambda image: image[::-1]),
        ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda image: image[::-1, ::-1].transpose(1, 0, 2)),
        ((2, 0.1, -0.1, 2), lambda image: image),
        ((0, 0, 0, 0), lambda image: image),
    ],
)
def test_a_camera_that_was_turned(write, tmp_path, matrix, turned):
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32] = 255, 0, 0
    image[24:, 32:] = 0, 0, 255
    path = write(tmp_path / "a.mp4", [0], [image], crf="1")
    data = bytearray(path.read_bytes())
    begin = data.find(b"tkhd") + 4 + 40  # behind version, times, track, duration, layer, volume
    a, b, c, d = (round(each * 65536) for each in matrix)
    data[begin : begin + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    with open_source(path) as source:
        [(_, found)] = source.images()
    expected = turned(image)
    assert found.shape == expected.shape
    alike = np.abs(found.astype(int) - expected).mean(2) < 40
    assert alike.mean() > 0.95  # all but where the colors meet


def test_colors_are_kept(write, tmp_path):
    images = [np.full((48, 64, 3), color, np.uint8) for color in ((200, 40, 30), (30, 160, 90))]
    with open_source(write(tmp_path / "a.mp4", [0, 1], images, crf="1")) as source:
        for (_, found), image in zip(source.images(), images, strict=True):
            assert np.abs(found.astype(int) - image).max() <= 4


def test_frames_are_named_and_found_again(write, tmp_path):
    path = write(tmp_path / "a drive.mp4", [0, 1.5])
    with open_source(path) as source:
        first, second = source.frames()
    assert second.key == (str(path), "a drive.mp4", 3 * SECOND // 2, 3 * SECOND // 2)
    names = second.file_names()
    assert next(names) == f"{second.name}.png" == "a drive_0001500000000.png"
    assert next(names) == f"a drive_0001500000000_{tmp_path.name}.png"
    assert (first.seconds, second.seconds) == (0, 1.5)


def test_damaged_frames_are_counted_up_to_the_next_whole_one(write, tmp_path, caplog):
    times = [index / 30 for index in range(40)]
    path = write(tmp_path / "a.mp4", times, noise(40), g="10", bf="0")
    with open_source(path) as source:
        whole = {frame.stamp_ns: image for frame, image in source.images()}
    with caplog.at_level(logging.WARNING), open_source(damaged(path, 0.3)) as source:
        found = {frame.stamp_ns: image for frame, image in source.images()}
    assert 25 <= len(found) < 40
    assert all((whole[stamp] == image).all() for stamp, image in found.items())
    assert 40 - len(found) <= len(source.rejected) + 3
    assert "damaged packet of a video" in str(source.rejected)
    assert sum("damaged packet" in message for message in caplog.messages) == 1


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_a_video_that_was_cut_gives_what_is_whole(write, tmp_path, caplog, kind):
    front = {"movflags": "faststart"} if kind == "mp4" else {}
    times = [index / 5 for index in range(50)]
    path = write(tmp_path / f"a.{kind}", times, noise(50), container=front, bf="0")
    whole = read(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with caplog.at_level(logging.WARNING):
        found = read(path)
    assert 15 < len(found) < 30
    assert found == whole[: len(found)]
    assert "it was cut, and what is whole was read" in caplog.text


def test_sound_without_pictures(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    with av.open(str(tmp_path / "a.mka"), "w") as out, av.open(str(tmp_path / "a.wav")) as sound:
        stream = out.add_stream("flac", 8000)
        for frame in sound.decode(audio=0):
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(VideoError, match="no video stream; give a file with pictures"):
        open_source(tmp_path / "a.mka").__enter__()


@pytest.mark.parametrize("harm", ["its rest", "its middle"])
def test_a_jpeg_that_lost_a_part_within_a_video(tmp_path, harm):
    """FFmpeg would fill the lost rows with those of the frame before."""
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    whole = cv2.imencode(".jpg", noise)[1].tobytes()
    half = whole[: len(whole) // 2]
    bad = half + (b"\xff\xd9" if harm == "its rest" else whole[len(half) + 2000 :])
    few_left = whole[:-2] + bytes(5) + whole[-2:]  # as webcams do
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", 10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuvj420p"
        for time, data in enumerate((whole, bad, few_left)):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            packet.pts = packet.dts = time
            file.mux(packet)
    with open_source(path) as source:
        assert [frame.stamp_ns // 100_000_000 for frame, _ in source.images()] == [0, 2]
        assert list(source.rejected.reasons.values()) == [1]


@pytest.mark.parametrize("kind", ["mkv", "mp4", "avi"])
def test_a_video_without_frames(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", 30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        file.start_encoding()
    said = "no frames; was its|no video stream; give|End of file.*; copy it again"
    with pytest.raises(VideoError, match=said):
        open_source(path).__enter__()


def test_memory_does_not_grow_with_the_length(write_video, tmp_path):
    image = np.zeros((480, 640, 3), np.uint8)
    path = write_video(tmp_path / "a.mp4", [i / 30 for i in range(300)], [image] * 300, g="30")
    program = (
        "import sys, resource\n"
        "from segnet_model.datasets.sources import open_source\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10\n"
        "with open_source(sys.argv[1]) as source:\n"
        "    images = source.images()\n"
        "    for _ in range(40): next(images)\n"
        "    before = peak()\n"
        "    print(sum(1 for _ in images), peak() - before)\n"
    )
    run = [sys.executable, "-c", program, str(path)]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    count, grew = map(int, said.split())
    assert count == 260
    assert grew < 30  # megabytes; 260 images are 240


def test_pyav_is_named_where_it_is_missing(tmp_path):
    program = (
        "import sys; sys.modules['av'] = None\n"
        "from segnet_model.datasets.sources import open_source\n"
        "try: open_source(sys.argv[1]).__enter__()\n"
        "except Exception as error: print(error)"
    )
    (tmp_path / "a.mp4").write_bytes(b"any")
    run = [sys.executable, "-c", program, str(tmp_path / "a.mp4")]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert "av is not installed" in said
    assert "pip install 'segnet_ros[video]'" in said


@pytest.mark.parametrize("name", ["a.mjpeg", "a.MJPG"])
def test_jpeg_files_one_after_the_other(tmp_path, name):
    images = [np.full((48, 64, 3), shade(index), np.uint8) for index in range(5)]
    data = b"".join(cv2.imencode(".jpg", image)[1].tobytes() for image in images)
    (tmp_path / name).write_bytes(data)
    shades = [shade(index) for index in range(5)]
    assert [gray for _, gray in read(tmp_path / name)] == pytest.approx(shades, abs=3)


def test_a_second_video_in_the_file_is_said(tmp_path, caplog):
    """As of cameras in a car, to the front and to the back."""
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        streams = [container.add_stream("libx264", 30) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for stream, value in zip(streams, (60, 200), strict=True):
            pixels = np.full((48, 64, 3), value, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
            container.mux(stream.encode(None))
    assert [gray for _, gray in read(tmp_path / "a.mp4")] == pytest.approx([60], abs=3)
    assert caplog.text.count("a.mp4 holds 2 videos, and the first is read") == 1


def test_pixels_that_are_not_square_are_said(write, tmp_path, caplog):
    path = write(tmp_path / "a.mp4", EVEN)
    assert read(path)
    assert not caplog.records
    with av.open(str(path)) as source, av.open(str(tmp_path / "b.mp4"), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        stream.sample_aspect_ratio = Fraction(4, 3)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    assert len(read(tmp_path / "b.mp4")) == len(EVEN)
    assert "are not square but 4/3 wide" in caplog.text
