"""Files of an encoder's weights that mean harm."""

import io
import pickle
import zipfile

import pytest
import torch

from segnet_model.base.errors import WeightsError
from segnet_model.networks import build_network
from segnet_model.weights.encoders import load_encoder


@pytest.fixture(scope="module", params=["segnet", "segnet_lite"])
def segnet(request):
    return build_network(request.param, 5)


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (self.path.touch, ())


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_runs_nothing(tmp_path, segnet, refused, protocol):
    path = tmp_path / "encoder.pth"
    bomb = {"features.0.weight": Touch(tmp_path / "ran")}
    torch.save(bomb, path, pickle_protocol=protocol)
    old = tmp_path / "old.pth"
    torch.save(bomb, old, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(bomb, protocol))
    for each in (path, old, plain):
        refused("cannot be read", lambda each=each: load_encoder(segnet, each), error=WeightsError)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "tensors",
    [
        {5: torch.zeros(1)},
        {"_conv_stem.weight": torch.zeros(1)},
        {f"_blocks.{i}._depthwise_conv.weight": torch.zeros(1) for i in range(5000)},
        {"features.0.weight": "text"},
        {"features.x.weight": torch.zeros(1, 1, 1, 1)},
        {"features.weight": torch.zeros(1, 1, 1, 1)},
        {f"features.{i}.weight": torch.zeros(1, 1, 1, 1) for i in range(13)},
        {"features." + "9" * 9999 + ".weight": torch.zeros(1, 1, 1, 1)},
    ],
    ids=range(8),
)  # fmt: skip
def test_a_state_dict_of_the_wrong_form(tmp_path, segnet, refused, tensors):
    path = tmp_path / "encoder.pth"
    torch.save(tensors, path)
    refused(r"encoder\.pth", lambda: load_encoder(segnet, path), error=WeightsError)


@pytest.mark.parametrize("segnet", ["segnet_lite"], indirect=True)
def test_a_zip_that_grows(tmp_path, segnet, refused):
    whole = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(75, 1000, 1000)}, whole)
    path = tmp_path / "encoder.pth"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    del whole
    assert path.stat().st_size < 1 << 21
    refused(r"encoder\.pth", lambda: load_encoder(segnet, path), error=WeightsError)


def test_bytes_of_all_kinds(tmp_path, segnet, refused):
    whole = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(1)}, whole)
    path = tmp_path / "encoder.pth"
    for data in (
        b"",
        b"\x80\x02",
        b"\x80\x02.",
        b"(lp0\n.",
        whole.getvalue()[:200],
        b"PK\5\6" + bytes(18),
    ):
        path.write_bytes(data)
        refused(r"encoder\.pth", lambda: load_encoder(segnet, path), error=WeightsError)
