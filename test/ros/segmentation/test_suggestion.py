"""When a pitch is suggested, and what is said."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy")
from sensor_msgs.msg import CameraInfo

from segnet_model.inference.answer import Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.suggestion import IMAGES, PitchSuggestion

pytestmark = pytest.mark.ros

K = [100.0, 0.0, 79.5, 0.0, 100.0, 59.5, 0.0, 0.0, 1.0]
INFO = CameraInfo(height=120, width=160, k=K)
DEFAULTS = NodeSettings()
SKY, ROAD = 0, 3


def street(info=INFO):
    """Sky, and road from row 50 on: the camera looks down by atan(9.5 / 100)."""
    labels = np.full((120, 160), SKY, np.uint8)
    labels[50:] = ROAD
    found = Segmentation(labels, *np.zeros((2, 120, 160), np.float32))
    image = np.zeros((120, 160, 3), np.uint8)
    return Answer(image, found, LabelSet.load("camvid"), info=info)


def said(answer, settings=DEFAULTS, seconds=40):
    """What is suggested of ten images a second."""
    suggestion = PitchSuggestion()
    texts = [suggestion.add(answer, settings, tenth / 10) for tenth in range(10 * seconds)]
    return [text for text in texts if text]


def test_the_pitch_is_suggested_once_after_some_seconds():
    assert said(street(), seconds=IMAGES // 2) == []
    (text,) = said(street())
    pitch, error = map(
        float, re.search(r"pitch ([\d.]+) would have it, within ([\d.]+)", text).groups()
    )
    assert pitch == pytest.approx(np.arctan(0.095), abs=0.01)
    assert error < 0.02
    assert "measure camera_height" in text


def test_nothing_is_suggested_where_the_pose_is_given_or_nothing_is_known():
    assert said(street(), NodeSettings(camera_height=1.0)) == []
    assert said(street(info=None)) == []
    assert said(replace(street(), turn=2)) == []  # upside down
    assert said(street(info=CameraInfo(height=120, width=160))) == []
    unsure = street()
    unknown = np.full((120, 160), 0.9, np.float32)
    assert (
        said(replace(unsure, segmentation=replace(unsure.segmentation, uncertainty=unknown))) == []
    )
