"""Old data: rendered worlds, of which no drive is both learned and measured on."""

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.progress import no_progress
from segnet_model.labels import LabelSet
from segnet_model.training.adaptation import old_data
from segnet_model.training.adaptation.old_data import FIRST_SEED, open_old_data
from segnet_model.training.adaptation.settings import AdaptSettings


def test_drives_left_by_another_number_of_worlds_are_refused(tmp_path, monkeypatch):
    """The drive that is measured on now was learned from, before its run was stopped."""
    monkeypatch.setattr(old_data, "write_dataset", lambda *args, **settings: pytest.fail("renders"))
    labels = LabelSet.load("camvid")
    path = tmp_path / "worlds" / "train" / f"{FIRST_SEED + 3}_0000.png"
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(SettingsError, match=f"{path.name}, which is of another number of worlds"):
        open_old_data(AdaptSettings(worlds=4), labels, tmp_path, no_progress)
    with pytest.raises(pytest.fail.Exception, match="renders"):  # the rest of it
        open_old_data(AdaptSettings(worlds=8), labels, tmp_path, no_progress)
