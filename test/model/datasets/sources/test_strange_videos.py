"""Videos from strangers: what is none, and what asks for more than it may."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, VideoError
from segnet_model.datasets.sources import VideoSource, open_source

av = pytest.importorskip("av")
COUNT = 20


@pytest.fixture
def video(write_video, tmp_path):
    images = [np.full((48, 64, 3), 10 * index, np.uint8) for index in range(COUNT)]
    return write_video(tmp_path / "whole.mp4", [index / 30 for index in range(COUNT)], images)


def test_what_is_no_video_is_refused_with_the_mend(video):
    tmp_path, whole = video.parent, video.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])  # its index was at the end
    (tmp_path / "text.txt").write_text("hello\n" * 100)
    (tmp_path / "text.mp4").write_text("hello\n" * 100)
    (tmp_path / "list.ffconcat").write_text("ffconcat version 1.0\nfile whole.mp4\n")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nwhole.mp4\n#EXT-X-ENDLIST\n")
    for name in ("cut.mp4", "text.txt", "text.mp4", "list.ffconcat", "list.m3u8"):
        with pytest.raises(VideoError, match=f"{name} is no bag, image or video .* copy it again"):
            open_source(tmp_path / name).__enter__()
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(VideoError, match="no plain file"):
        open_source(tmp_path / "pipe.mp4").__enter__()
    with pytest.raises(DatasetError, match="give a bag, a folder of images, an image or a video"):
        open_source(tmp_path / "none.mp4")


def test_an_absurd_size_is_refused_without_its_memory(tmp_path, refused):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", 30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 16384, 8192, "yuv420p"
        frame = av.VideoFrame(16384, 8192, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.time_base = 0, Fraction(1, 30)
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    del frame
    refused("16384x8192 pixels cannot be", lambda: open_source(path).__enter__(), megabytes=80)


def test_a_path_is_never_an_address(video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("http:").mkdir()
    path = Path("http:") / "a.mp4"
    video.rename(path)
    with VideoSource(path) as source:
        assert len(list(source.images())) == COUNT


def test_a_frame_that_is_larger_than_the_video_says(tmp_path, refused):
    """A Motion JPEG of 64x48 pixels, one of whose frames is a picture of 134 megapixels."""

    def encoded(width, height):
        context = av.CodecContext.create("mjpeg", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuvj420p"
        context.time_base = Fraction(1, 30)
        frame = av.VideoFrame(width, height, "yuvj420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts = 0
        return [*context.encode(frame), *context.encode(None)]

    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", 30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for time, size in enumerate([(64, 48), (16384, 8192), (64, 48)]):
            for packet in encoded(*size):
                packet.stream, packet.pts, packet.dts = stream, time, time
                packet.time_base = Fraction(1, 30)
                file.mux(packet)

    def read():
        with open_source(path) as source:
            sizes = [image.shape for _, image in source.images()]
        assert sizes == [(48, 64, 3), (48, 64, 3)]
        raise VideoError(str(source.rejected))

    refused("1 x a damaged packet of a video", read, megabytes=80)
