"""The ROS 2 face of SegNet: the nodes, their messages, and what turns one into the other."""

from pkgutil import extend_path

# `segnet_ros.msg` is generated into the colcon overlay. Without this, a source tree earlier on
# `sys.path` would hide it.
__path__ = extend_path(__path__, __name__)
