"""Label images of ids and colors, by their place, as published, and by the user's map."""

import shutil

import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.annotations.importing import import_labels
from segnet_model.images.files import read_labels, write_png
from segnet_model.labels import LabelSet

YARD = LabelSet.from_dict(
    {
        "name": "yard",
        "classes": [
            {"name": "Ground", "color": [0, 128, 0], "drivable": True},
            {"name": "Thing", "color": [128, 0, 0]},
        ],
    }
)
GROUND, THING, IGNORED = 0, 1, 255


def stripes(*values):
    """Values, or colors, in columns of equal width: 64x96."""
    pixels = np.zeros((64, 96, *np.shape(values[0])), np.uint8)
    width = -(-96 // len(values))
    for place, value in enumerate(values):
        pixels[:, place * width : (place + 1) * width] = value
    return pixels


@pytest.fixture
def bring(dataset, tmp_path):
    """Import label images of train/1 and train/2; returns what was read and what was reported."""

    def do(*masks, labels=YARD, names=("1", "2"), beside=None, **options):
        for old in ("trainannot", "valannot"):
            shutil.rmtree(dataset / old, ignore_errors=True)
        (dataset / "labels.yaml").unlink(missing_ok=True)
        source = tmp_path / "masks"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        for name, mask in zip(names, masks, strict=False):
            write_png(source / f"{name}.png", mask)
        for name, text in (beside or {}).items():
            (source / name).write_text(text)
        done = import_labels(source, dataset, labels, split="train", **options)
        written = sorted((dataset / "trainannot").iterdir())
        return [read_labels(path, labels) for path in written], done

    return do


def test_masks_of_0_and_255_are_refused_with_the_lines_to_type(bring, dataset):
    mend = r"0, which is 'Ground', and 255 alone.*--map 255=Thing.*--map 255=ignore"
    with pytest.raises(DatasetError, match=mend):
        bring(stripes(0, 255))
    with pytest.raises(DatasetError, match=mend):
        bring(stripes(0, 0), stripes(255, 255))
    assert not (dataset / "trainannot").exists()
    with pytest.raises(DatasetError, match="in none of its 1 labels .* --map ID=CLASS"):
        bring(stripes(255, 255), names=["2"])


def test_masks_of_0_and_255_beside_those_of_0_and_1_are_refused(bring):
    """Two tools, or two people; where a file holds 1 beside 255, 255 is nobody's."""
    with pytest.raises(DatasetError, match=r"where others hold 0 and 1, which is 'Thing'.*255=Th"):
        bring(stripes(0, 1), stripes(0, 255))
    (first, second), _ = bring(stripes(0, 1), stripes(0, 255), renamed={"255": "ignore"})
    assert set(np.unique(first)) == {GROUND, THING}
    assert set(np.unique(second)) == {GROUND, IGNORED}
    with pytest.raises(DatasetError, match="say what 1 is"):
        bring(stripes(0, 1), stripes(0, 255), renamed={"255": "Thing"})
    (first, second), _ = bring(
        stripes(0, 1), stripes(0, 255), renamed={"255": "Thing", "1": "Thing"}
    )
    assert set(np.unique(second)) == {GROUND, THING}
    np.testing.assert_array_equal(first, second)
    bring(stripes(0, 1, 255), stripes(0, 255))
    bring(stripes(0, 1), stripes(255, 255))


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ({"255": "Thing"}, (GROUND, THING)),
        ({"255": "Thing", "0": "ignore"}, (IGNORED, THING)),
        ({"255": "ignore"}, (GROUND, IGNORED)),
        ({"255": "Ground", "0": "Thing"}, (THING, GROUND)),
    ],
)
def test_0_and_255_are_what_the_map_says(bring, pairs, wanted):
    (found,), done = bring(stripes(0, 255), renamed=pairs)
    np.testing.assert_array_equal(found, stripes(*wanted))
    assert sum(done.shares.values()) == 1.0
    again, _ = bring(stripes(0, 255), optional=pairs)
    np.testing.assert_array_equal(again[0], found)


def test_classes_that_begin_with_1_need_a_word_about_0(bring):
    from_1 = {"1": "Ground", "2": "Thing"}
    with pytest.raises(
        DatasetError, match="1 is Ground by --map, and so is 0 by its place.*--map 0="
    ):
        bring(stripes(0, 1, 2), renamed=from_1)
    (found,), done = bring(stripes(0, 1, 2), renamed={"0": "ignore", **from_1})
    np.testing.assert_array_equal(found, stripes(IGNORED, GROUND, THING))
    assert done.meanings == {"0": "ignore", "1": "Ground", "2": "Thing"}


def test_several_ids_may_become_one_class(bring):
    pairs = {"0": "Ground", "1": "Thing", "7": "Thing", "255": "Ground"}
    (found,), _ = bring(stripes(0, 1, 7, 255), renamed=pairs)
    np.testing.assert_array_equal(found, stripes(GROUND, THING, THING, GROUND))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            {"7": "Thing"},
            "7=Thing is not used: none .* has '7'; they have Ground, Thing",
        ),
        ({"Grond": "Thing"}, "none of the labels has 'Grond' .do you mean 'Ground'"),
        ({"0": "Thng"}, "--map 0=Thng: 'Thng' is no class .*do you mean 'Thing'"),
        ({"#ff0000": "Thing"}, "none of the labels has '#ff0000'"),
    ],
)
def test_a_map_that_is_not_used_is_an_error(bring, dataset, pairs, message):
    with pytest.raises(SettingsError, match=message):
        bring(stripes(0, 1), renamed=pairs)
    assert not (dataset / "trainannot").exists()


def test_of_a_file_of_pairs_one_has_to_be_used(bring):
    table = {"0": "ignore", "9": "Thing"}
    (found,), _ = bring(stripes(0, 1), optional=table)
    np.testing.assert_array_equal(found, stripes(IGNORED, THING))
    with pytest.raises(SettingsError, match="8=Ground is not used"):
        bring(stripes(0, 1), optional={"8": "Ground", "9": "Thing"})


def test_ids_of_no_class_are_named_over_all_files_with_the_mend(bring):
    mend = r"2\.png: \['5', '17'\] are no classes .* --map '5=CLASS' --map '17=CLASS'"
    with pytest.raises(DatasetError, match=mend):
        bring(stripes(0, 17), stripes(0, 5), names=("1", "2"))
    with pytest.raises(DatasetError, match="1.png: holds 94 ids of no class .* smoothed"):
        bring(np.tile(np.arange(96, dtype=np.uint8), (64, 1)))


def test_colors_are_mapped_like_names(bring):
    white, black, green = (255, 255, 255), (0, 0, 0), (0, 128, 0)
    mask = stripes(black, white, green)
    with pytest.raises(DatasetError, match=r"\['#ffffff'\] are no classes .* --format ids"):
        bring(mask)
    for name in ("#FFFFFF", "255,255,255", "(255, 255, 255)"):
        (found,), _ = bring(mask, renamed={name: "Thing"})
        np.testing.assert_array_equal(found, stripes(IGNORED, THING, GROUND))
    (found,), _ = bring(mask, renamed={"#ffffff": "Thing", "#000000": "Ground"})
    np.testing.assert_array_equal(found, stripes(GROUND, THING, GROUND))


def test_ids_that_were_saved_as_colors_are_read_where_asked(bring):
    mask = stripes((0, 0, 0), (1, 1, 1))
    with pytest.raises(DatasetError, match="if these grays are ids, give --format ids"):
        bring(mask)
    (found,), _ = bring(mask, format_name="ids")
    np.testing.assert_array_equal(found, stripes(GROUND, THING))


def test_a_palette_of_class_colors_in_another_order_needs_a_word(dataset, tmp_path):
    from PIL import Image

    image = Image.fromarray(stripes(0, 1)).convert("P")
    image.putpalette([128, 0, 0, 0, 128, 0])  # Thing, Ground
    shutil.rmtree(dataset / "trainannot")
    shutil.rmtree(dataset / "valannot")
    (tmp_path / "masks").mkdir()
    image.save(tmp_path / "masks" / "1.png")
    with pytest.raises(DatasetError, match="--format colors or --format ids"):
        import_labels(tmp_path / "masks", dataset, YARD, split="train")
    for name, wanted in (("colors", (THING, GROUND)), ("ids", (GROUND, THING))):
        import_labels(tmp_path / "masks", dataset, YARD, split="train", format_name=name)
        found = read_labels(dataset / "trainannot" / "1.png", YARD)
        np.testing.assert_array_equal(found, stripes(*wanted))


OUTDOOR = LabelSet.load("outdoor")


def outdoor(*names):
    return stripes(*(OUTDOOR.names.index(name) if name else 255 for name in names))


@pytest.mark.parametrize(
    ("original", "ids", "wanted"),
    [
        ("rellis", (0, 1, 3, 19, 34), (None, "Path", "Grass", "Vegetation", "RoughGround")),
        ("rugd", (0, 1, 3, 11, 24), (None, "Path", "Grass", None, "Obstacle")),
        ("cityscapes", (0, 1, 8, 255), ("Road", "Pavement", "Vegetation", None)),
        ("ade20k", (0, 1, 7, 10), (None, "Building", "Road", "Grass")),
    ],
)
def test_ids_of_public_sets_come_in_as_published(bring, original, ids, wanted):
    source = LabelSet.load(original)
    if original == "rugd":  # gravel is a matter of the shipped map
        wanted = (*wanted[:3], _outdoor_of_gravel(), wanted[4])
    (found,), _ = bring(stripes(*ids), labels=OUTDOOR, original=source)
    np.testing.assert_array_equal(found, outdoor(*wanted))


def _outdoor_of_gravel():
    from segnet_model.labels import LabelMap

    return LabelMap.load("rugd", "outdoor").classes["gravel"]


def test_an_id_between_the_published_ones_is_refused(bring):
    rellis = LabelSet.load("rellis")
    with pytest.raises(DatasetError, match=r"\['2'\] are no classes"):
        bring(stripes(1, 2), labels=rellis)


@pytest.mark.parametrize("image", ["1", "1_leftImg8bit"])
def test_cityscapes_download_comes_in_as_it_is(bring, dataset, image):
    """Of the files beside each other only those with ids of the download count."""
    (dataset / "train" / "1.png").rename(dataset / "train" / f"{image}.png")
    names = [f"1_gtFine_{kind}" for kind in ("instanceIds", "labelIds")]
    ids = (7, 8, 21, 26, 4)
    beside = {"1_gtFine_polygons.json": '{"imgHeight": 64, "imgWidth": 96, "objects": []}'}
    (found,), _ = bring(
        stripes(*ids), stripes(*ids), labels=OUTDOOR, names=names, beside=beside,
        original=LabelSet.load("cityscapes"),
    )  # fmt: skip
    np.testing.assert_array_equal(found, outdoor("Road", "Pavement", "Vegetation", "Vehicle", None))


def test_of_a_public_set_only_classes_that_occur_need_a_meaning(bring):
    """The data set has classes of its own, and the same names in other case."""
    rows = [{"name": name, "color": [i, 0, 1]} for i, name in enumerate(("GRASS", "way"))]
    own = LabelSet.from_dict({"name": "own", "classes": rows})
    rellis = LabelSet.load("rellis")
    with pytest.raises(DatasetError, match=r"\['dirt'\] are no classes .* --map 'dirt=CLASS'"):
        bring(stripes(1, 3), labels=own, original=rellis)
    (found,), _ = bring(stripes(1, 3), labels=own, original=rellis, renamed={"dirt": "way"})
    np.testing.assert_array_equal(found, stripes(1, 0))


def test_a_shipped_map_may_lead_to_a_class_that_the_data_set_lacks(bring):
    """Of a copy of outdoor with fewer classes, under the same name."""
    less = LabelSet("outdoor", OUTDOOR.classes[:5])  # to Path
    with pytest.raises(DatasetError, match=r"\['grass'\] are no classes of label set 'outdoor'"):
        bring(stripes(1, 3), labels=less, original=LabelSet.load("rellis"))
    (found,), _ = bring(stripes(1, 7), labels=less, original=LabelSet.load("rellis"))
    np.testing.assert_array_equal(found, outdoor("Path", "Sky"))


def test_blurred_masks_and_16_bits_are_named_with_the_mend(dataset, tmp_path):
    from PIL import Image

    (tmp_path / "jpg").mkdir()
    Image.fromarray(stripes(0, 255)).save(tmp_path / "jpg" / "1.jpg")
    with pytest.raises(DatasetError, match="masks have to be saved as PNG"):
        import_labels(tmp_path / "jpg", dataset, LabelSet.load("camvid"), split="train")
    (tmp_path / "png").mkdir()
    deep = stripes(0, 255).astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "png" / "1.png")
    with pytest.raises(DatasetError, match="holds the number 65535, .* save it with 8 bits"):
        import_labels(tmp_path / "png", dataset, LabelSet.load("camvid"), split="train")
