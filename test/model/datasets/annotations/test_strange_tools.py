"""Exports that come from strangers: each is refused with a sentence, and nothing is written."""

import base64
import itertools
import json
import zipfile
import zlib
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import annotated
import numpy as np
import pytest
from annotated import HEIGHT, WIDTH
from PIL import Image

from segnet_model.base.errors import DatasetError, ImageError, SettingsError
from segnet_model.datasets.annotations.export import Target
from segnet_model.datasets.annotations.formats import open_annotations
from segnet_model.datasets.annotations.importing import import_labels
from segnet_model.labels import LabelSet

LABELS = LabelSet.load("camvid")
NAN, FAR = float("nan"), 1e30


def coco(**changes):
    """The COCO file with changes to its first annotation, or to its image."""
    file = json.loads(annotated.coco(image="2.png"))
    image = changes.pop("image", {})
    file["images"][0].update(image)
    file["annotations"][0].update(changes)
    return {"a.json": json.dumps(file)}


def rle(counts, size=(HEIGHT, WIDTH)):
    return coco(segmentation={"size": list(size), "counts": counts})


def cvat(shape, size=(HEIGHT, WIDTH)):
    return {
        "a.xml": f'<annotations><version>1.1</version><image name="2.png" height="{size[0]}" '
        f'width="{size[1]}">{shape}</image></annotations>'
    }


def cvat_mask(runs, left=0, top=0, width=4, height=2):
    return cvat(
        f'<mask label="Sky" rle="{runs}" left="{left}" top="{top}" width="{width}" '
        f'height="{height}"/>'
    )


def yolo(rows, names=annotated.YOLO_NAMES):
    return {"data.yaml": names, "labels/2.txt": rows}


def via(shape, **attributes):
    region = {"shape_attributes": shape, "region_attributes": attributes or {"class": "Sky"}}
    return {"a.json": json.dumps({"k": {"filename": "2.png", "regions": [region]}})}


def studio(kind, data="2.png", task=None, **value):
    result = {"type": kind, "value": value, "original_width": WIDTH, "original_height": HEIGHT}
    tasks = [{"id": 4, "data": {"image": data}, "annotations": [{"result": [result]}]}]
    return {"a.json": json.dumps(tasks)}


def supervisely(*objects, size=(HEIGHT, WIDTH)):
    rows = [{"classTitle": "Sky", **each} for each in objects]
    file = {"size": {"height": size[0], "width": size[1]}, "objects": rows}
    return {"ann/2.png.json": json.dumps(file)}


def bitmap(data, origin=(0, 0)):
    shape = {"data": base64.b64encode(data).decode(), "origin": origin}
    return supervisely({"geometryType": "bitmap", "bitmap": shape})


SMALL = zlib.compress(annotated.png(np.full((8, 8), 255, np.uint8)))
LARGE = zlib.compress(annotated.png(np.zeros((8000, 8000), np.uint8)))
POLYGON = {"name": "polygon", "all_points_x": [0, 9, 9], "all_points_y": [0, 0, 9]}
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><annotations><version/>'
    '<image name="&b;" width="1" height="1"/></annotations>'
)

REFUSED = {
    "coco, an odd number": (coco(segmentation=[[1, 2, 3]]), "no pairs of numbers"),
    "coco, not a number": (coco(segmentation=[[NAN, 2, 3, 4, 5, 6]]), "far outside any image"),
    "coco, far away": (coco(segmentation=[[FAR, 2, 3, 4, 5, 6]]), "far outside any image"),
    "coco, text": (coco(segmentation=["abcd"]), "no pairs of numbers"),
    "coco, a nameless category": (coco(category_id=99), "category 99, without a name"),
    "coco, a missing image": (coco(image_id=99), "an annotation for image 99, which it lacks"),
    "coco, another size": (coco(image={"width": 48}), "is 48x64 but its image .* is 96x64"),
    "coco, a size of a mask": (rle([6], (2, 3)), "a mask of 3x2 in an image of 96x64"),
    "coco, an absurd size": (rle([6], (10**6, 10**6)), "a mask of 1000000x1000000 in an image"),
    "coco, an absurd image": (coco(image={"width": 10**6, "height": 10**6}), "1000000x1000000"),
    "coco, a damaged size": (coco(image={"width": "wide"}), "of another kind than expected"),
    "coco, runs too long": (rle([5, 10**15]), "run lengths do not make 96x64"),
    "coco, runs too short": (rle([5, 7]), "run lengths do not make 96x64"),
    "coco, negative runs": (rle([-5, 6149]), "run lengths do not make 96x64"),
    "coco, a bomb": (rle("ooooo?"), "run lengths do not make 96x64"),
    "coco, cut runs": (rle("oo"), "cut off or damaged"),
    "coco, no runs": (rle(None), "no whole numbers|do not make"),
    "coco, cut": ({"a.json": coco()["a.json"][:200]}, "a.json: is not whole JSON"),
    "coco, no name": (coco(image={"file_name": None}), "an image whose name is no text"),
    "coco, deep": ({"a.json": "[" * 10**5}, "is not whole JSON .*recursion"),
    "coco, many lists": ({"a.json": "[" + "[]," * (3 << 20) + "0]"}, "more than 2097152 lists"),
    "coco, boxes": (
        {"a.json": annotated.coco(lambda name, corners: [])},
        "holds boxes alone, as for detection; export outlines or masks",
    ),
    "cvat, far away": (cvat('<polygon label="Sky" points="1e30,0;1,1;2,2"/>'), "far outside any"),
    "cvat, not a number": (cvat('<polygon label="Sky" points="nan,0;1,1;2,2"/>'), "far outside"),
    "cvat, no pairs": (cvat('<polygon label="Sky" points="0;1,1;2,2"/>'), "no pairs of numbers"),
    "cvat, no label": (cvat('<polygon points="0,0;1,1;2,0"/>'), "a polygon without a label"),
    "cvat, another size": (cvat('<ellipse label="Sky" cx="1" cy="1" rx="1" ry="1"/>', (64, 48)),
                           "is 48x64 but its image"),
    "cvat, a mask too long": (cvat_mask("0, 9"), "run lengths do not make 4x2"),
    "cvat, a mask outside": (cvat_mask("0, 8", left=94), r"4x2 pixels at \(94, 0\), beyond"),
    "cvat, a mask before": (cvat_mask("0, 8", top=-1), r"4x2 pixels at \(0, -1\), beyond"),
    "cvat, an absurd mask": (cvat_mask("0, 8", width=10**9), "1000000000x2 pixels cannot be"),
    "cvat, words": (cvat_mask("0, x"), "of another kind than expected"),
    "cvat, lines": (
        cvat('<polyline label="Sky" points="0,0;9,9;0,9"/>'),
        r"a pixel is labeled \(1 lines, points and outlines without an area left out\); label",
    ),
    "cvat, boxes": (cvat('<box label="Sky" xtl="0" ytl="0" xbr="9" ybr="9"/>'),
                    "holds boxes alone, as for detection; draw polygons or masks in CVAT"),
    "cvat, cut": ({"a.xml": annotated.cvat_images()[:300]}, "a.xml: is not whole XML"),
    "cvat, entities": ({"a.xml": LAUGHS}, "a.xml: has a document type"),
    "cvat, UTF-16 entities": ({"a.xml": LAUGHS.encode("utf-16")}, "a.xml: has a document type"),
    "cvat, many elements": ({"a.xml": "<annotations>" + "<a/>" * (3 << 20)}, "more than 524288"),
    "cvat, frames": (
        {"a.xml": annotated.cvat_video()},
        'numbers its frames, as frame_000002, .* export the task as "CVAT for images 1.1"',
    ),
    "yolo, boxes": (yolo("0 0.5 0.5 0.2 0.2"), "line 1 is a box, as for detection"),
    "yolo, an even number": (yolo("0 0.5 0.5 0.2 0.2 0.1"), "line 1 has 6 numbers"),
    "yolo, pixels": (yolo("0 50 50 20 20 30 40"), "far outside of the image; it takes shares"),
    "yolo, not a number": (yolo("0 nan 0 0 1 1 1"), "a number that is not finite"),
    "yolo, a word": (yolo("0 0 0 0 1 1 1\nx 0 0 0 1 1 1"), "line 2 has a word in place of a"),
    "yolo, a nameless class": (yolo("7 0 0 0 1 1 1"), "class '7', which has no name"),
    "yolo, half a class": (yolo("0.5 0 0 0 1 1 1"), "class '0.5', which has no name"),
    "yolo, no names": (yolo("0 0 0 0 1 1 1", "path: x"), "data.yaml: lacks 'names'"),
    "yolo, an alias": (yolo("0 0 0 0 1 1 1", "a: &a [x]\nnames: *a"), "data.yaml: an alias"),
    "via, a strange shape": (via({"name": "cube"}), "a shape 'cube'; draw polygon"),
    "via, lengths": (via({**POLYGON, "all_points_y": [1]}), "of another kind than expected"),
    "via, not a number": (via({**POLYGON, "all_points_x": [NAN, 1, 2]}), "far outside any image"),
    "via, a larger image": (
        via({**POLYGON, "all_points_x": [0, 150, 150]}),
        "far outside of its image of 96x64 pixels; was it drawn on an image of another size",
    ),
    "via, two attributes": (via(POLYGON, a="Sky", b="x"), "2 attributes that may be its class"),
    "via, no class": (via(POLYGON, a=""), "a region without one 'a'; give it one"),
    "via, two ticks": (via(POLYGON, a={"Sky": True, "Car": True}), "a region without one 'a'"),
    "via, a damaged table": (
        {"a.csv": "filename,region_shape_attributes,region_attributes\n2.png,{,{}\n"},
        "a.csv: holds a value of another kind than expected .*; export JSON",
    ),
    "via, a deep table": (
        {"a.csv": f"filename,region_shape_attributes,region_attributes\na,{'[' * 10**5},\n"},
        "a.csv: holds a value of another kind than expected .*recursion.*; export JSON",
    ),
    "via, a table without columns": (
        {"a.csv": "region_shape_attributes\n{}\n"},
        "a.csv: lacks 'region_attributes'.*; export JSON",
    ),
    "via, a long table": (
        {"a.csv": "region_shape_attributes\n" + "x" * 200_000}, "a.csv: .*larger than field limit"
    ),
    "via 3": ({"a.json": '{"project": {}, "metadata": {}, "file": {}}'}, "a project of VIA 3"),
    "label studio, two labels": (
        studio("polygonlabels", points=[[0, 0]], polygonlabels=["Sky", "Car"]), "of 2 labels"),
    "label studio, not a number": (
        studio("polygonlabels", points=[[NAN, 0]] * 3, polygonlabels=["Sky"]), "far outside"),
    "label studio, a brush of another size": (
        studio("brushlabels", brushlabels=["Sky"], rle=annotated.brush(np.ones((9, 9), bool))),
        "a brush mask of another size"),
    "label studio, a cut brush": (
        studio("brushlabels", brushlabels=["Sky"], rle=annotated.brush(np.ones((64, 96)))[:40]),
        "a brush mask that is damaged or cut off"),
    "label studio, no image": (studio("polygonlabels", "text"), "a task of 0 images"),
    "label studio, PNG": (
        {"task-1-annotation-1-by-1-tag-Sky-0.png": annotated.PICTURE}, "named by tasks"),
    "supervisely, no PNG": (bitmap(zlib.compress(b"abc")), "does not open as a PNG"),
    "supervisely, no zlib": (bitmap(b"abc"), "a damaged bitmap"),
    "supervisely, a bomb": (bitmap(zlib.compress(bytes(1 << 28))), "more than 16777216 bytes"),
    "supervisely, a large PNG": (bitmap(LARGE), "8000x8000"),
    "supervisely, outside": (bitmap(SMALL, (90, 0)), r"8x8 pixels at \(90, 0\), beyond"),
    "supervisely, before": (bitmap(SMALL, (0, -1)), r"8x8 pixels at \(0, -1\), beyond"),
    "supervisely, another size": (supervisely(size=(64, 48)), "for 48x64 pixels but its image"),
    "supervisely, a strange shape": (supervisely({"geometryType": "cuboid"}), "shape 'cuboid'"),
    "labelme2voc, a strange number": (
        {"class_names.txt": "_background_\nSky\n",
         "SegmentationClass/2.png": annotated.roboflow_mask()},
        "2.png: holds the number 2, which class_names.txt does not name",
    ),
    "labelme2voc, no text": (
        {"class_names.txt": b"\xff\n", "SegmentationClass/2.png": annotated.roboflow_mask()},
        "class_names.txt: is no UTF-8",
    ),
    "ids beside a list of names": (
        {"codes.txt": "Void\nSky\nRoad\n", "2.png": annotated.roboflow_mask()},
        "codes.txt lists other classes than label set .* --map 0=CLASS .* --format ids",
    ),
    "an archive in an archive": (
        {"task/annotations.zip": b"PK"}, "holds task/annotations.zip; unpack that",
    ),
    "yolo, a prediction": (
        {"data.yaml": annotated.YOLO_NAMES, "labels/2.txt": "0 .1 .1 .2 .1 .2 .2 0.93\n"},
        "line 1 has 8 numbers.*without its confidence",
    ),
    "yolo, empty": (
        {"data.yaml": annotated.YOLO_NAMES, "labels/2.txt": ""}, "in none of its 1 labels a pixel",
    ),
    "roboflow, no classes": (
        {"b/_classes.csv": "a,b\n", "a/2_mask.png": annotated.roboflow_mask()}, "no a/_classes"),
    "roboflow, a strange number": (
        {"_classes.csv": "a,b\n0, x\n", "2_mask.png": annotated.roboflow_mask()},
        "the number 1, which _classes.csv does not name"),
    "roboflow, augmented": (
        {"_classes.csv": annotated.ROBOFLOW_CLASSES,
         **{f"2_png.rf.{i}_mask.png": annotated.roboflow_mask() for i in (1, 2)}},
        "both for image '2'; export without augmentation"),
    "createml": ({"a.json": '[{"image": "2.png", "annotations": []}]'}, "is CreateML, which holds"),
    "datumaro": ({"a.json": '{"items": [], "categories": {}}'}, "is Datumaro's own form"),
    "voc": ({"2.xml": "<annotation/>", "2.png": annotated.PICTURE}, "is Pascal VOC's XML"),
    "voc with outlines": ({"2.xml": "<annotation><a><polygon/></a></annotation>"}, "LabelMe's XML"),
    "v7": ({"a.json": '{"item": {}, "annotations": []}'}, "is of V7; export COCO"),
    "superannotate": ({"a.json": '{"metadata": {}, "instances": []}'}, "is of SuperAnnotate"),
    "cityscapes' polygons": ({"2_gtFine_polygons.json": '{"imgHeight": 1, "objects": []}'},
                             "its .*_labelIds.png are read, with --from cityscapes"),
    "mapillary": ({"config_v1.2.json": '{"labels": [{"name": "a", "readable": "A"}]}',
                   "training/labels/2.png": annotated.roboflow_mask()},
                  "is Mapillary Vistas; name its folder labels, with --from mapillary"),
    "voc, whole": ({"Annotations/2.xml": "<annotation/>",
                    "SegmentationClass/2.png": annotated.roboflow_mask()},
                   "is Pascal VOC's, .* name its folder SegmentationClass"),
    "cvat's cityscapes": ({"label_colors.txt": "", "gtFine/a/2_gtFine_color.png": ""},
                          "is CVAT's form of Cityscapes or KITTI; export Segmentation mask 1.1"),
    "yolo, poses": (yolo("0 0 0 0 1 1 1", "kpt_shape: [2, 3]\nnames: [a]"), "points of poses"),
    "yolo, numbers": ({"labels/2.txt": "7 0 0 0 1 1 1"}, r"\['7'\] are no .*--map '7=CLASS'"),
    "panoptic": (
        {"a.json": '{"images": [], "annotations": [{"segments_info": []}]}'}, "panoptic form"),
    "tfrecord": ({"a.tfrecord": "", "2.png": annotated.PICTURE}, "TensorFlow's record"),
    "damaged JSON beside images": ({"a.json": "{", "2.png": annotated.PICTURE}, "say --format"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_and_changes_nothing(dataset, tmp_path, refused, case):
    files, message = REFUSED[case]
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    before = {path: path.stat().st_mtime_ns for path in dataset.rglob("*")}
    work = partial(import_labels, tmp_path / "x.zip", dataset, LABELS, split="train")
    told = refused(message, work, error=(DatasetError, SettingsError))
    assert len(told) < 1000
    assert {path: path.stat().st_mtime_ns for path in dataset.rglob("*")} == before


STRANGE = (None, NAN, "x", [], {}, 10**30)


def changes(value, place=()):
    """Places in JSON; of each list the first three."""
    yield place
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in list(keys)[:50] if isinstance(value, dict) else list(keys)[:3]:
        yield from changes(value[key], (*place, key))


def put(value, place, new):
    if not place:
        return new
    copy = value.copy()
    copy[place[0]] = put(value[place[0]], place[1:], new)
    return copy


@pytest.mark.parametrize("export", [key for key in annotated.EXPORTS if "runs" not in key])
def test_any_value_in_the_place_of_another_is_read_or_refused(export):
    name, files = annotated.EXPORTS[export]
    for file in (each for each in files if each.endswith(".json")):
        document = json.loads(files[file])
        for place, new in itertools.product(changes(document), STRANGE):
            changed = {**files, file: json.dumps(put(document, place, new))}
            source = SimpleNamespace(names=tuple(changed), read=partial(_bytes, changed))
            with suppress(DatasetError, ImageError):
                found = open_annotations(source, name, Target(LABELS, {"2": Path("train/2.png")}))
                for each in found.files.values():
                    assert found.read(each, (HEIGHT, WIDTH)).indices.ndim == 2


def _bytes(files, name):
    data = files[name]
    return data if isinstance(data, bytes) else data.encode()


def test_a_path_that_leaves_the_folder_is_a_name_and_nothing_else(dataset, tmp_path):
    outside = tmp_path / "2.png"
    outside.write_bytes(b"not to be touched")
    for image in ("../../2.png", "/etc/2.png", "C:\\a\\2.png", "https://host/2.png"):
        (tmp_path / "a.json").write_text(annotated.coco(image=image))
        done = import_labels(tmp_path / "a.json", dataset, LABELS, split="train")
        assert done.counts.total() == 1
    assert outside.read_bytes() == b"not to be touched"


def test_what_reaches_beyond_the_image_is_cut_off_and_counted(dataset, tmp_path):
    (tmp_path / "a.json").write_text(
        coco(segmentation=[[-9, -9, 130, -9, 130, 40, -9, 40]])["a.json"]
    )
    import_labels(tmp_path / "a.json", dataset, LABELS, split="train")

    found = np.asarray(Image.open(dataset / "trainannot" / "2.png"))
    np.testing.assert_array_equal(found, annotated.truth())
