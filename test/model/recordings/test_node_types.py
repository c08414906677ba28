from pathlib import Path

import pytest
from rosbags.typesys import get_types_from_msg

from segnet_model.bags.messages import new_types
from segnet_model.inference.outputs import CLASS_MAP, STATS
from segnet_model.recordings.node_types import CLASS, DEFINITIONS, node_types

MSG = Path(__file__).parents[3] / "msg"


@pytest.mark.parametrize("name", [CLASS, CLASS_MAP, STATS])
def test_they_are_those_of_the_package(name):
    types = new_types()
    for each in (CLASS, CLASS_MAP, STATS):
        text = (MSG / f"{each.rpartition('/')[2]}.msg").read_text()
        types.register(get_types_from_msg(text, each))
    assert node_types().hash_rihs01(name) == types.hash_rihs01(name)


def test_all_can_be_written():
    for name in DEFINITIONS:
        assert node_types().generate_msgdef(name, ros_version=2)[0]
