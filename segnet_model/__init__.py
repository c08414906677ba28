"""SegNet semantic segmentation in PyTorch: networks, training and inference, without ROS."""

from segnet_model.threads import limit_spinning

limit_spinning()


def __getattr__(name: str) -> str:
    if name == "__version__":
        from segnet_model.base.version import version  # read only when asked for

        return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
