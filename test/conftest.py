import importlib.util
import logging
import os
import signal
from pathlib import Path

import pytest
from fork_server import die_with_parent
from programs import Programs

if "PYTEST_XDIST_WORKER" in os.environ:  # the other cores have tests of their own
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import segnet_model  # noqa: F401  # before PyTorch, so that waiting threads leave the cores alone

# ROS's launch, which its plugins of pytest import, makes all later loggers of a class that passes
# nothing on to caplog, and logs all from INFO on.
logging.setLoggerClass(logging.Logger)
logging.getLogger().setLevel(logging.WARNING)

HERE = Path(__file__).parent
CAMVID = HERE.parents[1] / "shared" / "camvid"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell does that to what it starts with &, and programs under test would not hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def reserve_domain():
    """A ROS domain that nobody else has, for as long as this process runs."""
    path = HERE.parent / "scripts" / "isolated.py"
    spec = importlib.util.spec_from_file_location("isolated", path)
    isolated = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(isolated)
    return isolated.reserve_domain()


def pytest_configure(config):
    """Give this process a ROS domain of its own, before anything imports rclpy."""
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    worker = hasattr(config, "workerinput")  # of pytest-xdist
    if worker:
        die_with_parent()
    if worker or "ROS_DOMAIN_ID" not in os.environ:
        os.environ["ROS_DOMAIN_ID"] = str(reserve_domain())


def pytest_addoption(parser):
    parser.addoption(
        "--long",
        action="store_true",
        help="let the tests of endurance take an hour instead of a minute; -s shows their figures",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path, parent):
    """Hand launch_testing its own tests only: it takes two files of one name for one module."""
    if module_path.is_relative_to(HERE / "launch"):
        return None
    return pytest.Module.from_parent(parent, path=module_path)


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items):
    """Let `--dist loadgroup` keep together what shares a node: the tests of a file.

    They go first, as they take longest: a file of them at the end would keep one worker waiting.
    """

    def talks(item):
        return any(item.path.is_relative_to(HERE / name) for name in ("ros", "launch"))

    for item in filter(talks, items):
        item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(HERE))))
    items.sort(key=lambda item: not talks(item))


def pytest_runtest_setup(item):
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs an NVIDIA GPU")


@pytest.fixture(scope="session")
def programs():
    """Starts programs that end with this process."""
    programs = Programs()
    yield programs
    programs.close()


@pytest.fixture(scope="session")
def camvid():
    """The real CamVid images, where they exist."""
    if not CAMVID.is_dir():
        pytest.skip("no CamVid beside the project")
    return CAMVID
