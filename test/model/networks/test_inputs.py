import os
import threading
from multiprocessing import get_context
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from segnet_model.base.errors import ImageError
from segnet_model.networks import inputs
from segnet_model.networks.inputs import (
    Normalize,
    check_images,
    network_size,
    resize_image,
    resize_maps,
)

HALVES = inputs._shrink_by_halves


@pytest.mark.parametrize(
    ("image", "expected"),
    [((360, 480), (192, 256)), ((720, 960), (192, 256)), ((720, 1280), (168, 296)),
     ((1, 10000), (32, 22168)), ((192, 256), (192, 256))],
)  # fmt: skip
def test_network_size_keeps_proportions_in_multiples_of_8(image, expected):
    assert network_size(image, (192, 256)) == expected


def test_shrinking_by_whole_numbers_is_the_mean_of_the_pixels():
    image = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)
    means = image.reshape(3, 2, 4, 2, 3).mean((1, 3))
    assert np.abs(resize_image(image, (3, 4)) - means).max() <= 0.5


def shrunk(image, size):
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("shape", [(1080, 1920), (1200, 1920), (1944, 2592), (2160, 3840)])
def test_a_large_image_is_shrunk_in_halves_to_the_same_bytes(shape, monkeypatch):
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (*shape, 3), np.uint8)
    sides = [network_size(shape, each) for each in ((144, 192), (288, 384), (360, 480))]
    sides += [tuple(2 * int(rng.integers(20, side // 2)) for side in shape) for _ in range(5)]
    sides += [(shape[0] // 2, shape[1] // 2)]  # a whole number takes another way
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 2)
    for size in sides:
        monkeypatch.setattr(inputs, "_shrink_by_halves", halves := Mock(wraps=HALVES))
        np.testing.assert_array_equal(resize_image(image, size), shrunk(image, size))
        assert halves.call_count == 1


def test_the_same_bytes_come_where_the_other_thread_is_late(monkeypatch):
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 2)
    image = np.random.default_rng(5).integers(0, 256, (1080, 1920, 3), np.uint8)
    busy = threading.Event()
    waiting = inputs._helper().submit(busy.wait, 20)
    np.testing.assert_array_equal(resize_image(image, (124, 220)), shrunk(image, (124, 220)))
    assert not waiting.done()
    busy.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_process_that_forked_shrinks_with_a_thread_of_its_own(monkeypatch):
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 2)
    image = np.zeros((1080, 1920, 3), np.uint8)
    resize_image(image, (124, 220))
    with get_context("fork").Pool(1) as pool:
        assert pool.apply_async(resize_image, [image, (124, 220)]).get(20).shape == (124, 220, 3)


@pytest.mark.parametrize(
    ("shape", "size", "threads"),
    [((1081, 1920), (124, 220), 2), ((1080, 1920), (125, 220), 2), ((720, 1280), (124, 220), 2),
     ((1080, 1920), (124, 220), 1), ((1080, 1920), (1100, 200), 2)],
)  # fmt: skip
def test_other_images_are_shrunk_as_a_whole(shape, size, threads, monkeypatch):
    monkeypatch.setattr(cv2, "getNumThreads", lambda: threads)
    monkeypatch.delattr(inputs, "_shrink_by_halves")
    image = np.random.default_rng(4).integers(0, 256, (*shape, 3), np.uint8)
    np.testing.assert_array_equal(resize_image(image, size), shrunk(image, size))


def test_the_right_size_is_not_copied():
    image = np.zeros((4, 5, 3), np.uint8)
    assert resize_image(image, (4, 5)) is image


def test_normalize():
    images = torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)
    result = Normalize(mean=(0.5, 0.2, 0.0), std=(0.5, 0.1, 2.0))(images)
    torch.testing.assert_close(result.flatten(), torch.tensor([-1.0, 0.0, 0.5]))
    assert result.shape == (1, 3, 1, 1)


def test_maps_are_resized_about_pixel_centers():
    maps = torch.tensor([[[[0.0, 1.0]]]])
    torch.testing.assert_close(resize_maps(maps, (1, 4)), torch.tensor([[[[0, 0.25, 0.75, 1]]]]))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(24, 36), (48, 72), (12, 18), (31, 50), (5, 100), (1, 1)])
def test_maps_are_resized_as_pytorch_does(size, layout):
    maps = torch.rand(2, 5, 24, 36).contiguous(memory_format=layout)
    expected = F.interpolate(maps.double(), size=size, mode="bilinear").float()
    torch.testing.assert_close(resize_maps(maps, size), expected, atol=3e-5, rtol=0)


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 4, 4, 4), np.uint8), np.zeros((1, 4, 4, 3)), np.zeros((1, 0, 4, 3), np.uint8)],
)
def test_anything_but_images_is_refused(images):
    with pytest.raises(ImageError, match="shape"):
        check_images(images)
