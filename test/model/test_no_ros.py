import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Runs in a fresh interpreter: imports every module while everything of ROS refuses to.
PROGRAM = """
import importlib, pkgutil, sys
sys.path.insert(0, {root!r})

class NoRos:
    blocked = ("rclpy", "rosidl_runtime_py", "launch", "cv_bridge", "segnet_ros", "ament_index")

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in self.blocked or top.endswith(("_msgs", "_interfaces", "_srvs")):
            raise ImportError(f"segnet_model imported {{name}}")

sys.meta_path.insert(0, NoRos())
try:
    import sensor_msgs.msg
except ImportError as error:
    print(error)
import segnet_model
names = [m.name for m in pkgutil.walk_packages(segnet_model.__path__, "segnet_model.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_every_module_imports_with_ros_blocked():
    program = [sys.executable, "-c", PROGRAM.format(root=str(ROOT))]
    result = subprocess.run(program, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    blocked, count = result.stdout.splitlines()
    assert blocked == "segnet_model imported sensor_msgs"  # the block blocks
    files = len(list((ROOT / "segnet_model").rglob("*.py")))
    assert int(count) == files - 1  # segnet_model/__init__.py itself is not in the walk
