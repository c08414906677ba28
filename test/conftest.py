from pathlib import Path

import pytest

CAMVID = Path(__file__).parents[2] / "shared" / "camvid"


def pytest_addoption(parser):
    parser.addoption(
        "--long",
        action="store_true",
        help="let the tests of endurance take an hour instead of a minute; -s shows their figures",
    )


@pytest.fixture(scope="session")
def camvid():
    """The real CamVid images, where they exist."""
    if not CAMVID.is_dir():
        pytest.skip("no CamVid beside the project")
    return CAMVID
