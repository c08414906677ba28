#!/usr/bin/env python3
"""Writes config/segnet.yaml and config/trainer.yaml from the nodes' tables of options.

. scripts/env.sh && scripts/parameter_files.py
"""

from pathlib import Path

from segnet_ros.ros.parameter_file import parameter_file
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.trainer.settings import TrainerSettings

CONFIG = Path(__file__).parents[1] / "config"
FILES = {
    "segnet.yaml": ("segmentation", NodeSettings),
    "trainer.yaml": ("trainer", TrainerSettings),
}

if __name__ == "__main__":
    for name, (node, table) in FILES.items():
        (CONFIG / name).write_text(parameter_file(node, table))
