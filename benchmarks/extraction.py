"""Frames out of a recording as PNG files, against a loop as one would write it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from rosbags.highlevel import AnyReader

from benchmarks.harness import Report, peak_memory
from benchmarks.subjects import UNSEEN_SEED
from segnet_model.bags.reader import BagWriter
from segnet_model.datasets.extraction.extract import extract
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.sources import BagSource
from segnet_model.images.files import read_image
from segnet_model.scenes import Camera, Drive

TOPIC = "/camera/image_raw"
CAMERA = Camera(1280, 720, 960.0, 960.0, 639.5, 359.5)
SCENES = 20  # rendered frames, which return with other noise
NOISE = 2.0  # standard deviation, of 255
FRAMES = 1000
REFERENCE_FRAMES = 200
MEMORY_FRAMES = 150
STAMP = 1_700_000_000_000_000_000
STEP = 100_000_000
THREADS = os.cpu_count() or 1


def run(report: Report) -> None:
    """Time the whole extraction, the loop, and encoding alone, which both wait for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenes = _scenes(report.amount(SCENES, 4))
        frames = report.amount(FRAMES, 40)
        bag = _write_bag(folder / "bag", scenes, frames)
        before = time.process_time()
        ours = frames / _seconds(lambda: _extract(bag, folder / "ours"))
        cost = (time.process_time() - before) / frames
        few = min(REFERENCE_FRAMES, frames // 4)
        reference = few / _seconds(lambda: _textbook(bag, folder / "reference", few))
        again = frames / _seconds(lambda: _extract(bag, folder / "ours"))
        limit = _encoding_rate(scenes)
        equal = _share_equal(bag, folder / "ours")
        in_memory = report.amount(MEMORY_FRAMES, 30)
        short = _write_bag(folder / "short", scenes, in_memory)
        peak = peak_memory(extraction, short, folder / "memory")
    rows = [
        {"way": "one thread, cv2.imwrite", "frames/s": reference},
        {"way": "segnet extract", "frames/s": ours},
        {"way": "segnet extract, all is there", "frames/s": again},
        {"way": f"encoding alone, {THREADS} threads", "frames/s": limit},
    ]
    report.table(f"{CAMERA.width}x{CAMERA.height} rgb8 out of MCAP, lossless PNG", rows)
    report.add("extraction", ours, "frames/s", at_least=25)
    report.add(
        "extraction: processor time of a frame", 1e3 * cost, "ms", at_most=1e3 * THREADS / 25,
        note="does not depend on what else runs",
    )  # fmt: skip
    report.add("extraction: times as fast as the reference", ours / reference)
    report.add("extraction: share of the machine's encoding", ours / limit)
    report.add("extraction: share of equal images", equal, at_least=1)
    raw = in_memory * CAMERA.width * CAMERA.height * 3 / 1e6
    report.add("extraction: peak memory", peak, "MB", at_most=100, note=f"of {raw:.0f} MB raw")


def extraction(bag: Path, out: Path) -> Callable[[], object]:
    """For `peak_memory`: an extraction into a new folder each time."""
    numbers = iter(range(10))
    return lambda: _extract(bag, out / str(next(numbers)))


def _extract(bag: Path, out: Path) -> None:
    extract(bag, out, ExtractSettings(every=0, gap=0))


def _textbook(bag: Path, out: Path, frames: int) -> None:
    out.mkdir()
    with AnyReader([bag]) as reader:
        messages = reader.messages([c for c in reader.connections if c.topic == TOPIC])
        for _, (connection, _, data) in zip(range(frames), messages, strict=False):
            message = reader.deserialize(data, connection.msgtype)  # type: ignore[var-annotated]
            stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
            rgb = message.data.reshape(message.height, message.width, 3)
            cv2.imwrite(str(out / f"{stamp}.png"), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))


def _scenes(count: int) -> list[np.ndarray]:
    """Rendered frames (720, 1280, 3) uint8 RGB."""
    drive = Drive(UNSEEN_SEED, CAMERA, fps=0.5)
    return [frame.image for frame in drive.frames(count)]


def _write_bag(path: Path, scenes: list[np.ndarray], count: int) -> Path:
    rng = np.random.default_rng(0)
    grain = np.rint(rng.normal(0, NOISE, scenes[0].size + count)).astype(np.int16)
    with BagWriter(path) as bag:
        for index in range(count):
            scene = scenes[index % len(scenes)]
            noise = grain[index : index + scene.size].reshape(scene.shape)
            image = cv2.add(scene, noise, dtype=cv2.CV_8U)
            bag.write_image(TOPIC, STAMP + index * STEP, "camera", image)
    return path


def _encoding_rate(scenes: list[np.ndarray]) -> float:
    """Frames a second that all cores encode at their best."""
    grain = np.rint(np.random.default_rng(1).normal(0, NOISE, scenes[0].shape)).astype(np.int16)
    images = [cv2.add(scene, grain, dtype=cv2.CV_8U) for scene in scenes] * 2
    with ThreadPoolExecutor(THREADS) as pool:
        encode = partial(cv2.imencode, ".png")
        return len(images) / min(_seconds(lambda: list(pool.map(encode, images))) for _ in range(3))


def _share_equal(bag: Path, out: Path) -> float:
    files = {path.stem: path for split in ("train", "val") for path in (out / split).iterdir()}
    same = []
    with BagSource(bag) as source:
        for frame, image in source.part(every=10 * STEP / 1e9).images():
            same.append(np.array_equal(read_image(files[frame.name]), image))
    return float(np.mean(same))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
