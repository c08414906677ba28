"""The guide docs/planners.md shows the settings that ship."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "planners.md").read_text()
NAV2 = ROOT / "config" / "nav2"


def test_the_settings_for_nav2_are_the_files_of_config():
    """Which test/ros/segmentation/node/test_nav2_files.py compares with the node."""
    shown = re.findall(r"```\{literalinclude\} \.\./config/nav2/(.*)\n", TEXT)
    assert sorted(shown) == sorted(path.name for path in NAV2.iterdir())
    assert "```yaml" not in TEXT
