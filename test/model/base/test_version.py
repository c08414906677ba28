import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import yaml

import segnet_model
from segnet_model.base import version as module

ROOT = Path(__file__).parents[3]


def stated():
    """The version in package.xml, by an XML parser of its own."""
    return ET.parse(ROOT / "package.xml").findtext("version")


def of_a_copy(folder):
    """The version that a copy of the module in another place says."""
    place = folder / "copied" / "base"
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(module.__file__, place)
    program = "from copied.base.version import version; print(version())"
    command = [sys.executable, "-S", "-c", program]  # without site-packages
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        command, cwd=folder, env=alone, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def test_a_checkout_has_the_version_of_package_xml():
    assert segnet_model.__version__ == stated()


def test_an_installed_copy_has_the_version_of_its_metadata(tmp_path):
    metadata = tmp_path / "segnet_ros-7.8.9.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: segnet_ros\nVersion: 7.8.9\n")
    assert of_a_copy(tmp_path) == "7.8.9"


def test_package_xml_comes_before_an_older_installation(tmp_path):
    test_an_installed_copy_has_the_version_of_its_metadata(tmp_path)
    (tmp_path / "package.xml").write_text("<package>\n <version> 8.0.0 </version>\n</package>")
    assert of_a_copy(tmp_path) == "8.0.0"


def test_a_bare_copy_of_the_sources_has_no_version(tmp_path):
    assert of_a_copy(tmp_path) == "unknown"


def test_setup_and_the_citation_have_the_same_version():
    setup = [sys.executable, "setup.py", "--version"]
    result = subprocess.run(setup, cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == stated()
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == stated()
