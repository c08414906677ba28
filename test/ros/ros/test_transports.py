"""Packets of a video at the node: parsed, decoded in order in a thread, or refused."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("av")
from video_packets import HEIGHT, WIDTH, encode, is_scene

from segnet_model.bags import messages
from segnet_model.base.errors import ImageError, SegNetError
from segnet_ros.ros import transports
from segnet_ros.ros.image_cdr import parse_packet
from segnet_ros.ros.transports import TRANSPORTS, Transport, VideoDecoder, find_transport

pytestmark = pytest.mark.ros


def serialize(number, data, encoding="h264;yuv420p;bgr8;bgr8", frame_id="camera", **how):
    types = messages.standard_types()
    header = messages.make_header(1_700_000_000_000_000_000 + number, frame_id)
    message = types.types[messages.FFMPEG_PACKET](
        header, WIDTH, HEIGHT, encoding, number, 1, False, np.frombuffer(data, np.uint8)
    )
    return bytes(types.serialize_cdr(message, messages.FFMPEG_PACKET, **how))


@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("frame_id", ["", "a", "ab", "abc", "camera", "camera/optical"])
@pytest.mark.parametrize("encoding", ["h264", "hevc_nvenc", "h264;yuv420p;bgr8;bgr8", "libx265"])
def test_a_packet_is_read_as_it_was_written(encoding, frame_id, little_endian):
    data = serialize(2**40 + 5, b"packet", encoding, frame_id, little_endian=little_endian)
    packet = parse_packet(data)
    assert (packet.encoding, packet.pts, bytes(packet.data)) == (encoding, 2**40 + 5, b"packet")
    assert (packet.header.frame_id, packet.header.stamp.sec) == (frame_id, 1_700_001_099)
    for length in range(len(data)):
        with pytest.raises(ImageError):
            parse_packet(data[:length])


def test_images_come_in_any_order_of_asking():
    decoder = VideoDecoder()
    calls = [decoder(serialize(number, data)) for number, data in enumerate(encode(count=12))]
    for number in (11, 3, 0, 7):  # the others were dropped for newer ones
        header, image = calls[number]()
        assert is_scene(image, number)
        assert (header.frame_id, header.stamp.nanosec) == ("camera", number)


def test_images_after_a_lost_packet_are_refused():
    decoder = VideoDecoder()
    sent = [each for each in enumerate(encode(count=12)) if each[0] != 3]
    calls = {number: decoder(serialize(number, data)) for number, data in sent}
    for number, call in calls.items():
        if 3 < number < 8:
            with pytest.raises(ImageError, match="before the next key frame"):
                call()
        else:
            assert is_scene(call().image, number)


def test_packets_that_come_too_fast_do_not_pile_up(monkeypatch):
    decoder, free = VideoDecoder(), threading.Event()
    decode = decoder._decode
    monkeypatch.setattr(decoder, "_decode", lambda data: free.wait() and decode(data))
    monkeypatch.setattr(transports, "MAX_WAITING", 3)
    sent = [serialize(number, data) for number, data in enumerate(encode(count=12))]
    calls = [decoder(data) for data in sent[:5]]
    free.set()
    for number in range(3):
        assert is_scene(calls[number]().image, number)
    for call in calls[3:]:
        with pytest.raises(ImageError, match="faster than they are decoded"):
            call()
    with pytest.raises(ImageError, match="before the next key frame"):
        decoder(sent[5])()
    assert is_scene(decoder(sent[8])().image, 8)


def test_messages_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setitem(TRANSPORTS, "ffmpeg", Transport(None, VideoDecoder))
    with pytest.raises(
        SegNetError, match="apt install ros-.ROS_DISTRO-ffmpeg-image-transport-msgs"
    ):
        find_transport("ffmpeg")
