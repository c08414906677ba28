import io
import json

import numpy as np
import pytest
from PIL import Image

from segnet_model.base.atomic import write_rules
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.annotations.archives import open_export
from segnet_model.datasets.annotations.cvat import open_cvat_camvid, open_cvat_mask
from segnet_model.datasets.annotations.cvat_zip import cvat_zip, labels_json
from segnet_model.datasets.annotations.export import Target
from segnet_model.labels import LabelSet, SegmentationClass

CAMVID = LabelSet.load("camvid")
NOBODY = 255


def yard(*colors, names="abcdef"):
    classes = tuple(SegmentationClass(n, c) for n, c in zip(names, colors, strict=False))
    return LabelSet("yard", classes)


def tree(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content)
        else:
            Image.fromarray(np.array(content, np.uint8)).save(path)
    return folder


def read(folder, form, stem="x"):
    with open_export(folder) as source:
        found = form(source, Target(LabelSet.load("camvid")))
        return found.read(found.files[stem], (0, 0))


def named(mask):
    return [[None if i == NOBODY else mask.names[i] for i in row] for row in mask.indices.tolist()]


RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)


def test_colors_get_the_names_that_the_export_gives_them(tmp_path):
    mask = [[RED, GREEN], [BLACK, BLUE]]
    camvid = {"label_colors.txt": "# r g b\n0 0 255 tall grass\n255 0 0 road\n\n0 255 0 sky\n"}
    folder = tree(tmp_path / "camvid", {**camvid, "defaultannot/sub/x.png": mask})
    tree(folder, {"default/sub/x.png": np.zeros((2, 2, 3))})  # the image itself
    assert named(read(folder, open_cvat_camvid)) == [["road", "sky"], [None, "tall grass"]]
    voc = {
        "labelmap.txt": "# label\nbackground:0,0,0::\nsky:0,255,0::\nx y:0,0,255:a,b:\nr:255,0,0::"
    }
    folder = tree(tmp_path / "mask", {**voc, "SegmentationClass/x.png": mask})
    tree(folder, {"SegmentationObject/x.png": mask, "JPEGImages/x.png": np.zeros((2, 2, 3))})
    assert named(read(folder, open_cvat_mask)) == [["r", "sky"], ["background", "x y"]]


def test_a_palettes_colors_count_and_not_its_order(tmp_path):
    folder = tree(tmp_path, {"labelmap.txt": "a:255,0,0::\nb:0,255,0::\n"})
    image = Image.fromarray(np.array([[7, 3]], np.uint8))
    image.putpalette([value for i in range(8) for value in (RED if i == 7 else GREEN)])
    (folder / "SegmentationClass").mkdir()
    image.save(folder / "SegmentationClass" / "x.png")
    assert named(read(folder, open_cvat_mask)) == [["a", "b"]]


def test_numbers_are_positions_in_the_list(tmp_path):
    folder = tree(
        tmp_path / "mask",
        {
            "labelmap.txt": "a:255,0,0::\nbackground:0,0,0::\nb:0,255,0::\n",
            "SegmentationClass/x.png": [[0, 1, 2]],
        },
    )
    assert named(read(folder, open_cvat_mask)) == [["a", "background", "b"]]
    # In "CamVid 1.0" black comes first, listed or not.
    folder = tree(tmp_path / "camvid", {"annot/x.png": [[0, 1, 2]]})
    tree(folder, {"label_colors.txt": "255 0 0 a\n0 255 0 b\n"})
    assert named(read(folder, open_cvat_camvid)) == [[None, "a", "b"]]
    tree(folder, {"label_colors.txt": "255 0 0 a\n0 0 0 nil\n0 255 0 b\n"})
    assert named(read(folder, open_cvat_camvid)) == [["nil", "a", "b"]]
    tree(folder, {"annot/x.png": [[3]]})
    with pytest.raises(DatasetError, match="holds the number 3, but label_colors.txt lists 3"):
        read(folder, open_cvat_camvid)


def test_without_a_list_the_labels_are_camvids_own(tmp_path):
    folder = tree(tmp_path, {"annot/x.png": [[(64, 0, 64), (192, 192, 0), BLACK]]})
    assert named(read(folder, open_cvat_camvid)) == [["Tunnel", "VegetationMisc", "Void"]]


def test_a_color_of_no_label_is_named(tmp_path):
    folder = tree(tmp_path, {"label_colors.txt": "255 0 0 a\n", "annot/x.png": [[RED, BLUE]]})
    with pytest.raises(DatasetError, match=r"\(0, 0, 255\) at row 0, column 1"):
        read(folder, open_cvat_camvid)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n", "no label with its color"),
        ("1 2 a\n", "no label with its color"),
        ("1 2 300 a\n", "0 to 255"),
        ("1 2 3 a\n1 2 3 b\n", "'a' and 'b' share the color .* change one in CVAT"),
        ("1 2 3 a\n1 2 4 a\n", "names a class twice"),
        ("\n", "has 0 classes"),
    ],
)
def test_a_list_that_names_no_colors_is_refused(tmp_path, text, message):
    folder = tree(tmp_path, {"label_colors.txt": text, "annot/x.png": [[RED]]})
    with pytest.raises(DatasetError, match=f"label_colors.txt.*{message}"):
        read(folder, open_cvat_camvid)


def test_what_would_be_imported_twice_is_refused(tmp_path):
    tree(tmp_path / "maps", {f"{i}/label_colors.txt": "255 0 0 a\n" for i in "ab"})
    with pytest.raises(DatasetError, match="one export after the other"):
        read(tmp_path / "maps", open_cvat_camvid)
    tree(tmp_path / "masks", {f"annot/{i}/x.png": [[RED]] for i in "ab"})
    with pytest.raises(DatasetError, match="annot/a/x.png and annot/b/x.png are both for .*'x'"):
        read(tmp_path / "masks", open_cvat_camvid)


def test_the_zip_for_camvid_is_as_cvat_documents(tmp_path):
    ids = np.array([[0, 4, 11]], np.uint8)
    with cvat_zip(tmp_path / "x.zip", "camvid", CAMVID) as add:
        add("my 1.jpg", ids)
        add("2.png", ids)
    with open_export(tmp_path / "x.zip") as source:
        masks = ("defaultannot/2.png", "defaultannot/my 1.png")
        assert source.names == ("default.txt", *masks, "label_colors.txt")
        lines = source.read("default.txt").decode().splitlines()
        colors = source.read("label_colors.txt").decode().splitlines()
        mask = np.asarray(Image.open(io.BytesIO(source.read(masks[0]))))
    assert lines == ['"/default/my 1.jpg" "defaultannot/my 1.png"', "/default/2.png " + masks[0]]
    assert colors[0] == "128 128 128 Sky"
    assert colors[10] == "0 128 192 Bicyclist"
    assert len(colors) == 11  # were black listed, CVAT would take it for a label
    assert mask.tolist() == [[[128, 128, 128], [60, 40, 222], [0, 0, 0]]]


def test_the_zip_for_masks_is_as_cvat_documents(tmp_path):
    with cvat_zip(tmp_path / "x.zip", "mask", CAMVID) as add:
        add("1.jpg", np.array([[0, 4, 11]], np.uint8))
    with open_export(tmp_path / "x.zip") as source:
        folders = ("SegmentationClass/1.png", "SegmentationObject/1.png")
        assert source.names == ("ImageSets/Segmentation/default.txt", *folders, "labelmap.txt")
        assert source.read("ImageSets/Segmentation/default.txt") == b"1\n"
        listed = source.read("labelmap.txt").decode().splitlines()
        classes, things = (np.asarray(Image.open(io.BytesIO(source.read(f)))) for f in folders)
    assert listed[1:3] == ["background:0,0,0::", "Sky:128,128,128::"]
    assert classes.tolist() == [[[128, 128, 128], [60, 40, 222], [0, 0, 0]]]
    # Things 1 and 5 in the colors of Pascal VOC (aeroplane's and bottle's), and none.
    assert things.tolist() == [[[128, 0, 0], [128, 0, 128], [0, 0, 0]]]


@pytest.mark.parametrize("form", ["camvid", "mask"])
def test_colors_that_nobody_could_tell_apart_are_replaced(tmp_path, form):
    labels = yard(BLACK, RED, RED, (128, 0, 0))
    ids = np.array([[0, 1, 2, 3, 255]], np.uint8)
    with cvat_zip(tmp_path / "x.zip", form, labels) as add:
        add("x.png", ids)
    reader = open_cvat_camvid if form == "camvid" else open_cvat_mask
    found = named(read(tmp_path / "x.zip", reader))
    assert found == [["a", "b", "c", "d", None if form == "camvid" else "background"]]
    rows = json.loads(labels_json(labels))
    assert [row["name"] for row in rows] == list("abcd")
    assert [row["color"] for row in rows][1::2] == ["#ff0000", "#800000"]
    assert len({row["color"] for row in rows} - {"#000000"}) == 4


def test_the_same_masks_make_the_same_file(tmp_path):
    for name in ("a.zip", "b.zip"):
        with cvat_zip(tmp_path / name, "mask", CAMVID) as add:
            add("1.png", np.zeros((4, 4), np.uint8))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def fill(path, form, labels, *images):
    with cvat_zip(path, form, labels) as add:
        for image in images:
            add(image, np.zeros((4, 4), np.uint8))


def test_a_failure_leaves_the_old_zip(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"old")
    with pytest.raises(DatasetError, match="rename the image"), write_rules(overwrite=True):
        fill(tmp_path / "x.zip", "camvid", CAMVID, "1.png", 'a"b.png')
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]
    assert (tmp_path / "x.zip").read_bytes() == b"old"
    with pytest.raises(DatasetError, match="cannot write .*nowhere.*: No such file or directory; "):
        fill(tmp_path / "nowhere" / "x.zip", "camvid", CAMVID, "1.png")


def test_names_that_cvat_cannot_read_are_refused(tmp_path):
    for name in ("a:b", "#a", " a"):
        with pytest.raises(SettingsError, match="CVAT cannot read a class named"):
            fill(tmp_path / "x.zip", "mask", yard(RED, names=[name]))
    with pytest.raises(SettingsError, match="'tall grass'; use --format mask"):
        fill(tmp_path / "x.zip", "camvid", yard(RED, names=["tall grass"]))
    assert list(tmp_path.iterdir()) == []
