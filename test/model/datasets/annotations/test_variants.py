"""Exports as tools, Windows and people also write them: other codings, cases, numbers and names."""

import io
import json
import unicodedata
import zipfile

import annotated
import numpy as np
import pytest
from annotated import AREAS, HEIGHT, WIDTH
from PIL import Image

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations import camvid32
from segnet_model.datasets.annotations.importing import import_labels
from segnet_model.datasets.folder import open_split
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet

LABELS = LabelSet.load("camvid")
STAMP = "1700000000.250"  # a frame named by its time


@pytest.fixture
def take(dataset, tmp_path):
    """Import files into the data set, and return the result and the labels of an image."""
    for name in (STAMP, "my photo"):
        write_png(dataset / "train" / f"{name}.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))

    def work(files, stem="2", labels=LABELS):
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        done = import_labels(path, dataset, labels, split="train")
        return done, np.asarray(Image.open(dataset / "trainannot" / f"{stem}.png"))

    return work


YOLO = annotated.yolo()


def yolo(names=annotated.YOLO_NAMES, rows=YOLO, file="data.yaml"):
    return {file: names, "labels/2.txt": rows}


COLORS = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200]], np.uint8)  # of none of CamVid's
LABELMAP = "# label:color_rgb\r\nSky:200,0,0::\r\nRoad:0,200,0::\r\nTree:0,0,200::\r\n"


def painted():
    """The truth in colors of its own."""
    order = [list(annotated.NAMES.values()).index(each) for each in annotated.truth().ravel()]
    return annotated.png(COLORS[np.array(order)].reshape(HEIGHT, WIDTH, 3))


TABLE = "name,r,g,b\nSky,200,0,0\nRoad,0,200,0\nTree,0,0,200\n"


GRAYS = "name,r,g,b\nSky,0,0,0\nRoad,128,128,128\nTree,255,255,255\n"


def painted_gray():
    """The truth in these grays, as a gray PNG."""
    order = [list(annotated.NAMES.values()).index(each) for each in annotated.truth().ravel()]
    grays = np.array([0, 128, 255], np.uint8)
    return annotated.png(grays[np.array(order)].reshape(HEIGHT, WIDTH))


def camvids():
    """The truth as Kaggle has CamVid: a shade of road as lane marks, in CamVid's own colors."""
    names = np.array(["Sky", "Road", "Tree", "LaneMkgsDriv"])
    order = [list(annotated.NAMES.values()).index(each) for each in annotated.truth().ravel()]
    order = np.array(order).reshape(HEIGHT, WIDTH)
    order[-5:] = 3
    colors = np.array([camvid32.TABLE[each][0] for each in names], np.uint8)
    rows = [f"{name}, {r}, {g}, {b}" for name, (r, g, b) in zip(names, colors, strict=True)]
    table = "\n".join(["name, r, g, b", *rows, "Wall, 64, 192, 0"])
    return {"class_dict.csv": table, "train_labels/2_L.png": annotated.png(colors[order])}


def flag(document):
    document["annotations"][0]["segmentation"][0][0] = True


def rle_flag(document):
    document[0]["annotations"][0]["result"][2]["value"]["rle"][8] = True


def changed(text, change):
    document = json.loads(text)
    change(document)
    return json.dumps(document)


def coco(change):
    document = json.loads(annotated.coco(image="2.png"))
    change(document)
    return {"a.json": json.dumps(document)}


def named(image):
    return {"a.json": annotated.coco(image=image)}


def texts_for_numbers(document):
    for each in document["annotations"]:
        each["category_id"], each["image_id"] = str(each["category_id"]), str(each["image_id"])


def fractions_for_numbers(document):
    """As pandas writes a column with gaps."""
    for each in document["annotations"]:
        each["category_id"], each["image_id"] = float(each["category_id"]), float(each["image_id"])


SIZE = {"original_width": WIDTH, "original_height": HEIGHT}


def regions(more=()):
    """Label Studio's results of <Polygon> and <Labels>: two for each region, with one id."""
    results = []
    for number, (name, area) in enumerate(AREAS):
        value = {"points": [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in area]}
        own = {"id": str(number), **SIZE}
        results.append({"type": "polygon", "value": value, **own})
        results.append({"type": "labels", "value": {**value, "labels": [name]}, **own})
        results += [{"type": kind, "value": {kind: ["wet"]}, **own} for kind in more]
    return results


def studio(**task):
    return {"a.json": json.dumps([{"id": 1, "data": {"image": "2.png"}, **task}])}


READ = {
    "yolo, UTF-8 and Windows": yolo(
        "\ufeff" + annotated.YOLO_NAMES, "\ufeff" + annotated.yolo().replace("\n", "\r\n")
    ),
    "yolo, UTF-16": yolo("Sky \nRoad\nTree\n".encode("utf-16"), annotated.yolo().encode("utf-16"),
                         "classes.txt"),
    "yolo, YAML of another name": yolo(file="street-seg.yaml"),
    "yolo, large letters": {"DATA.YAML": annotated.YOLO_NAMES, "LABELS/2.TXT": annotated.yolo()},
    "yolo, spaces behind names": yolo("Sky \r\nRoad\t\r\nTree \r\n", file="obj.names"),
    "coco, ids as text": coco(texts_for_numbers),
    "coco, ids as fractions": coco(fractions_for_numbers),
    "coco, an address with a key": named("https://host/a/2.png?token=b/c.d"),
    "coco, an address of Label Studio": named("http://host:8080/data/local-files/?d=a/2.png"),
    "coco, an address that is none": named("http://[a/2.png"),
    "a table of colors": {
        "class_dict.csv": TABLE, "train/2.png": annotated.PICTURE, "train_labels/2.png": painted()},
    "a table of colors, other titles and order": {
        "legend.csv":
            "id,Label,Blue,Green,Red\r\n7,Sky,0,0,200\r\n8,Road,0,200,0\r\n9,Tree,200,0,0\r\n",
        "2_mask.png": painted()},
    "a table of colors, one for each split": {
        f"{split}/{file}": data for split in ("train", "val") for file, data in (
            ("class_dict.csv", TABLE), ("masks/2.png", painted()))},
    "a table of CamVid's colors": camvids(),
    "a table of grays, beside gray masks": {"class_dict.csv": GRAYS, "2.png": painted_gray()},
    "yolo, names twice that agree": {
        **yolo(), "labels/classes.txt": "Sky\nRoad\nTree\n", "DVC/data.yml": "outs: []\n"},
    "yolo, no file ends its last line": {
        **yolo(rows=YOLO.rstrip()), "labels/1.txt": YOLO.rstrip(), "labels/0.txt": ""},
    "yolo, most files end no line": {
        **yolo(rows=YOLO.rstrip()), "labels/1.txt": YOLO.rstrip(), "labels/3.txt": YOLO},
    "supervisely, alone": {"2.png.json": annotated.supervisely()},
    "supervisely, large letters": {"meta.json": "{}", "ds/Ann/2.png.json": annotated.supervisely()},
    "cvat, large letters": {"LABELMAP.TXT": LABELMAP, "SEGMENTATIONCLASS/2.PNG": painted()},
    "labelme2voc, large letters": {
        "CLASS_NAMES.TXT": annotated.LABELME_NAMES,
        "SEGMENTATIONCLASS/2.PNG": annotated.roboflow_mask()},
    "roboflow's masks, a name in two subsets": {
        f"{split}/{file}": data for split in ("train", "valid") for file, data in (
            ("_classes.csv", annotated.ROBOFLOW_CLASSES),
            ("1_png.rf.0a_mask.png", annotated.roboflow_mask()),
            (f"2_png.rf.{len(split)}_mask.png", annotated.roboflow_mask()))},
    "label studio, two tags": studio(annotations=[{"result": regions()}]),
    "label studio, choices": studio(annotations=[{"result": regions(["choices", "textarea"])}]),
}  # fmt: skip


@pytest.mark.parametrize("variant", READ)
def test_it_is_read_as_it_is_meant_and_nothing_is_left_out(take, variant):
    done, found = take(READ[variant])
    np.testing.assert_array_equal(found, annotated.truth())
    assert not [note for note in done.notes if "boxes" not in note]


@pytest.mark.parametrize(("name", "stem"), [("my%20photo.png", "my photo"), (STAMP, STAMP)])
def test_names_with_spaces_and_of_stamps_without_an_ending_find_their_image(take, name, stem):
    for files in (named(name), {"a.xml": annotated.cvat_images(name)}):
        _, found = take(files, stem)
        np.testing.assert_array_equal(found, annotated.truth())


ACCENTED = "Stra\u00dfe u\u0308ber"  # as macOS writes it: the letter, then its accent
COMPOSED = unicodedata.normalize("NFC", ACCENTED)


@pytest.mark.parametrize(("own", "others"), [(ACCENTED, COMPOSED), (COMPOSED, ACCENTED)])
def test_a_letter_and_its_accent_are_one_or_two_characters(dataset, tmp_path, own, others):
    """Of names of images, of classes and of the user's map."""
    for path in dataset.glob("*annot/*"):
        path.unlink()
    write_png(dataset / "train" / f"{own}.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    rows = [{"name": name, "color": [9 * i, 0, 0]} for i, name in enumerate(("Sky", own, "Tree"))]
    labels = LabelSet.from_dict({"name": "own", "classes": rows})
    export = tmp_path / "a.json"
    for classes, renamed in (
        ("Road", {"Road": others}),
        (others, {}),
        (own + "x", {others + "x": own}),
    ):
        export.write_text(annotated.coco(image=f"{others}.png").replace("Road", classes))
        done = import_labels(export, dataset, labels, split="train", renamed=renamed)
        assert set(done.meanings.values()) == {"Sky", own, "Tree"}
        found = np.asarray(Image.open(dataset / "trainannot" / f"{own}.png"))
        places = np.array([{"Sky": 0, "Road": 1, "Tree": 2}[each] for each in annotated.NAMES])
        order = np.zeros(256, np.uint8)
        order[list(annotated.NAMES.values())] = places
        np.testing.assert_array_equal(found, order[annotated.truth()])


def test_oriented_boxes_of_yolo_are_counted(take):
    rows = "0 .1 .1 .9 .1 .9 .5 .1 .5\n1 .25 .2 .5 .575 .25 .95 0 .575\n2 .1 .1 .5 .2 .5 .9 .1 .9\n"
    turned = np.array([[20, 10], [40, 30], [25, 45], [5, 25]]) / (WIDTH, HEIGHT)
    rows += "0 " + " ".join(f"{each:.6f}" for each in turned.ravel()) + "\n"
    done, _ = take(yolo(rows=rows))
    assert {note: count for note, count in done.notes.items() if "boxes" in note} == {
        "boxes painted whole; an outline would tell what in them is the thing": 3
    }


@pytest.mark.parametrize("form", ["[no, on, Tree]", "{0: no, 1: on, 2: Tree}"])
def test_yolos_names_are_text_and_no_flags(dataset, tmp_path, form):
    rows = [{"name": name, "color": [9 * i, 0, 0]} for i, name in enumerate(("no", "on", "Tree"))]
    labels = LabelSet.from_dict({"name": "own", "classes": rows})
    for path in dataset.glob("*annot/*"):
        path.unlink()
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, data in yolo(f"names: {form}").items():
            archive.writestr(name, data)
    done = import_labels(tmp_path / "x.zip", dataset, labels, split="train")
    assert dict(done.meanings) == {"no": "no", "on": "on", "Tree": "Tree"}


def test_a_class_may_be_called_by_a_number(dataset, take):
    rows = [{"name": str(i), "color": [9 * i, 0, 0]} for i in range(4)]
    labels = LabelSet.from_dict({"name": "own", "classes": rows})
    for path in dataset.glob("*annot/*"):
        path.unlink()

    def number(document):
        for index, each in enumerate(document["categories"]):
            each["name"] = index

    shape = {"label": 2, "points": [[0, 0], [95, 63]], "shape_type": "rectangle"}
    labelme = {"imageHeight": HEIGHT, "imageWidth": WIDTH, "shapes": [shape]}
    assert set(take(coco(number), labels=labels)[0].meanings) == {"0", "1", "2", "3"}
    assert set(take({"2.json": json.dumps(labelme)}, labels=labels)[0].meanings) == {"2"}


def picture(form):
    data = io.BytesIO()
    Image.fromarray(annotated.truth().astype(np.uint8)).save(data, form)
    return data.getvalue()


BESIDE = {"images/2.png": annotated.PICTURE}
REFUSED = {
    "yolo, decimal commas": (yolo(rows=annotated.yolo().replace(".", ",")), "line 1 has commas"),
    "yolo, a file of names": (yolo("names: a.txt"), "'names' is 'a.txt', no list of classes"),
    "yolo, names before numbers": (yolo("names: {Sky: 0}"), "'Sky' in place of a number; write 0"),
    "yolo, names twice that differ": (
        {**yolo(), "classes.txt": "Road\nSky\nTree\n"},
        "data.yaml and classes.txt name other classes; correct or remove one, or import one"),
    "yolo, two exports in one folder": (
        {**{f"a/{n}": data for n, data in yolo().items()},
         "b/data.yaml": "names: [Road, Sky, Tree]", "b/labels/3.txt": YOLO},
        "a/data.yaml and b/data.yaml name other classes"),
    "yolo, a name that is missing": (
        yolo("nc: 4\nnames: [Sky, Road, Tree]"),
        "data.yaml: 'names' has 3 classes, and 'nc' says '4', so that one may be missing"),
    "black and white": (
        {"2.png": annotated.png(annotated.pixels("Road"))},
        "2.png: is black and white, .* has 11 classes; say what black and white are: --map 0="),
    "yolo, a file that was cut within a number": (
        {**yolo(rows=YOLO.rstrip()[:-1]), "labels/1.txt": YOLO, "labels/3.txt": YOLO},
        r"labels/2.txt: its last line has no end, as 2 of 3 files have: .*copy it again, or, where "
        r"it is whole, end the line: sed -i '\$a\\' labels/2.txt"),
    "yolo, the same in UTF-16": (
        {**yolo("Sky\nRoad\nTree\n", YOLO.rstrip()[:-1].encode("utf-16"), "classes.txt"),
         **{f"labels/{i}.txt": YOLO.encode("utf-16") for i in (1, 3)}},
        "labels/2.txt: its last line has no end, as 2 of 3"),
    "yolo, an empty line": (yolo("Sky\n\nRoad", file="classes.txt"), "'1', which has no name"),
    "coco, pairs": (
        coco(lambda each: each["annotations"][0].update(segmentation=[[[0, 0], [9, 0], [9, 9]]])),
        r"no pairs of numbers in one flat list: \[x, y, x, y\]",
    ),
    "coco, another coding": (
        {"a.json": annotated.coco().replace("Tree", "B\xe4ume").encode("latin-1")},
        "a.json: is no UTF-8 text; save it as UTF-8",
    ),
    "labelme, another coding": (
        {"2.json": '{"shapes": [], "a": "\xe4"}'.encode("latin-1")}, "is no UTF-8 text"),
    "label studio, predictions": (
        studio(annotations=[], predictions=[{"result": regions()}]),
        "tasks with predictions, drafts or skipped annotations alone; submit them"),
    "v7, version 1": (
        {"a.json": '{"dataset": "a", "image": {"filename": "2.png"}, "annotations": []}'},
        "is of V7; export COCO"),
    "encord": ({"a.json": '[{"label_hash": "a", "data_units": {}}]', **BESIDE}, "is of Encord"),
    "labelbox, lines": ({"a.ndjson": "{}\n", **BESIDE}, "is lines of JSON, as Labelbox"),
    "kaggle": ({"a.csv": "ImageId,EncodedPixels\n2.png,1 5\n", **BESIDE}, "is a table of run"),
    "boxes as a table": ({"a.csv": "filename,xmin\n2.png,1\n", **BESIDE}, "is a table of bo"),
    "label studio, a table": ({"a.csv": "annotation_id,image\n1,2.png\n", **BESIDE}, "export JSON"),
    "roboflow, whole images": (
        {"train/_classes.csv": "filename, Sky\n2.jpg, 1\n", **BESIDE}, "classes of whole images"),
    "a mask for each class": (
        {f"{name}/2.png": annotated.png(annotated.pixels(name).astype(np.uint8))
         for name in annotated.NAMES},
        "both for image '2'; .* masks of single classes have to be joined to one first"),
    "pictures and a document": (
        {"a.json": '{"project_name": 1}', **BESIDE}, "a.json is of no tool that is known; taken"),
    "cvat, a list with commas": (
        {"label_colors.txt": "1,2,3,Sky\n", "defaultannot/2.png": annotated.PICTURE},
        "label_colors.txt: '1,2,3,Sky' is no label with its color, as '128 64 128 Road'"),
    "cvat, a name with a colon": (
        {"labelmap.txt": LABELMAP.replace("Sky", "Sky: blue"),
         "SegmentationClass/2.png": painted()}, r"\['Sky: blue'\] are no classes"),
    "pictures alone": (BESIDE, "as a picture does, .* name the folder with the labels alone"),
    "a table of colors that lacks one": (
        {"class_dict.csv": TABLE.replace("Tree,0,0,200\n", ""), "2.png": painted()},
        r"\['#0000c8'\] are no classes"),
    "a table of colors with one twice": (
        {"class_dict.csv": TABLE + "Lawn,0,0,200\n", "2.png": painted()},
        "class_dict.csv: 'Tree' and 'Lawn' share the color #0000c8"),
    "a table of colors without titles": (
        {"class_dict.csv": TABLE.partition("\n")[2], "2.png": painted()},
        "class_dict.csv: its first line is not name,r,g,b and below it"),
    "a table of colors in words": (
        {"class_dict.csv": TABLE.replace("200,0,0", "dark,0,0"), "2.png": painted()},
        "class_dict.csv: .*'dark'.* is no class with its color, as Road,128,64,128"),
    "a table of large numbers": (
        {"class_dict.csv": TABLE.replace("200,0,0", "300,0,0"), "2.png": painted()},
        "class_dict.csv: .* is no class with three numbers of 0 to 255"),
    "two tables of colors": (
        {"a/class_dict.csv": TABLE, "b/class_dict.csv": TABLE.replace("Tree", "Road2"),
         "2.png": painted()}, "a/class_dict.csv and b/class_dict.csv differ: import one export"),
    "a table of colors beside numbers": (
        {"class_dict.csv": TABLE, "2.png": annotated.roboflow_mask()},
        "holds numbers, not colors; say what each is: --format ids --map 0=CLASS .* if they count "
        "the rows of class_dict.csv, 0 is 'Sky', 1 is 'Road'"),
    "numbers beside a table of CamVid's colors": (
        {**camvids(), "train_labels/2_L.png": annotated.roboflow_mask()},
        "not CamVid's colors; say what each is: .* the rows of class_dict.csv, 0 is 'Sky'"),
    "a table of grays that lacks one": (
        {"class_dict.csv": GRAYS.replace("Tree,255,255,255\n", ""), "2.png": painted_gray()},
        r"\['#ffffff'\] are no classes"),
    "ids beside a table of them": (
        {"classes.csv": "name,id\nSky,1\nRoad,2\nTree,3\n", "2.png": annotated.roboflow_mask()},
        "classes.csv lists other classes than label set .*; say what each id is with --map"),
    "coco, true for a number": (coco(flag), "whose points are no pairs of numbers; draw it again"),
    "via, true for a number": (
        {"a.json": annotated.via().replace("96", "true", 1)}, "no pairs of numbers; draw it again"),
    "labelme, true for a number": (
        {"2.json": json.dumps({"imageHeight": HEIGHT, "imageWidth": WIDTH, "shapes": [
            {"label": "Sky", "points": [[True, 0], [95, 63]], "shape_type": "rectangle"}]})},
        "has a damaged shape .*True is no number.*; draw it again"),
    "label studio, true in a brush": (
        {"a.json": changed(annotated.label_studio(), rle_flag)}, "brush mask that is damaged"),
    "via, a table that was cut": (
        {"a.csv": "\n".join(annotated.via_table().splitlines()[:-2])},
        "a.csv: has 3 regions of '2.png', and names 4: it was cut; copy the whole table again"),
    "boxes in one column": (
        {"a.csv": "image_id,width,height,bbox,source\n2,96,64,\"[1, 2, 3, 4]\",a\n", **BESIDE},
        "is a table of boxes, as for detection; export outlines or masks"),
    "boxes by their corners": (
        {"a.csv": "image,x1,y1,x2,y2,class\n2.png,1,2,3,4,Sky\n", **BESIDE}, "is a table of boxes"),
    "boxes by corner and size": (
        {"a.csv": "image,left,top,width,height\n2.png,1,2,3,4\n"}, "is a table of boxes"),
    "a JPEG by another name": ({"2.png": picture("JPEG")}, "it is a JPEG, which blurs labels"),
    "bitmaps": ({"2.bmp": picture("BMP")}, "masks have to be saved as PNG"),
}  # fmt: skip


@pytest.mark.parametrize("variant", REFUSED)
def test_it_is_refused_with_its_true_cause(take, variant):
    files, message = REFUSED[variant]
    with pytest.raises(DatasetError, match=message):
        take(files)


@pytest.mark.parametrize("place", ["Train", "images/train", "training"])
def test_images_in_the_folders_of_other_tools_are_named(tmp_path, place):
    (tmp_path / "yard" / place).mkdir(parents=True)
    write_png(tmp_path / "yard" / place / "2.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    with pytest.raises(DatasetError, match=f"is {place}/ meant as train/. Move it there"):
        import_labels(tmp_path, tmp_path / "yard", LABELS)
    with pytest.raises(DatasetError, match=f"is {place}/ meant as train/. Move it there"):
        open_split(tmp_path / "yard", "train", LABELS)


@pytest.mark.parametrize("file", ["2.png", "2.txt", "data.yaml"])
def test_one_file_of_an_export_names_its_folder(dataset, tmp_path, file):
    (tmp_path / file).write_bytes(annotated.PICTURE)
    with pytest.raises(DatasetError, match=f"{file} is one file of an export; name its folder: "):
        import_labels(tmp_path / file, dataset, LABELS, split="train")


def with_palette(ids, colors):
    image = Image.fromarray(ids.astype(np.uint8), "P")
    image.putpalette(np.array(colors, np.uint8).tobytes())
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def test_masks_of_voc_without_their_folder_are_named(take):
    # VOC's colors by its formula: the bits of an id, in turn, are the high bits of its color.
    colors = [[sum((i >> (3 * j + c) & 1) << (7 - j) for j in range(8)) for c in range(3)]
              for i in range(256)]  # fmt: skip
    done, _ = take({"2.png": with_palette(annotated.truth(), colors)})
    assert [note for note in done.notes if "--from voc" in note]
    own = [[255 - i, i, 255] for i in range(256)]
    done, _ = take({"2.png": with_palette(annotated.truth(), own)})
    assert not done.notes


def test_a_palette_of_nothing_says_nothing_about_classes(take):
    _, found = take({"2.png": with_palette(annotated.truth(), [[0, 0, 0]] * 256)})
    np.testing.assert_array_equal(found, annotated.truth())


@pytest.mark.parametrize(
    ("path", "noted"),
    [("2.png", 0), ("..\\images\\1.png", 1), ("elsewhere/gone.png", 0), (None, 0)],
)
def test_a_labelme_file_that_names_another_image_is_said(take, path, noted):
    """labelme shows the image of imagePath, and a copied file keeps that of another image."""
    shape = {"label": "Sky", "points": [[0, 0], [95, 63]], "shape_type": "rectangle"}
    document = {"imageHeight": HEIGHT, "imageWidth": WIDTH, "shapes": [shape], "imagePath": path}
    done, found = take({"2.json": json.dumps(document)})
    assert (found == annotated.SKY).all()
    notes = [note for note in done.notes if note.endswith("name, as 2.json of 1")]
    assert [done.notes[note] for note in notes] == [1] * noted
    assert len(done.notes) == noted


def test_labels_of_another_tool_beside_the_chosen_ones_are_said(take):
    shape = {"label": "Sky", "points": [[0, 0], [95, 63]], "shape_type": "rectangle"}
    other = {"imageHeight": HEIGHT, "imageWidth": WIDTH, "shapes": [shape]}
    done, found = take({"a.json": annotated.coco(image="2.png"), "1.json": json.dumps(other)})
    assert done.format == "coco"
    np.testing.assert_array_equal(found, annotated.truth())
    (note,) = done.notes
    assert note.startswith(
        "other formats in it, left out: labelme; where these labels are of other"
    )
    assert note.endswith("import them from a folder of their own")
