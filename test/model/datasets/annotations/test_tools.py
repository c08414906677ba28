"""The same labels as other tools write them: each export becomes the known mask."""

import base64
import io
import json
import shutil
import zipfile
import zlib

import annotated
import numpy as np
import pytest
from annotated import HEIGHT, IGNORED, ROAD, SKY, WIDTH
from PIL import Image

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.importing import import_labels
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet

LABELS = LabelSet.load("camvid")


@pytest.fixture
def take(dataset, tmp_path):
    """Import files into the data set, and return the result and the labels of an image."""

    def work(files, stem="2", split="train", **options):
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        done = import_labels(path, dataset, LABELS, split=split, **options)
        return done, np.asarray(Image.open(dataset / f"{split}annot" / f"{stem}.png"))

    return work


@pytest.mark.parametrize("export", annotated.EXPORTS)
def test_every_tools_export_is_found_and_becomes_the_known_mask(take, export):
    name, files = annotated.EXPORTS[export]
    done, found = take(files)
    assert done.format == name
    assert done.counts.total() == 1
    np.testing.assert_array_equal(found, annotated.truth())


def test_frames_of_a_cvat_video_are_counted(take, dataset):
    write_png(dataset / "train" / "frame_000002.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    done, found = take({"annotations.xml": annotated.cvat_video()}, "frame_000002")
    assert (done.format, done.imageless) == ("cvat-xml", ())
    np.testing.assert_array_equal(found, annotated.truth())


def test_a_track_of_every_fifth_frame_has_no_gap(take, dataset):
    write_png(dataset / "train" / "frame_000006.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    video = annotated.cvat_video(1, step=5).replace('outside="1"', 'outside="0"')
    _, found = take({"annotations.xml": video}, "frame_000006")
    np.testing.assert_array_equal(found, annotated.truth())
    with pytest.raises(DatasetError, match="no shapes from frame 2 to 5; export"):
        take({"annotations.xml": video.replace("step=5", "")})


def test_a_track_with_a_gap_is_refused(take):
    shape = '<polygon frame="{}" outside="0" points="0,0;9,0;9,9"/>'
    track = f'<track id="4" label="Road">{shape.format(1)}{shape.format(5)}</track>'
    with pytest.raises(DatasetError, match="track '4' has no shapes from frame 2 to 4; export"):
        take({"a.xml": f"<annotations><meta/>{track}</annotations>"})


def test_a_camvid_export_of_cvat_without_its_colors(take):
    colors = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    colors[:, :40] = 128, 64, 128  # Road
    colors[:, 40:50] = 192, 0, 64  # LaneMkgsNonDriv
    colors[:, 50:] = 128, 128, 128  # Sky
    files = {"defaultannot/2.png": annotated.png(colors), "default.txt": "/default/2.png a\n"}
    done, found = take({**files, "default/2.png": annotated.PICTURE})
    assert done.format == "cvat-camvid"
    assert (found[:, :50] == ROAD).all()
    assert (found[:, 50:] == SKY).all()


def test_a_camvid_export_without_its_colors_may_have_those_of_the_data_set(dataset, tmp_path):
    # Colors that CamVid's table has, too, for other classes.
    rows = [{"name": "Ground", "color": [128, 64, 128]}, {"name": "Thing", "color": [64, 0, 128]}]
    own = LabelSet.from_dict({"name": "yard", "classes": rows})
    colors = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    colors[:, :40], colors[:, 40:50] = (128, 64, 128), (64, 0, 128)
    (tmp_path / "x" / "defaultannot").mkdir(parents=True)
    (tmp_path / "x" / "default.txt").write_text("/default/2.png defaultannot/2.png\n")
    write_png(tmp_path / "x" / "defaultannot" / "2.png", colors)
    shutil.rmtree(dataset / "trainannot")
    shutil.rmtree(dataset / "valannot")
    done = import_labels(tmp_path / "x", dataset, own, split="train")
    assert done.format == "cvat-camvid"
    found = np.asarray(Image.open(dataset / "trainannot" / "2.png"))
    wanted = np.full((HEIGHT, WIDTH), own.ignore_id)
    wanted[:, :40], wanted[:, 40:50] = 0, 1
    np.testing.assert_array_equal(found, wanted)


def test_equal_names_of_two_subsets_go_to_their_splits(take):
    sky = [("Sky", annotated.SKY_AREA)]
    other = json.loads(annotated.coco())
    other["annotations"] = other["annotations"][: len(sky)]
    for one, two in (
        ("annotations/instances_train.json", "annotations/instances_validation.json"),
        ("train/_annotations.coco.json", "valid/_annotations.coco.json"),
    ):
        files = {one: annotated.coco(image="1.png"), two: json.dumps(other).replace("a/2", "a/1")}
        _, found = take(files, "1")
        np.testing.assert_array_equal(found, annotated.truth())
        _, found = take(files, "1", split="val")
        assert (found[:40] == SKY).all()
        assert (found[40:] == IGNORED).all()


@pytest.mark.parametrize("form", ["trainannot/1.png valannot/1.png", "train/1.png valid/1.png"])
@pytest.mark.parametrize("listed", [True, False])
def test_equal_names_of_two_folders_of_masks_go_to_their_splits(take, form, listed):
    sky, road = (np.full((HEIGHT, WIDTH, 3), color) for color in ((128,) * 3, (128, 64, 128)))
    files = {
        name: annotated.png(mask.astype(np.uint8))
        for name, mask in zip(form.split(), (sky, road), strict=True)
    }
    if listed and "annot" in form:
        files["label_colors.txt"] = "128 128 128 Sky\n128 64 128 Road\n"
    options = {"format_name": "auto" if "label_colors.txt" in files else "colors"}
    assert (take(files, "1", **options)[1] == SKY).all()
    assert (take(files, "1", split="val", **options)[1] == ROAD).all()


def both(name, data):
    """A file for each camera."""
    return {name.format(cam): data.replace("CAM", cam) for cam in ("cam1", "cam2")}


ROW = json.dumps({"label": "Road", "points": [[0, 0], [95, 63]], "shape_type": "rectangle"})
LABELME = f'{{"imageHeight": 64, "imageWidth": 96, "shapes": [{ROW}]}}'


@pytest.mark.parametrize(
    "files",
    [
        both("{}.json", annotated.coco(image="CAM/9.png")),
        both("{}.xml", annotated.cvat_images("CAM/9.png")),
        {"data.yaml": annotated.YOLO_NAMES, **both("labels/train/{}/9.txt", annotated.yolo())},
        both("{}/ann/9.png.json", annotated.supervisely()),
        both("{}.json", annotated.via(image="CAM/9.png")),
        both("{}.json", annotated.label_studio("/data/local-files/?d=CAM/9.png")),
        both("{}/9.json", LABELME),
    ],
    ids=lambda files: next(iter(files)),
)
def test_equal_names_in_folders_go_to_the_images_in_these_folders(take, dataset, files):
    for cam in ("cam1", "cam2"):
        (dataset / "train" / cam).mkdir()
        shutil.copy(dataset / "train" / "2.png", dataset / "train" / cam / "9.png")
    done, found = take(files, "cam1/9")
    assert done.counts == {"new": 2}
    np.testing.assert_array_equal(take(files, "cam2/9")[1], found)
    if done.format != "labelme":
        np.testing.assert_array_equal(found, annotated.truth())


def test_equal_names_of_one_subset_are_refused(take):
    files = {f"{name}/labels/2.txt": annotated.yolo() for name in ("a", "b")}
    with pytest.raises(DatasetError, match=r"'a/labels/2\.txt' and 'b/labels/2\.txt' are both"):
        take({**files, "data.yaml": annotated.YOLO_NAMES})


def test_names_that_are_no_classes_are_refused_with_the_mend(take):
    files = {"a.json": annotated.coco().replace('"Road"', '"street"')}
    with pytest.raises(DatasetError, match=r"\['street'\] are no classes .*--map 'street=CLASS'"):
        take(files)
    _, found = take(files, renamed={"street": "Road"})
    np.testing.assert_array_equal(found, annotated.truth())


def test_later_shapes_lie_on_top(take):
    rows = annotated.yolo().splitlines()
    for order, beneath in ((rows, 5), (rows[::-1], SKY)):
        files = {"data.yaml": annotated.YOLO_NAMES, "labels/2.txt": "\n".join(order)}
        assert take(files)[1][20, 15] == beneath


def test_what_has_no_area_or_is_a_box_is_counted(take):
    regions = [
        {"name": "polyline", "all_points_x": [0, 9], "all_points_y": [0, 9]},
        {"name": "rect", "x": 10, "y": 20, "width": 30, "height": 5},
        {"name": "polygon", "all_points_x": [0, 9], "all_points_y": [0, 9]},
    ]
    rows = [{"shape_attributes": r, "region_attributes": {"a": {"Road": True}}} for r in regions]
    done, found = take({"via.json": json.dumps({"k": {"filename": "2.png", "regions": rows}})})
    assert sorted(done.notes.values()) == [1, 2]
    assert (found[20:25, 10:40] == ROAD).all()
    assert (found == ROAD).sum() == 5 * 30


def test_a_coco_polygon_inside_another_is_filled_and_counted(take):
    area = [annotated.flat(annotated.TREE_AREA), annotated.flat(annotated.HOLE)]
    done, found = take({"a.json": annotated.coco(lambda name, corners: area)})
    assert [note for note in done.notes if "filled, as COCO does" in note]
    assert (found[32:36, 12:18] == found[6, 12]).all()


def test_crowds_and_polygons_without_a_size_are_read(take):
    file = json.loads(annotated.coco())
    file["images"][0] = {"id": 7, "file_name": "2.png"}
    mask = {"size": [HEIGHT, WIDTH], "counts": annotated.column_runs(annotated.pixels("Tree"))}
    file["annotations"][2] = {**file["annotations"][2], "iscrowd": 1, "segmentation": mask}
    _, found = take({"a.json": json.dumps(file)})
    np.testing.assert_array_equal(found, annotated.truth())


def test_tasks_of_one_number_keep_their_own_labels(take, dataset):
    one, other = (json.loads(annotated.label_studio(image)) for image in ("2.png", "3.png"))
    other[0]["annotations"][0]["result"] = other[0]["annotations"][0]["result"][:1]
    _, found = take({"a.json": json.dumps(one + other)})
    np.testing.assert_array_equal(found, annotated.truth())
    third = np.asarray(Image.open(dataset / "trainannot" / "3.png"))
    assert (third[:40] == SKY).all()
    assert (third[40:] == IGNORED).all()


def test_the_last_of_several_annotations_counts(take):
    tasks = json.loads(annotated.label_studio())
    wrong = [{**tasks[0]["annotations"][0]["result"][0]}]
    tasks[0]["annotations"].insert(0, {"result": wrong})
    tasks[0]["annotations"].append({"result": wrong, "was_cancelled": True})
    done, found = take({"a.json": json.dumps(tasks)})
    np.testing.assert_array_equal(found, annotated.truth())
    assert any("several people" in note for note in done.notes)


def cvat(*shapes):
    image = f'<image name="2.png" width="{WIDTH}" height="{HEIGHT}">{"".join(shapes)}</image>'
    return {"a.xml": f"<annotations><version>1.1</version>{image}</annotations>"}


def studio(kind, **value):
    result = {"type": kind, "value": {**value, kind: ["Road"]}}
    result.update(original_width=WIDTH, original_height=HEIGHT)
    task = {"data": {"image": "2.png"}, "annotations": [{"result": [result]}]}
    return {"a.json": json.dumps([task])}


def via(**shape):
    region = {"shape_attributes": shape, "region_attributes": {"class": "Road"}}
    return {"a.json": json.dumps({"k": {"filename": "2.png", "regions": [region]}})}


UPRIGHT_BOX = (slice(20, 40), slice(25, 35))  # rows and columns


@pytest.mark.parametrize(
    "files",
    [
        # 20 pixels wide and 10 high around (30, 30), and turned by a quarter.
        cvat(
            '<polygon label="Sky" points="0,0;1,0;1,1"/>',
            '<box label="Road" xtl="20" ytl="25" xbr="40" ybr="35" rotation="90"/>',
        ),
        # Label Studio turns around the top left corner, which comes to be the top right one.
        studio(
            "rectanglelabels",
            x=100 * 35 / WIDTH, y=100 * 20 / HEIGHT,
            width=100 * 20 / WIDTH, height=100 * 10 / HEIGHT, rotation=90,
        ),
        via(name="rect", x=25, y=20, width=10, height=20),
    ],
)  # fmt: skip
def test_turned_boxes_cover_their_pixels(take, files):
    done, found = take(files)
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[UPRIGHT_BOX] = True
    np.testing.assert_array_equal(found == ROAD, wanted)
    assert [count for note, count in done.notes.items() if "boxes" in note] == [1]


@pytest.mark.parametrize(
    "files",
    [
        cvat('<ellipse label="Road" cx="40" cy="30" rx="25" ry="8" rotation="30"/>'),
        studio(
            "ellipselabels", x=100 * 40 / WIDTH, y=100 * 30 / HEIGHT, radiusX=100 * 25 / WIDTH,
            radiusY=100 * 8 / HEIGHT, rotation=30,
        ),
        via(name="ellipse", cx=40, cy=30, rx=25, ry=8, theta=np.pi / 6),
    ],
)  # fmt: skip
def test_turned_ellipses_cover_their_pixels(take, files):
    _, found = take(files)
    y, x = np.indices((HEIGHT, WIDTH)) + 0.5
    # Along the long axis, which points to the right and down, and across it.
    along = (x - 40) * np.cos(np.pi / 6) + (y - 30) * np.sin(np.pi / 6)
    across = (y - 30) * np.cos(np.pi / 6) - (x - 40) * np.sin(np.pi / 6)
    size = np.hypot(along / 25, across / 8)
    assert (found[size < 0.97] == ROAD).all()
    assert (found[size > 1.03] == IGNORED).all()


def test_a_via_circle_covers_its_pixels(take):
    _, found = take(via(name="circle", cx=40, cy=30, r=12))
    y, x = np.indices((HEIGHT, WIDTH)) + 0.5
    away = np.hypot(x - 40, y - 30)
    assert (found[away < 11.9] == ROAD).all()
    assert (found[away > 12.1] == IGNORED).all()


def test_a_polygon_of_supervisely_has_its_border_and_its_holes(take):
    ring = {"exterior": [[10, 5], [29, 5], [29, 24], [10, 24]],
            "interior": [[[15, 10], [19, 10], [19, 14], [15, 14]]]}  # fmt: skip
    shape = {"classTitle": "Road", "geometryType": "polygon", "points": ring}
    _, found = take(
        {"ann/2.png.json": json.dumps({"size": {"height": 64, "width": 96}, "objects": [shape]})}
    )
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[5:25, 10:30] = True
    wanted[10:15, 15:20] = False
    np.testing.assert_array_equal(found == ROAD, wanted)


@pytest.mark.parametrize("pack", [zlib.compress, bytes])
@pytest.mark.parametrize("mode", ["RGBA", "L", "1", "P"])
def test_a_bitmap_of_supervisely_is_a_png_of_any_kind(take, pack, mode):
    shown = np.random.default_rng(0).random((20, 30)) < 0.5
    if mode == "RGBA":
        image = Image.fromarray(np.repeat(np.where(shown, 255, 0)[..., None], 4, 2).astype("u1"))
    else:
        image = Image.fromarray(shown if mode == "1" else np.where(shown, 1, 0).astype(np.uint8))
    options = {}
    if mode == "P":  # as Supervisely's own library writes it
        image.putpalette([0, 0, 0, 255, 255, 255])
        options = {"transparency": 0}
    data = io.BytesIO()
    image.save(data, "PNG", **options)
    packed = base64.b64encode(pack(data.getvalue())).decode()
    shape = {"classTitle": "Road", "geometryType": "bitmap",
             "bitmap": {"data": packed, "origin": [7, 9]}}  # fmt: skip
    file = {"size": {"height": HEIGHT, "width": WIDTH}, "objects": [shape]}
    _, found = take({"ann/2.png.json": json.dumps(file)})
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[9:29, 7:37] = shown
    np.testing.assert_array_equal(found == ROAD, wanted)
