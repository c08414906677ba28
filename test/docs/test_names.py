"""Paths, arguments and topics that the guides name exist."""

import re
from pathlib import Path

import pytest

from segnet_model.inference.outputs import OUTPUTS

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
BESIDE = {"front/mask", "left/mask"}  # of a camera that the guide calls so
# Of the node, made of no single answer: see `segnet_ros.segmentation`.
OF_NODE = {
    "class_map", "label_info", "drivable_map", "drivable_map_updates",
    "clear_map", "reload_weights", "set_enabled",
}  # fmt: skip
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_the_files_of_links_and_code(page):
    text = page.read_text()
    links = [each for each in re.findall(r"\]\(([^)\s#]+)", text) if ":" not in each]
    assert not [each for each in links if not (page.parent / each).exists()]
    tops = "benchmarks|config|docs|launch|msg|scripts|segnet_model|segnet_ros|test"
    named = re.findall(rf"`((?:{tops})/[\w./]*)`", text)
    assert not [each for each in named if not (ROOT / each).exists()]


@each_page
def test_the_arguments_of_launch_files_and_nodes(page):
    pytest.importorskip("rclpy")
    from segnet_model.base.options import options_of
    from segnet_ros.segmentation.settings import NodeSettings
    from segnet_ros.trainer.settings import TrainerSettings

    files = [*(ROOT / "launch").glob("*.py"), *(ROOT / "segnet_ros" / "launching").glob("*.py")]
    arguments = {n for file in files for n in re.findall(r'"([a-z_]+)": \(', file.read_text())}
    known = arguments | options_of(NodeSettings).keys() | options_of(TrainerSettings).keys()
    assert {*re.findall(r"\b([a-z_]+):=", page.read_text())} <= known


@each_page
def test_the_topics_of_the_node(page):
    named = {*re.findall(r"`~/([a-z_/]+)`", page.read_text())}
    assert named <= OUTPUTS.keys() | OF_NODE | BESIDE
