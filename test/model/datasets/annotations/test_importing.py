import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.annotations import camvid32
from segnet_model.datasets.annotations.importing import import_labels
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet

LABELS = LabelSet.load("camvid")
SKY, ROAD, TREE, IGNORED = 0, 3, 5, 11
HEIGHT, WIDTH = 64, 96  # of the images in the data set


def png(pixels):
    data = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(data, "PNG")
    return data.getvalue()


def halves(left, right):
    """Two values, or two colors, side by side at the images' size."""
    pixels = np.zeros((HEIGHT, WIDTH, *np.shape(left)), np.uint8)
    pixels[:, : WIDTH // 2], pixels[:, WIDTH // 2 :] = left, right
    return pixels


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def labelme(*shapes, **more):
    rows = [{"label": n, "points": p, "shape_type": "rectangle"} for n, p in shapes]
    values = {"imageHeight": HEIGHT, "imageWidth": WIDTH, "shapes": rows, **more}
    return json.dumps(values)


def labels_of(dataset, name):
    return np.asarray(Image.open(dataset / f"{name}.png"))


def snapshot(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


CVAT = {
    "label_colors.txt": "1 2 3 Road\n4 5 6 Sky\n7 8 9 lawn\n",
    "defaultannot/2.png": png(halves((4, 5, 6), (1, 2, 3))),
    "default/2.png": png(np.zeros((HEIGHT, WIDTH, 3))),
}
ORIGINAL = {"a/2_L.png": png(halves((128, 128, 128), (192, 0, 64)))}  # Sky, LaneMkgsNonDriv


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (CVAT, "cvat-camvid"),
        (
            {
                "labelmap.txt": "background:0,0,0::\nRoad:1,2,3::\nSky:4,5,6::",
                "SegmentationClass/2.png": png(halves((4, 5, 6), (1, 2, 3))),
            },
            "cvat-mask",
        ),
        (ORIGINAL, "camvid32"),
        ({"2.png": png(halves(SKY, ROAD))}, "ids"),
        ({"train/2.png": png(halves(0, 1)), "trainannot/2.png": png(halves(SKY, ROAD))}, "ids"),
        ({"2.png": png(halves((128, 128, 128), (128, 64, 128)))}, "colors"),
        (
            {
                "2.json": labelme(("Sky", [[0, 0], [47, 63]]), ("Road", [[48, 0], [95, 63]])),
                "2.png": png(np.zeros((HEIGHT, WIDTH, 3))),
            },
            "labelme",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_every_format_is_found_and_means_the_same(dataset, tmp_path, files, found, kind):
    source = zipped(tmp_path / "x.zip", files)
    if kind == "folder":
        source = tmp_path / "folder"
        shutil.unpack_archive(tmp_path / "x.zip", source)
    shutil.rmtree(dataset / "valannot")
    shutil.rmtree(dataset / "val")
    done = import_labels(source, dataset, LABELS)
    assert done.format == found
    assert done.counts == {"changed": 1}
    np.testing.assert_array_equal(labels_of(dataset, "trainannot/2"), halves(SKY, ROAD))


def test_labels_go_to_the_split_that_holds_the_image(dataset, tmp_path):
    for index, name in enumerate(("a", "b")):
        (dataset / ("train", "val")[index] / "0.png").rename(
            dataset / ("train", "val")[index] / f"{name}.png"
        )
    for index in range(1, 6):
        (dataset / "train" / f"{index}.png").unlink()
    files = {"a.png": png(halves(SKY, ROAD)), "b.png": png(halves(TREE, IGNORED)), "c.png": b""}
    shutil.rmtree(dataset / "valannot")
    done = import_labels(zipped(tmp_path / "x.zip", files), dataset, LABELS)
    assert done.counts == {"new": 2}
    assert done.imageless == ("c",)
    assert done.unlabeled == ("val/1",)
    np.testing.assert_array_equal(labels_of(dataset, "trainannot/a"), halves(SKY, ROAD))
    np.testing.assert_array_equal(labels_of(dataset, "valannot/b"), halves(TREE, IGNORED))
    assert labels_of(dataset, "valannot/b").dtype == np.uint8


def test_an_image_that_both_splits_hold_needs_a_word(dataset, tmp_path):
    source = zipped(tmp_path / "x.zip", {"0.png": png(halves(SKY, ROAD))})
    with pytest.raises(DatasetError, match=r"train/0\.png and .*val/0\.png have the same name"):
        import_labels(source, dataset, LABELS)
    before = snapshot(dataset / "train")
    import_labels(source, dataset, LABELS, split="val")
    np.testing.assert_array_equal(labels_of(dataset, "valannot/0"), halves(SKY, ROAD))
    assert snapshot(dataset / "train") == before
    with pytest.raises(DatasetError, match="no images in other/"):
        import_labels(source, dataset, LABELS, split="other")


def test_what_is_there_is_replaced_or_kept(dataset, tmp_path):
    write_png(dataset / "trainannot" / "1.png", halves(SKY, ROAD))
    (dataset / "trainannot" / "2.png").write_bytes(b"damaged")
    (dataset / "trainannot" / "4.png").unlink()
    source = zipped(tmp_path / "x.zip", {f"{i}.png": png(halves(SKY, ROAD)) for i in (1, 2, 3, 4)})
    before = snapshot(dataset)
    done = import_labels(source, dataset, LABELS, split="train", keep=True)
    assert done.counts == {"kept": 3, "new": 1}
    assert before.items() <= snapshot(dataset).items()
    done = import_labels(source, dataset, LABELS, split="train")
    assert done.counts == {"same": 2, "changed": 2}
    for name in "1234":
        np.testing.assert_array_equal(labels_of(dataset, f"trainannot/{name}"), halves(SKY, ROAD))


BAD = png(halves(SKY, ROAD))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"3.png": BAD[:100]}, r"x\.zip: 3\.png: does not open as a PNG"),
        ({"3.png": png(halves(SKY, 77))}, r"3\.png: \['77'\] are no classes .* --map '77=CLASS'"),
        ({"3.png": png(halves(SKY, ROAD)[:60])}, r"3\.png: is 96x60 but its image .* is 96x64"),
        ({"3.png": png(halves((1, 2, 3), (1, 2, 3)))}, r"3\.png: holds colors, not ids; try"),
        ({"4.png": BAD}, r"4\.png, which does not open as an image"),
        ({"a/2.png": BAD}, r"2\.png and a/2\.png are both for image '2'"),
    ],
)
def test_a_bad_file_changes_nothing(dataset, tmp_path, files, message):
    (dataset / "train" / "4.png").write_bytes(b"no image")
    before = snapshot(dataset)
    source = zipped(tmp_path / "x.zip", {"2.png": BAD, **files})
    with pytest.raises(DatasetError, match=message):
        import_labels(source, dataset, LABELS, split="train")
    assert snapshot(dataset) == before
    assert not list(dataset.glob(".*"))


def test_names_that_are_no_classes_are_refused_together_with_the_mend(dataset, tmp_path):
    shapes = [(n, [[i * 10, 0], [i * 10 + 9, 63]]) for i, n in enumerate(("dog", "Sky", "lawn"))]
    source = zipped(tmp_path / "x.zip", {"2.json": labelme(*shapes), "3.json": labelme(*shapes)})
    before = snapshot(dataset)
    mend = r"\['dog', 'lawn'\] are no classes .* --map 'dog=CLASS' --map 'lawn=CLASS'"
    with pytest.raises(DatasetError, match=mend):
        import_labels(source, dataset, LABELS, split="train")
    assert snapshot(dataset) == before
    meanings = {"dog": "ignore", "lawn": "Tree"}
    import_labels(source, dataset, LABELS, split="train", renamed=meanings)
    found = labels_of(dataset, "trainannot/3")
    wanted = np.full((HEIGHT, WIDTH), IGNORED)
    wanted[:, 10:20], wanted[:, 20:30] = SKY, TREE
    np.testing.assert_array_equal(found, wanted)


def test_a_name_that_occurs_nowhere_may_mean_nothing(dataset, tmp_path):
    import_labels(
        zipped(tmp_path / "x.zip", CVAT), dataset, LABELS, split="train"
    )  # lawn is listed


def test_a_name_can_be_said_to_mean_another_class(dataset, tmp_path):
    source = zipped(tmp_path / "x.zip", CVAT)
    import_labels(source, dataset, LABELS, split="train", renamed={"Sky": "Tree"})
    np.testing.assert_array_equal(labels_of(dataset, "trainannot/2"), halves(TREE, ROAD))
    with pytest.raises(SettingsError, match="--map Sky=Treee: 'Treee' is no class"):
        import_labels(source, dataset, LABELS, split="train", renamed={"Sky": "Treee"})


def test_background_is_ignored_unless_it_is_a_class(dataset, tmp_path):
    source = zipped(
        tmp_path / "x.zip",
        {
            "labelmap.txt": "background:0,0,0::\ngrass:0,255,0::",
            "SegmentationClass/2.png": png(halves((0, 0, 0), (0, 255, 0))),
        },
    )
    for names, background in ((["grass"], 255), (["grass", "background"], 1)):
        rows = [{"name": name, "color": [1, 2, 3]} for name in names]
        own = LabelSet.from_dict({"name": "yard", "classes": rows})
        for old in ("trainannot", "valannot"):
            shutil.rmtree(dataset / old, ignore_errors=True)
        (dataset / "labels.yaml").unlink(missing_ok=True)
        import_labels(source, dataset, own, split="train")
        np.testing.assert_array_equal(labels_of(dataset, "trainannot/2"), halves(background, 0))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no labels that are known; taken are: of CVAT"),
        ({"annotations.xml": b"<xml/>"}, "holds no labels that are known; taken are: of CVAT"),
        ({"annotations/instances_default.json": b"{}"}, "holds no labels that are known"),
        ({"nobody.png": BAD}, r"none of its 1 labels \('nobody' and so on\) is for an image"),
        ({"../2.png": BAD}, "points outside the zip"),
    ],
)
def test_what_holds_no_labels_is_refused(dataset, tmp_path, files, message):
    with pytest.raises(DatasetError, match=message):
        import_labels(zipped(tmp_path / "x.zip", files), dataset, LABELS, split="train")


def test_a_format_that_is_named_wrong_is_refused(dataset, tmp_path):
    source = zipped(tmp_path / "x.zip", {"2.png": BAD})
    for name, message in (
        ("labelme", "holds no labels of the format labelme"),
        ("cvat-camvid", "holds no labels of the format cvat-camvid"),
        ("cvat-mask", "no labelmap.txt"),
        ("colors", "2.png: holds numbers, not colors"),
        ("camvid32", "2.png: holds numbers, not CamVid's colors"),
    ):
        with pytest.raises(DatasetError, match=message):
            import_labels(source, dataset, LABELS, split="train", format_name=name)


def test_a_data_set_without_images_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no images in train/, val/ or test/"):
        import_labels(zipped(tmp_path / "x.zip", {}), tmp_path, LABELS)


def test_camvids_32_colors_keep_the_eleven_that_segnet_took_over():
    by_color = dict(camvid32.TABLE.values())
    assert len(by_color) == len(camvid32.TABLE) == 32
    for each in LABELS.classes:
        if each.name != "Pavement":  # the one class whose color the SegNet authors changed
            assert by_color[each.color] == each.name
    assert set(by_color.values()) == {*LABELS.names, "ignore"}


def test_camvids_32_colors_are_merged_as_published(dataset, tmp_path):
    # Groups of camvidPixelLabelIDs, by their colors.
    published = {
        "Building": [(0, 128, 64), (128, 0, 0), (64, 192, 0), (64, 0, 64), (192, 0, 128)],
        "Pole": [(192, 192, 128), (0, 0, 64)],
        "Road": [(128, 64, 128), (128, 0, 192), (192, 0, 64)],
        "Pavement": [(0, 0, 192), (64, 192, 128), (128, 128, 192)],
        "Tree": [(128, 128, 0), (192, 192, 0)],
        "SignSymbol": [(192, 128, 128), (128, 128, 64), (0, 64, 64)],
        "Car": [(64, 0, 128), (64, 128, 192), (192, 128, 192), (192, 64, 128), (128, 64, 64)],
        "Pedestrian": [(64, 64, 0), (192, 128, 64), (64, 0, 192), (64, 128, 64)],
        "Bicyclist": [(0, 128, 192), (192, 0, 192)],
    }
    pixels = halves((0, 0, 0), (0, 0, 0))
    wanted = halves(IGNORED, IGNORED)
    pairs = [(color, name) for name, colors in published.items() for color in colors]
    for row, (color, name) in enumerate(pairs):
        pixels[row], wanted[row] = color, LABELS.names.index(name)
    import_labels(zipped(tmp_path / "x.zip", {"2_L.png": png(pixels)}), dataset, LABELS,
                  split="train")  # fmt: skip
    np.testing.assert_array_equal(labels_of(dataset, "trainannot/2"), wanted)


def test_a_published_files_smear_is_void_but_other_pictures_are_refused(dataset, tmp_path):
    pixels = halves((128, 128, 128), (128, 64, 128))
    pixels[0, :6] = 26  # of 6144 pixels
    source = zipped(tmp_path / "x.zip", {"2_L.png": png(pixels)})
    done = import_labels(source, dataset, LABELS, split="train")
    assert list(done.notes.values()) == [6]
    wanted = halves(SKY, ROAD)
    wanted[0, :6] = IGNORED
    np.testing.assert_array_equal(labels_of(dataset, "trainannot/2"), wanted)
    pixels[0, :7] = 26
    source = zipped(tmp_path / "x.zip", {"2_L.png": png(pixels)})
    with pytest.raises(DatasetError, match=r"2_L\.png: color \(26, 26, 26\) at row 0"):
        import_labels(source, dataset, LABELS, split="train")


def test_a_label_set_without_camvids_classes_is_told(dataset, tmp_path):
    own = LabelSet.from_dict({"name": "yard", "classes": [{"name": "Sky", "color": [1, 2, 3]}]})
    shutil.rmtree(dataset / "trainannot")
    shutil.rmtree(dataset / "valannot")
    source = zipped(tmp_path / "x.zip", ORIGINAL)
    with pytest.raises(DatasetError, match=r"--map 'LaneMkgsNonDriv=CLASS'"):
        import_labels(source, dataset, own, split="train")


def test_json_about_something_else_is_not_taken_for_labels(dataset, tmp_path):
    (tmp_path / "masks").mkdir()
    write_png(tmp_path / "masks" / "0.png", np.full((64, 96), 3, np.uint8))
    (tmp_path / "masks" / "manifest.json").write_text("{}")
    done = import_labels(tmp_path / "masks", dataset, LABELS, split="train")
    assert (done.format, done.counts.total()) == ("ids", 1)


def test_labels_of_somebody_else_are_kept_where_they_are_replaced(dataset, tmp_path):
    """A mask that was drawn by hand is work that no command can do again."""
    path = dataset / "trainannot" / "2.png"
    for number, drawn in enumerate((1, 2), 1):
        Image.fromarray(np.full((HEIGHT, WIDTH), drawn, np.uint8)).save(path)
        by_hand = path.read_bytes()
        for again, ids in enumerate((3, 4)):
            source = zipped(tmp_path / "x.zip", {"2.png": png(np.full((HEIGHT, WIDTH), ids))})
            done = import_labels(source, dataset, LABELS, split="train")
            assert done.counts == {"changed": 1}
            assert (labels_of(dataset, "trainannot/2") == ids).all()
            (note,) = done.notes or [""]
            assert ("did not write are kept in" in note) == (not again)
        name = "2.png" if number == 1 else "2_2.png"
        assert (dataset / ".replaced" / "trainannot" / name).read_bytes() == by_hand
