"""What tests of the library share: small networks and data sets, and files that mean harm."""

from __future__ import annotations

import re
import resource
import shutil
import time
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from segnet_model.base.errors import SegNetError
from segnet_model.datasets.drives import settings as drive_settings
from segnet_model.datasets.drives import write_drive
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet
from segnet_model.scenes import Camera
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

SECONDS, MEGABYTES = 4.0, 200  # of a processor; about one second on an idle machine
ADDRESSES = 8 << 30  # bytes beyond which the machine is not put at risk


@pytest.fixture(autouse=True)
def same_draws():
    """Let no test draw other numbers because of those that ran before it."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def small_camera():
    """A quarter of the pixels of a procedural drive's own camera."""
    return Camera(width=240, height=180, fx=180.0, fy=178.0, cx=119.0, cy=90.5)


@pytest.fixture(scope="session")
def drive(tmp_path_factory, small_camera):
    """A recorded drive of six small frames with their truth; to be read only."""
    path = tmp_path_factory.mktemp("drives") / "drive"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drive_settings, "Camera", lambda: small_camera)
        write_drive(path, seed=3, seconds=0.6)
    return path


@pytest.fixture
def small_info():
    """A network that runs in milliseconds."""
    return ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})


@pytest.fixture
def weights(tmp_path, small_info):
    """A weights file with random tensors."""
    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    save_weights(path, small_info.build(), small_info)
    return path


@pytest.fixture
def bayesian(tmp_path):
    """Small weights of a Bayesian network."""
    torch.manual_seed(0)
    labels = LabelSet.load("camvid")
    info = ModelInfo("bayesian_segnet_basic", labels, (64, 96), {"features": 8})
    save_weights(tmp_path / "bayesian.safetensors", info.build(), info)
    return tmp_path / "bayesian.safetensors"


@pytest.fixture(scope="session")
def shared_dataset(tmp_path_factory):
    """Six training and two validation images: a gray sky over a purple road, in noise."""
    root = tmp_path_factory.mktemp("shared") / "dataset"
    rng = np.random.default_rng(5)
    for split, count in (("train", 6), ("val", 2)):
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for index in range(count):
            labels = np.zeros((64, 96), np.uint8)
            labels[int(rng.integers(20, 44)) :] = 3
            image = LabelSet.load("camvid").colorize(labels) + rng.integers(0, 30, (64, 96, 3))
            write_png(root / split / f"{index}.png", image.astype(np.uint8))
            write_png(root / f"{split}annot" / f"{index}.png", labels)
    return root


@pytest.fixture
def dataset(shared_dataset, tmp_path):
    """The same data set, for a test to change."""
    return shutil.copytree(shared_dataset, tmp_path / "dataset")


def _write_video(path, times, images, *, codec="libx264", container=None, **options):
    """Write images (H, W, 3) uint8, one at each time in seconds, with PyAV."""
    av = pytest.importorskip("av")
    tick = Fraction(1, 90_000)
    with av.open(str(path), "w", options=container or {}) as file:
        stream = file.add_stream(codec, 30, options=options)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = tick
        for moment, image in zip(times, images, strict=True):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = round(moment / tick), tick
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


@pytest.fixture
def write_video():
    return _write_video


def _status(key):
    return int(re.search(rf"{key}:\s+(\d+)", Path("/proc/self/status").read_text())[1]) >> 10


@contextmanager
def _limited():
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, ((_status("VmSize") << 20) + ADDRESSES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _refused(match, work, *, error=SegNetError, seconds=SECONDS, megabytes=MEGABYTES):
    """Do some work, which must fail as it should, soon, and before it takes much memory."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = _status("VmRSS"), time.process_time()
    with _limited(), pytest.raises(error, match=match) as caught:
        work()
    took, grew = time.process_time() - began, _status("VmHWM") - before
    assert took < seconds, f"{took:.1f} s"
    assert grew < megabytes, f"{grew} MB"
    return str(caught.value)


@pytest.fixture
def refused():
    return _refused


def _laughs(levels, leaf="[ha, ha]"):
    """YAML of a few lines whose last value grows ninefold with each level."""
    lines = [f"a0: &a0 {leaf}"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def _merges(levels):
    """YAML whose merge keys grow ninefold with each level, while it is read."""
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def laughs():
    return _laughs


@pytest.fixture
def merges():
    return _merges
