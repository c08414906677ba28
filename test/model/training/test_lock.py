"""One training a folder."""

import dataclasses

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.lock import locked
from segnet_model.training.trainer import train


def test_two_trainings_do_not_share_a_folder(shared_dataset, tmp_path, small):
    out = tmp_path / "run"
    refused = pytest.raises(SettingsError, match="another training.*another folder")
    with locked(out, "training"), refused:
        train(shared_dataset, out, small)
    # The lock is gone with its owner.
    assert train(shared_dataset, out, dataclasses.replace(small, epochs=1))


def test_a_folder_that_cannot_be_made_is_named(shared_dataset, tmp_path, small):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot write to .*file/run"):
        train(shared_dataset, tmp_path / "file" / "run", small)
