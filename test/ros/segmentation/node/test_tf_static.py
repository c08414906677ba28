"""The camera's pose on /tf_static, over real topics; needs tf2_msgs."""

import pytest

TFMessage = pytest.importorskip("tf2_msgs.msg").TFMessage

from nav_msgs.msg import OccupancyGrid  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402
from ros_client import wait_until  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

pytestmark = pytest.mark.ros
LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture(scope="module")
def node(start_node, weights):
    return start_node(weights=weights, camera_height=1.5, camera_forward=0.2)


def test_who_comes_late_knows_where_the_camera_is(client, camera):
    client.listen("/segmentation/drivable_grid", OccupancyGrid)
    image = Image(height=40, width=60, encoding="rgb8", step=180, data=bytes(40 * 180))
    image.header.frame_id = "front_optical"

    def placed():
        camera.publish(image)
        return client.node.count_publishers("/tf_static")

    wait_until(placed, "a publisher on /tf_static")
    (found,) = client.listen("/tf_static", TFMessage, LATCHED).next().transforms
    assert (found.header.frame_id, found.child_frame_id) == ("base_link", "front_optical")
    place, turn = found.transform.translation, found.transform.rotation
    assert (place.x, place.y, place.z) == pytest.approx((0.2, 0.0, 1.5))
    # A level camera: z forward, x to the right, y down (REP 103).
    assert (turn.x, turn.y, turn.z, turn.w) == pytest.approx((-0.5, 0.5, -0.5, 0.5))
