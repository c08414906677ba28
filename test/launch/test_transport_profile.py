"""What a launch file starts has room for large images, unless a person has chosen for himself."""

import time
from pathlib import Path

import pytest
from ament_index_python import get_package_share_directory

pytestmark = [pytest.mark.ros, pytest.mark.slow]
NAMES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
CONFIG = Path(get_package_share_directory("segnet_ros"), "config")


@pytest.fixture
def environment_of(start, members, monkeypatch):
    """A function: the environment of the node that a launch file has started."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("FASTDDS_BUILTIN_TRANSPORTS", raising=False)

    def of(*arguments, program="segmentation", file="segnet.launch.py", **environment):
        launch = start(file, *arguments, **environment)
        until = time.monotonic() + 60
        while not (found := running(program, members(launch.pid))):
            assert launch.poll() is None, "the launch ended"
            assert time.monotonic() < until, "no node was started"
            time.sleep(0.1)
        values = Path(f"/proc/{found[0]}/environ").read_bytes().decode().split("\0")
        return dict(text.split("=", 1) for text in values if text)

    return of


def running(program, processes):
    """Those that run one of this package's programs."""
    found = []
    for process in processes:
        try:
            command = Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if f"lib/segnet_ros/{program}".encode() in command:
            found.append(process)
    return found


@pytest.mark.timeout(120)
def test_a_node_is_started_with_the_profile(environment_of):
    found = environment_of()
    assert found[NAMES[0]] == found[NAMES[1]]
    assert Path(found[NAMES[0]]).parent == CONFIG
    assert Path(found[NAMES[0]]).is_file()


@pytest.mark.timeout(120)
def test_the_player_is_started_with_the_profile(folder, environment_of):
    arguments = f"bag:={folder / 'drive'}", "loop:=true"
    found = environment_of(*arguments, program="bag_player", file="replay.launch.py")
    assert Path(found[NAMES[1]]).parent == CONFIG


@pytest.mark.timeout(120)
def test_another_profile(folder, environment_of):
    other = folder / "other.xml"
    other.write_bytes((CONFIG / "fastdds_large_images_container.xml").read_bytes())
    found = environment_of(f"transport_profile:={other}")
    assert {found[name] for name in NAMES} == {str(other)}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("arguments", "own"),
    [
        ([], {NAMES[0]: str(CONFIG / "fastdds_large_images_container.xml")}),
        ([], {NAMES[1]: str(CONFIG / "fastdds_large_images_container.xml")}),
        ([], {"FASTDDS_BUILTIN_TRANSPORTS": "UDPv4"}),
        (["transport_profile:="], {}),
    ],
    ids=["first name", "second name", "transports", "empty argument"],
)
def test_a_users_choice_stays(environment_of, arguments, own):
    found = environment_of(*arguments, **own)
    assert {name: found[name] for name in NAMES if name in found} == {
        name: value for name, value in own.items() if name in NAMES
    }


def test_the_argument_is_described():
    launch = pytest.importorskip("launch.launch_description_sources")
    source = launch.PythonLaunchDescriptionSource(str(CONFIG.parent / "launch/segnet.launch.py"))
    context = pytest.importorskip("launch").LaunchContext()
    arguments = source.get_launch_description(context).get_launch_arguments()
    found = {argument.name: argument for argument in arguments}["transport_profile"]
    assert "large images" in found.description
    assert Path(found.default_value[0].text).parent == CONFIG
