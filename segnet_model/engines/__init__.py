"""Backends that run a network: PyTorch, OpenVINO and ONNX Runtime, with one interface."""

from segnet_model.engines.engine import Engine, open_engine

__all__ = ["Engine", "open_engine"]
