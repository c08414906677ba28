from pathlib import Path

import pytest

CAMVID = Path(__file__).parents[2] / "shared" / "camvid"


@pytest.fixture(scope="session")
def camvid():
    """The real CamVid images, where they exist."""
    if not CAMVID.is_dir():
        pytest.skip("no CamVid beside the project")
    return CAMVID
