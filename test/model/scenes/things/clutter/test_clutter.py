"""Fences and posts of many kinds: their classes, their places, each kind drawn."""

import numpy as np
import pytest

from segnet_model.scenes.classes import BUILDING, FENCE, POLE, SIGN, TREE
from segnet_model.scenes.drawing.sketch import CLEAR
from segnet_model.scenes.materials.coverings import PLAIN
from segnet_model.scenes.things.clutter.fence_kinds import KINDS
from segnet_model.scenes.things.clutter.fences import boundary, kind_of
from segnet_model.scenes.things.clutter.posts import POSTS, stand_post
from segnet_model.scenes.weather.sky import draw_weather

WEATHER = draw_weather(3)
ENDS = np.array([4.0, 6.0, 0.0]), np.array([12.0, 6.0, 0.0])
LEAF = (70.0, 100.0, 50.0)


def keys_by_kind() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key in range(400):
        found.setdefault(kind_of(key), []).append(key)
    return found


def labels_of(key: int) -> np.ndarray:
    (prop,) = boundary(key, [ENDS], (0.0, 0.4), LEAF, WEATHER, PLAIN)
    return np.asarray(prop.panels[0].texture.labels)


def test_each_kind_of_boundary_is_drawn_with_its_class() -> None:
    found = keys_by_kind()
    assert set(found) == set(KINDS)
    for kind, keys in found.items():
        for key in keys[:6]:
            labels = labels_of(key)
            expected = {BUILDING} if kind == "low wall" else {FENCE, BUILDING, CLEAR}
            assert set(np.unique(labels)) <= expected
            if kind != "low wall":
                assert (labels == FENCE).mean() > 0.1


@pytest.mark.parametrize("kind", ["open", "hedged", "ranch", "guard"])
def test_one_looks_through_some_railings(kind: str) -> None:
    for key in keys_by_kind()[kind][:8]:
        assert 0.2 < (labels_of(key) == CLEAR).mean() < 0.9


def test_a_hedge_stands_behind_its_railings() -> None:
    for key in keys_by_kind()["hedged"][:5]:
        (prop,) = boundary(key, [ENDS], (0.0, 0.4), LEAF, WEATHER, PLAIN)
        railings, hedge = prop.panels
        assert hedge.texture.solid_label == TREE
        np.testing.assert_allclose(railings.corners[1], [8.0, 0, 0])
        assert railings.corners[0, 1] == 6.0
        assert hedge.corners[0, 1] == 6.4
        picture = hedge.texture.shrunk(0, 0).reshape(-1, 3).mean(axis=0)
        np.testing.assert_allclose(picture, np.array(LEAF) * 0.9, atol=45)


def test_the_pieces_of_a_boundary_share_their_pictures() -> None:
    """Each is then painted once."""
    pieces = [ENDS, (ENDS[1], ENDS[1] + (6.0, 0.0, 0.0))]
    for key in keys_by_kind()["hedged"][:2] + keys_by_kind()["open"][:2]:
        first, second = boundary(key, pieces, (0.0, 0.4), LEAF, WEATHER, PLAIN)
        for one, other in zip(first.panels, second.panels, strict=True):
            assert one.texture is other.texture
            np.testing.assert_allclose(one.corners[0] + one.corners[1], other.corners[0])


def test_a_key_gives_the_same_boundary() -> None:
    for key in range(30):
        first, second = (
            next(boundary(key, [ENDS], (0.0, 0.4), LEAF, WEATHER, PLAIN)) for _ in range(2)
        )
        for one, other in zip(first.panels, second.panels, strict=True):
            np.testing.assert_array_equal(one.corners, other.corners)
            np.testing.assert_array_equal(one.texture.labels, other.texture.labels)
            np.testing.assert_array_equal(one.texture.shrunk(0, 0), other.texture.shrunk(0, 0))


@pytest.mark.parametrize("kind", POSTS)
def test_posts_stand_on_their_foot_with_two_classes(kind: str) -> None:
    foot, sizes = np.array([10.0, 3.0, 0.0]), set()
    for key in range(60):
        (panel,) = stand_post(kind, key, foot, 1.0, WEATHER, 28.0).panels
        origin, across, down = panel.corners
        np.testing.assert_allclose(origin + across / 2 + down, foot, atol=1e-9)
        sizes.add(round(float(-across[1]), 3))
        labels = panel.texture.labels
        assert set(np.unique(labels)) <= {SIGN, POLE, CLEAR}
        if kind == "lamp":
            assert not (labels == SIGN).any()
        else:
            assert (labels == SIGN).any()
    assert sizes == {width for width, _, _ in POSTS[kind]}


def test_an_arm_points_to_the_street() -> None:
    """Towards -y is right, as the camera looks along x."""
    for towards in (-1.0, 1.0):
        shares = []
        for key in range(40):
            (panel,) = stand_post(
                "lamp", key, np.array([10.0, 3.0, 0.0]), towards, WEATHER, 28.0
            ).panels
            labels = panel.texture.labels
            if labels.shape[1] > 90:  # wider than poles and lanterns
                top = (labels[: labels.shape[0] // 5] == POLE).sum(axis=0)
                left, _ = np.array_split(top, 2)
                shares.append(left.sum() / top.sum())
        assert (np.mean(shares) > 0.6) == (towards > 0)
