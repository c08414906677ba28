"""Values derived from an answer, against values computed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.tables import AnswerSettings
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.inference.answer import SUMMARY_STEP, Answer
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet, SegmentationClass

RED, GREEN = (255, 0, 0), (0, 255, 0)
LABELS = LabelSet(
    "two", (SegmentationClass("wall", RED), SegmentationClass("road", GREEN, drivable=True)), 9
)


@pytest.fixture
def answer():
    found = Segmentation(
        labels=np.array([[0, 0, 0, 0], [0, 1, 1, 1]], np.uint8),
        confidence=np.full((2, 4), 0.5, np.float32),
        uncertainty=np.array([[0.0, 1.0, 1.0, 1.0], [0.1, 0.2, 0.2, 0.9]], np.float32),
    )
    image = np.full((2, 4, 3), 100, np.uint8)
    return Answer(image, found, LABELS, AnswerSettings(drivable_min_area=0.0))


def test_shares_are_of_the_whole_image_for_any_size_of_the_outputs(answer):
    small = replace(answer, settings=replace(answer.settings, output_size=(1, 1)))
    for each in (answer, small):
        assert each.fractions.tolist() == [5 / 8, 3 / 8]
        assert each.drivable_fraction == 2 / 8  # the third is too unsure
    assert small.resized.labels.tolist() == [[1]]
    assert small.resized_drivable.tolist() == [[255]]


def test_ids_beyond_the_label_set_are_of_no_class(answer):
    ids = answer.segmentation.labels.copy()
    ids[0] = LABELS.ignore_id
    found = replace(answer.segmentation, labels=ids)
    assert replace(answer, segmentation=found).fractions.tolist() == [1 / 8, 3 / 8]


def test_each_value_is_computed_once(answer):
    for name in ("drivable", "overlay", "fractions", "resized", "summary"):
        assert getattr(answer, name) is getattr(answer, name), name


def test_the_drivable_area_of_a_recording_is_taken_as_it_is(answer):
    recorded = np.full((2, 4), 255, np.uint8)
    assert replace(answer, recorded_drivable=recorded).drivable is recorded


def test_ground_above_the_horizon_leaves_nothing_drivable():
    labels = np.ones((48, 64), np.uint8)
    found = Segmentation(labels, *np.zeros((2, 48, 64), np.float32))
    lens, spec = Lens(64, 48, (60, 60), (31.5, 23.5)), GridSpec(1.0, 0.0, 8.0, -2.0, 2.0)
    grounds = [
        GroundProjector(lens, CameraPose.mounted(1.2, pitch=pitch), spec) for pitch in (0.6, -0.1)
    ]
    right, wrong = (Answer(labels, found, LABELS, ground=ground) for ground in grounds)
    assert right.distrust == ""
    assert right.drivable.all()
    assert (right.grid == 0).any()
    assert "of the ground is above the horizon" in wrong.distrust
    assert not wrong.drivable.any()
    assert wrong.drivable_fraction == 0
    assert (wrong.grid == -1).all()
    assert wrong.grid.shape == right.grid.shape
    assert np.isnan(wrong.obstacle_scan["ranges"]).all()
    assert wrong.obstacle_points.shape == (0, 3)
    assert wrong.speed_limit == AnswerSettings().lowest_speed < right.speed_limit


def test_trinary_values_hide_costs_from_the_grid_and_not_from_the_speed():
    labels = np.ones((48, 64), np.uint8)
    found = Segmentation(labels, *np.zeros((2, 48, 64), np.float32))
    lens, spec = Lens(64, 48, (60, 60), (31.5, 23.5)), GridSpec(1.0, 0.0, 8.0, -2.0, 2.0)
    ground = GroundProjector(lens, CameraPose.mounted(1.2, pitch=0.6), spec)
    scale = Answer(labels, found, LABELS.with_costs({"road": 70}), ground=ground)
    trinary = replace(scale, settings=AnswerSettings(grid_values="trinary"))
    assert set(scale.grid.ravel()) == {-1, 70}
    np.testing.assert_array_equal(trinary.grid, np.where(scale.grid == 70, 0, -1))
    assert scale.speed_limit == trinary.speed_limit == pytest.approx(30)
    for each in (scale, trinary):
        assert each.obstacle_points.shape == (0, 3)


def test_an_overlay_outlines_no_drivable_area_that_a_recording_lacks(answer):
    big = replace(
        answer,
        image=np.full((64, 64, 3), 100, np.uint8),
        segmentation=Segmentation(
            np.ones((64, 64), np.uint8), np.ones((64, 64)), np.zeros((64, 64))
        ),
    )
    lacking = replace(big, missing=frozenset({"drivable"}))
    assert (big.overlay[32, 0] != lacking.overlay[32, 0]).any()
    assert lacking.overlay[32, 0].tolist() == [50, 178, 50]


def test_a_summary_names_the_largest_class(answer):
    assert (answer.summary.largest, answer.summary.share) == ("wall", 1.0)  # one pixel is looked at
    assert answer.summary.unsure == 0.0


@pytest.mark.parametrize(("limit", "share"), [(0.9, 0.25), (0.3, 0.5), (0.1, 0.75)])
def test_a_summary_has_the_unsure_share_of_the_image(limit, share):
    few = np.float32([[0.2, 0.8], [0.0, np.nan]])
    uncertainty = few.repeat(SUMMARY_STEP, 0).repeat(SUMMARY_STEP, 1)
    labels = np.zeros(uncertainty.shape, np.uint8)
    found = Segmentation(labels, 1 - uncertainty, uncertainty)
    how = AnswerSettings(max_uncertainty=limit)
    answer = Answer(np.zeros((*labels.shape, 3), np.uint8), found, LABELS, how)
    assert answer.summary.unsure == share


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("max_uncertainty", 1.5, "0 to 1"), ("drivable_min_area", -0.1, "0 to 0.1"),
        ("drivable_margin", -1, "0 to 1000"), ("overlay_alpha", 2.0, "0 to 1"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(name, value, mend):
    with pytest.raises(SettingsError, match=f"{name} is {value}; give {mend}"):
        AnswerSettings(**{name: value})


def test_the_bound_of_the_weights_holds_unless_the_settings_have_one():
    image = np.zeros((4, 4, 3), np.uint8)
    uncertainty = np.full((4, 4), 0.25, np.float32)
    labels, camvid = np.full((4, 4), 3, np.uint8), LabelSet.load("camvid")
    found = Segmentation(labels, 1 - uncertainty, uncertainty)
    for limit, bound, share in ((-1.0, 0.2, 0), (-1.0, 0.25, 1), (0.4, 0.2, 1), (0.2, 0.9, 0)):
        answer = Answer(image, found, camvid, AnswerSettings(max_uncertainty=limit), bound)
        assert answer.drivable_fraction == 1 - answer.summary.unsure == share
    assert Answer(image, found, camvid).max_uncertainty == 0.5
    with pytest.raises(SettingsError, match=r"max_uncertainty is -0\.5; give 0 to 1"):
        AnswerSettings(max_uncertainty=-0.5)
