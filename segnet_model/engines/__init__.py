"""What runs a network: PyTorch, OpenVINO or ONNX Runtime, each behind the same few names."""

from segnet_model.engines.engine import Engine, open_engine

__all__ = ["Engine", "open_engine"]
