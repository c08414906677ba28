import os
import signal
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # the other cores have tests of their own
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import segnet_model  # noqa: F401  # before PyTorch, so that waiting threads leave the cores alone

HERE = Path(__file__).parent
CAMVID = HERE.parents[1] / "shared" / "camvid"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell does that to what it starts with &, and programs under test would not hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--long",
        action="store_true",
        help="let the tests of endurance take an hour instead of a minute; -s shows their figures",
    )


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items):
    """Let `-n 2 --dist loadgroup` run what talks over ROS one after the other, in one process."""
    for item in items:
        if item.path.is_relative_to(HERE / "ros") or item.path.is_relative_to(HERE / "launch"):
            item.add_marker(pytest.mark.xdist_group("ros"))


@pytest.fixture(scope="session")
def camvid():
    """The real CamVid images, where they exist."""
    if not CAMVID.is_dir():
        pytest.skip("no CamVid beside the project")
    return CAMVID
