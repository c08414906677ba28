"""segnet average."""

import torch

from segnet_model.cli import main
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import find_weights

CALLED = ("segnet_basic_drives", "segnet_lite_drives", "segnet_basic_camvid")


def test_the_mean_is_written(tmp_path, capsys):
    out = tmp_path / "mean.safetensors"
    assert main(["average", CALLED[0], CALLED[0], "--out", str(out), "--half"]) == 0
    assert "the mean of 2" in capsys.readouterr().out
    mean, one = (load_weights(each)[0].state_dict() for each in (out, find_weights(CALLED[0])))
    assert all(torch.equal(mean[name], tensor) for name, tensor in one.items())
    assert out.stat().st_size < 1.05 * find_weights(CALLED[0]).stat().st_size


def test_what_has_no_mean_ends_in_a_sentence(tmp_path, capsys):
    out = tmp_path / "mean.safetensors"
    assert main(["average", *CALLED[:2], "--out", str(out)]) == 2
    assert "is not alike in all" in capsys.readouterr().err
    assert main(["average", CALLED[0], CALLED[2], "--out", str(out)]) == 2
    assert "the licenses Apache-2.0 and CC-BY-NC-4.0 differ" in capsys.readouterr().err
    assert main(["average", CALLED[0], CALLED[0], "--shares", "1", "--out", str(out)]) == 2
    assert "2 weights and 1 shares" in capsys.readouterr().err
    assert not out.exists()
