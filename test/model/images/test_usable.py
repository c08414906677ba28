"""Images that show something, and those that do not."""

import numpy as np

from segnet_model.images.usable import fault


def test_faults():
    rng = np.random.default_rng(0)
    ramp = np.repeat(np.linspace(0, 255, 64)[None, :, None], 48, 0).repeat(3, 2)
    assert fault(ramp.astype(np.uint8)) == ""
    assert "noise" in fault(rng.integers(0, 256, (48, 64, 3), np.uint8))
    for gray in (0, 128, 255):
        assert "show nothing" in fault(np.full((48, 64, 3), gray, np.uint8))
    dim = (ramp / 8 + rng.normal(0, 3, ramp.shape)).clip(0, 255)
    assert fault(dim.astype(np.uint8)) == ""  # dark and noisy, and still a scene
