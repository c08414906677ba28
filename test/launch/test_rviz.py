"""rviz:=true, with a stand-in for rviz2 that writes down its command line."""

import os
import time
from pathlib import Path

import pytest
import yaml
from ament_index_python import get_package_share_directory

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(120)]
OURS = Path(get_package_share_directory("segnet_ros"), "config", "segnet.rviz")
PROGRAM = """#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/arguments.new"
mv "$(dirname "$0")/arguments.new" "$(dirname "$0")/arguments"
exec sleep 60
"""


@pytest.fixture
def rviz(tmp_path, start):
    """A function: the command line of RViz, started by segnet.launch.py with some arguments."""
    prefix = tmp_path / "prefix"
    program = prefix / "lib" / "rviz2" / "rviz2"
    marker = prefix / "share" / "ament_index" / "resource_index" / "packages" / "rviz2"
    for file in (program, marker):
        file.parent.mkdir(parents=True)
        file.write_text(PROGRAM)
    program.chmod(0o755)
    path = f"{prefix}:{os.environ['AMENT_PREFIX_PATH']}"

    def run(*arguments):
        launch = start("segnet.launch.py", "rviz:=true", *arguments, AMENT_PREFIX_PATH=path)
        until = time.monotonic() + 60
        while not (program.parent / "arguments").exists():
            assert launch.poll() is None, "the launch ended"
            assert time.monotonic() < until, "no RViz was started"
            time.sleep(0.1)
        return (program.parent / "arguments").read_text().splitlines()

    return run


def options(line, flag):
    return [line[i + 1] for i, each in enumerate(line) if each == flag]


def remapped(line):
    return dict(each.split(":=") for each in options(line, "-r"))


def parameters(line):
    """Those in the files that launch has written."""
    found = {}
    for file in options(line, "--params-file"):
        for each in yaml.safe_load(Path(file).read_text()).values():
            found |= each["ros__parameters"]
    return found


def test_alone_it_shows_the_nodes_topics_in_the_robots_frame(rviz):
    line = rviz()
    assert options(line, "-d") == [str(OURS)]
    assert options(line, "-f") == ["base_link"]
    assert remapped(line) == {"__ns": "/"}
    assert not parameters(line)


def test_it_shows_each_camera_of_a_node_in_a_namespace(rviz, folder):
    settings = {"segmentation": {"ros__parameters": {"base_frame": "robot1/base"}}}
    (folder / "params.yaml").write_text(yaml.safe_dump(settings))
    line = rviz(
        "namespace:=robot1",
        "cameras:=[front, left]",
        "image:=[/front/raw, /left/raw]",
        f"params_file:={folder / 'params.yaml'}",
        "use_sim_time:=true",
    )
    assert remapped(line) == {"__ns": "/robot1"}
    shown = Path(options(line, "-d")[0]).read_text()
    displays = yaml.safe_load(shown)["Visualization Manager"]["Displays"]
    topics = {each["Name"]: each["Topic"]["Value"] for each in displays if "Topic" in each}
    inside = "/robot1/segmentation/"
    assert topics["Overlay, front"] == inside + "front/overlay"
    assert topics["Overlay, left"] == inside + "left/overlay"
    assert topics["Grid, left"] == inside + "left/drivable_grid"
    assert topics["Map"] == inside + "drivable_map"
    assert "/segmentation/" not in shown.replace(inside, "")
    assert options(line, "-f") == ["robot1/base"]
    assert parameters(line) == {"use_sim_time": True}


def test_the_fixed_frame_of_a_persons_own_file_stays(rviz, folder):
    shown = {"Displays": [{"Displays": [{"Topic": {"Value": "/segmentation/mask"}}]}]}
    own = folder / "own.rviz"
    own.write_text(yaml.safe_dump({"Visualization Manager": shown}))
    line = rviz(f"rviz_config:={own}", "namespace:=/robot/", "base_frame:=base")
    assert options(line, "-d") == [str(own)]
    assert not options(line, "-f")
    assert remapped(line)["/segmentation/mask"] == "/robot/segmentation/mask"
