"""Packets of H.264 and H.265: each image is right, or refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("av")
from video_packets import ENCODERS, KEY, encode, is_scene

from segnet_model.base.errors import ImageError
from segnet_model.images.video_packets import PacketDecoder

COUNT = 20


@pytest.fixture(scope="module", params=sorted(ENCODERS))
def video(request) -> tuple[str, list[bytes]]:
    return request.param, encode(request.param, COUNT)


def decode(codec: str, packets: list[tuple[int, bytes]]) -> tuple[list[int], dict[int, str]]:
    """Numbers of the right images, and reasons by the numbers of the others."""
    decoder, right, refused = PacketDecoder(), [], {}
    for number, data in packets:
        try:
            image = decoder.decode(data, codec, number)()
        except ImageError as error:
            refused[number] = str(error)
            continue
        assert is_scene(image, number), number
        right.append(number)
    return right, refused


@pytest.mark.parametrize("name", ["{}", "{};yuv420p;bgr8;bgr8", "{}_nvenc", "lib{}"])
def test_all_images_come(video, name) -> None:
    codec, packets = video
    shown = {"{}": codec, "lib{}": ENCODERS[codec]}.get(name, name.format(codec))
    assert decode(shown, [*enumerate(packets)]) == ([*range(COUNT)], {})


@pytest.mark.parametrize("lost", [{3}, {3, 4}, {7}, {15, 16}])
def test_after_a_lost_packet_nothing_comes_before_a_key_frame(video, lost) -> None:
    codec, packets = video
    sent = [(number, data) for number, data in enumerate(packets) if number not in lost]
    right, refused = decode(codec, sent)
    first = max(lost) + 1
    key = -(-first // KEY) * KEY
    assert right == [n for n in range(COUNT) if n < min(lost) or n >= key]
    assert [*refused] == [*range(first, min(key, COUNT))]
    assert all("packet of a video" in reason for reason in refused.values())


def test_packets_that_are_not_counted(video) -> None:
    codec, packets = video
    decoder, reasons, keys = PacketDecoder(), set(), []
    for index, data in enumerate(packets):
        try:
            assert is_scene(decoder.decode(data, codec, 0)(), index)
            keys.append(index)
        except ImageError as error:
            reasons.add(str(error))
    assert keys == [*range(0, COUNT, KEY)]
    [reason] = reasons
    assert "let the encoder count its packets" in reason


def test_the_key_frame_was_lost(video) -> None:
    codec, packets = video
    sent = [(number, data) for number, data in enumerate(packets) if number != KEY]
    assert decode(codec, sent)[0] == [*range(KEY), *range(2 * KEY, COUNT)]


def test_a_cut_packet() -> None:
    sent = [
        (n, data[: len(data) // 2] if n == 4 else data) for n, data in enumerate(encode("h264"))
    ]
    right, refused = decode("h264", sent)
    assert right == [*range(4), *range(KEY, COUNT)]
    assert "a damaged packet" in refused[4]


def test_a_recording_that_begins_between_key_frames(video) -> None:
    codec, packets = video
    right, refused = decode(codec, [*enumerate(packets)][3:])
    assert right == [*range(KEY, COUNT)]
    assert "not recorded, before the next key frame" in refused[3]


def test_an_encoder_that_was_started_again(video) -> None:
    codec, packets = video
    sent = [*enumerate(packets)]
    right, refused = decode(codec, [*sent[:6], *sent[:5]])
    assert (right, refused) == ([*range(6), *range(5)], {})


@pytest.mark.parametrize("step", [33, 33_333, 3000, 33_333_333])
def test_numbers_that_are_times(video, step) -> None:
    """Milliseconds, microseconds, a clock of 90 kHz, nanoseconds; they vary a little."""
    codec, packets = video
    vary = [(7 * number) % 5 * step // 20 for number in range(COUNT)]
    decoder, right = PacketDecoder(), []
    for number, data in enumerate(packets):
        if number == 11:
            continue  # lost
        try:
            image = decoder.decode(data, codec, number * step + vary[number])()
        except ImageError as error:
            assert 11 < number < 16, error  # noqa: PT017
            continue
        assert is_scene(image, number)
        right.append(number)
    assert right == [*range(11), *range(16, COUNT)]


def test_a_packet_without_data(video) -> None:
    codec, packets = video
    sent = [(n, b"" if n == 4 else data) for n, data in enumerate(packets)]
    right, refused = decode(codec, sent)
    assert right == [*range(4), *range(KEY, COUNT)]
    assert "without data" in refused[4]


def test_images_that_come_late_are_refused() -> None:
    """B-frames: their packets come before that of an image that is shown earlier."""
    _, refused = decode("h264", [*enumerate(encode("h264", COUNT, b_frames=2))])
    assert len(refused) >= COUNT - 2
    assert "without B-frames" in refused[0]


@pytest.mark.parametrize("codec", ["", "theora", "mpeg4;yuv420p", "x" * 500, "\x1b[31m"])
def test_other_codecs_are_refused(codec) -> None:
    with pytest.raises(ImageError, match=r"are not decoded; encode with one of av1, h264, hevc"):
        PacketDecoder().decode(b"\0\0\0\1", codec, 0)


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"\xff" * 100, b"\0\0\0\1\x67" + b"\x11" * 50])
@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9"])
def test_garbage_is_refused(codec, data) -> None:
    decoder = PacketDecoder()
    for number in range(3):
        with pytest.raises(ImageError, match="packet of a video"):
            decoder.decode(data, codec, number)


def test_pyav_is_named_where_it_is_missing() -> None:
    program = (
        "import sys; sys.modules['av'] = None\n"
        "from segnet_model.images.video_packets import PacketDecoder\n"
        "PacketDecoder()"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stderr
    assert "pip install 'segnet_ros[video]'" in said
