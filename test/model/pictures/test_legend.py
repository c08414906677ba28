import numpy as np
import pytest

from segnet_model.labels import LabelSet, SegmentationClass
from segnet_model.pictures.legend import draw_legend, legend_ids, legend_strip

CAMVID = LabelSet.load("camvid")
TWO = LabelSet("two", (SegmentationClass("no", (200, 0, 0)), SegmentationClass("go", (0, 200, 0))))
MANY = LabelSet("many", tuple(SegmentationClass(f"c{i}", (i, 255 - i, 9)) for i in range(40)))
SIZES = [(240, 320), (720, 1280), (1080, 1920), (640, 360)]


def packed(colors):
    """Colors (..., 3) as one integer each."""
    return np.asarray(colors, np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)


def colors_in(image):
    return np.unique(packed(image[(image != image[-1, -1]).any(2)]))


def drawn(label_set, size, ids=None, ground=120):
    image = np.full((*size, 3), ground, np.uint8)
    draw_legend(image, label_set, ids)
    return image


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("label_set", [CAMVID, TWO])
def test_every_color_is_there_exactly(size, label_set):
    wanted = packed([[max(1, v) for v in c.color] for c in label_set.classes])
    assert np.isin(wanted, colors_in(drawn(label_set, size))).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("label_set", [CAMVID, TWO, MANY])
def test_it_covers_a_modest_part_in_the_upper_left(size, label_set):
    changed = (drawn(label_set, size) != 120).any(2)
    assert 0 < changed.mean() < 0.15
    assert not changed[:, size[1] // 2 :].any()
    assert not changed[int(0.65 * size[0]) :].any()


@pytest.mark.parametrize("size", SIZES)
def test_letters_are_bright_on_dark_whatever_lies_below(size):
    white = drawn(TWO, size, ground=255)
    legend = white[(white != 255).any(2)]
    assert legend.max(1).min() < 100
    assert (legend.min(1) > 180).sum() > 10


@pytest.mark.parametrize("size", [(360, 480), (1080, 1920), (2160, 3840)])
def test_capitals_are_high_enough_to_read_in_a_small_window(size):
    """RViz shows an image of 1080 rows in 270."""
    camvid = drawn(CAMVID, size, ids=(7,))  # Fence
    white = (camvid.min(2) > 200).any(1)
    assert white.sum() >= size[0] / 55


def test_only_these_in_this_order():
    image = drawn(CAMVID, (360, 480), ids=(8, 3))
    here = [tuple(max(1, v) for v in CAMVID.classes[i].color) for i in (8, 3)]
    rows = [np.flatnonzero((image == c).all(2).any(1)) for c in here]
    assert rows[0].max() < rows[1].min()
    others = [each.color for i, each in enumerate(CAMVID.classes) if i not in (8, 3)]
    colored = packed([color for color in others if len(set(color)) > 1])  # the letters are gray
    assert not np.isin(colored, colors_in(image)).any()


def test_a_tiny_image_stays_as_it_is():
    assert (drawn(CAMVID, (24, 32)) == 120).all()


def test_few_classes_are_all_named_and_of_many_the_largest():
    labels = np.repeat(np.arange(40, dtype=np.uint8), 64)[None].repeat(64, 0)
    assert legend_ids(labels, CAMVID) == tuple(range(11))
    labels[:, : 64 * 20] = 30  # half of the image
    ids = legend_ids(labels, MANY)
    assert 30 in ids
    assert len(ids) <= 12
    assert list(ids) == sorted(ids)
    assert not set(ids) & set(range(20))
    labels[:] = 255  # ignored pixels are of no class
    assert legend_ids(labels, MANY) == ()


@pytest.mark.parametrize("width", [60, 300, 2000])
def test_a_strip_has_every_color_in_lines_of_its_width(width):
    strip = legend_strip(CAMVID, width, "what else")
    assert strip.shape[1:] == (width, 3)
    colors = packed([each.color for each in CAMVID.classes])
    assert np.isin(colors, np.unique(packed(strip))).all()
    assert (
        len(legend_strip(CAMVID, 2000))
        < len(legend_strip(CAMVID, 300))
        < len(legend_strip(CAMVID, 60))
    )
    assert len(strip) > len(legend_strip(CAMVID, width))
