from types import SimpleNamespace

import pytest

from segnet_model.bags.writer import STORAGES
from segnet_model.base import choices
from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.export import Target
from segnet_model.datasets.annotations.formats import open_annotations
from segnet_model.labels import LabelSet
from segnet_model.recordings.panes import PANES


def test_lists_of_names_equal_those_of_the_code():
    assert tuple(STORAGES) == choices.STORAGES
    assert tuple(PANES) == choices.PANES


@pytest.mark.parametrize("name", choices.LABEL_FORMATS)
def test_every_format_of_labels_can_be_opened(name):
    nothing = SimpleNamespace(names=(), path="nowhere", read=None)
    with pytest.raises(DatasetError, match="holds no labels|no labelmap.txt"):
        open_annotations(nothing, name, Target(LabelSet.load("camvid")))


@pytest.mark.parametrize(
    "registry",
    [
        choices.NETWORKS,
        choices.ENGINES,
        choices.UNCERTAINTIES,
        choices.REFINEMENTS,
        choices.LABEL_FORMATS,
    ],
)
def test_every_name_has_an_implementation(registry):
    assert all(registry[name] is not None for name in registry)
