import numpy as np
import pytest
import torch
import torch.nn.functional as F

from segnet_model.base.errors import ImageError
from segnet_model.networks.inputs import (
    Normalize,
    check_images,
    network_size,
    resize_image,
    resize_maps,
)


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
