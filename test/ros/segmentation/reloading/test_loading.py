"""The network that a node loads, in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.ros


def test_what_pytorch_brings_is_no_work_for_the_garbage_collector():
    code = (
        "import gc, sys\n"
        "from segnet_ros.segmentation.reloading import load_network\n"
        "from segnet_ros.segmentation.settings import NodeSettings\n"
        "assert 'torch' not in sys.modules\n"
        "load_network(NodeSettings(weights='segnet_basic_drives', device='cpu', engine='torch'))\n"
        "print('torch' in sys.modules and gc.get_freeze_count() > len(gc.get_objects()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr
