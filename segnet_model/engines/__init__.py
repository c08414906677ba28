"""What runs a network: PyTorch, OpenVINO or ONNX Runtime, each behind the same few names."""

from segnet_model.engines.engine import ENGINES, Engine, open_engine

__all__ = ["ENGINES", "Engine", "open_engine"]
