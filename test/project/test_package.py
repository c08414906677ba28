"""package.xml names each package that the nodes and launch files import, for rosdep to install."""

import ast
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
TYPE = re.compile(r"[a-z]\w*/msg/[A-Z]\w*")
# Where rosdep's name is not the module's.
KEYS = {
    "aiohttp": "python3-aiohttp",
    "cv2": "python3-opencv",
    "numpy": "python3-numpy",
    "tf2_ros": "tf2_ros_py",
    "torch": "python3-torch",
    "yaml": "python3-yaml",
}


def imported():
    """{module: file} of all imports, those within functions and those by message types too."""
    found = {}
    for file in [*(ROOT / "segnet_ros").rglob("*.py"), *(ROOT / "launch").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            if isinstance(node, ast.Constant) and TYPE.fullmatch(str(node.value)):
                names = [node.value.partition("/")[0]]
            found |= {name.partition(".")[0]: str(file.relative_to(ROOT)) for name in names}
    return found


def test_every_import_of_the_nodes_is_a_dependency():
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    named = {each.text for tag in ("depend", "exec_depend") for each in package.iter(tag)}
    ours = {"segnet_model", "segnet_ros"} | set(sys.stdlib_module_names)
    others = {name: file for name, file in imported().items() if name not in ours}
    assert len(others) > 10
    assert {name: file for name, file in others.items() if KEYS.get(name, name) not in named} == {}
