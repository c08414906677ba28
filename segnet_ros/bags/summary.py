"""Launch arguments for a bag: the program `bag_summary BAG [TOPIC [PREFIX]]`.

A program of its own, because `ros2 launch` may run under a Python that cannot read bags.
"""

from __future__ import annotations

import json
import sys

from segnet_model.base.errors import BagError, SegNetError


def launch_arguments(bag: str, topic: str = "", prefix: str = "") -> dict[str, str]:
    """The launch arguments for a bag.

    Args:
        bag: a rosbag2 folder, .mcap or .db3 file.
        topic: of the images; empty for the only one.
        prefix: namespace of the node's answers, as in /segmentation; empty for none.

    Raises:
        BagError: the bag cannot be read, or does not hold such images.
    """
    try:
        from segnet_model.bags.messages import TRANSPORTS
        from segnet_model.bags.reader import BagReader
    except ImportError as error:
        raise BagError(
            f"{sys.executable} cannot read bags: {error}; activate the environment with the "
            "package's requirements"
        ) from None
    with BagReader(bag) as reader:
        inside = f"{prefix}/" if prefix else ()
        others = [name for name in reader.image_topics if not name.startswith(inside)]
        if not topic and len(others) > 1:
            choices = " or ".join(f"image:={name}" for name in others)
            raise BagError(f"bag {bag} has several image topics; choose {choices}")
        image = reader.choose_image_topic(topic or next(iter(others), None))
        return {"image": image, "transport": TRANSPORTS[reader.topics[image].type]}


def main() -> int:
    """Print the launch arguments as JSON; the exit code is 1 after an error."""
    try:
        print(json.dumps(launch_arguments(*sys.argv[1:])))
    except SegNetError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
