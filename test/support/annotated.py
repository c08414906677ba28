"""One picture's labels as the exports of annotation tools, each written by its own rules.

The truth: a road below a sky, and an L of trees with a hole through which the sky is seen.
"""

import base64
import csv
import io
import json
import zlib

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 64, 96
SKY, ROAD, TREE, IGNORED = 0, 3, 5, 11  # of CamVid's label set
NAMES = {"Sky": SKY, "Road": ROAD, "Tree": TREE}
# Corners of areas, as x, y between pixels.
SKY_AREA = [(0, 0), (96, 0), (96, 40), (0, 40)]
ROAD_AREA = [(0, 40), (96, 40), (96, 64), (0, 64)]
TREE_AREA = [(10, 5), (20, 5), (20, 30), (50, 30), (50, 38), (10, 38)]
HOLE = [(12, 32), (18, 32), (18, 36), (12, 36)]
AREAS = [("Sky", SKY_AREA), ("Road", ROAD_AREA), ("Tree", TREE_AREA), ("Sky", HOLE)]


def truth():
    ids = np.full((HEIGHT, WIDTH), SKY)
    ids[40:] = ROAD
    ids[5:38, 10:20] = ids[30:38, 10:50] = TREE
    ids[32:36, 12:18] = SKY
    return ids


def pixels(name):
    """Where the truth has a class."""
    return truth() == NAMES[name]


def png(image):
    data = io.BytesIO()
    Image.fromarray(image).save(data, "PNG")
    return data.getvalue()


def column_runs(mask):
    """COCO's lengths of runs, counted one by one."""
    counts, value = [0], False
    for pixel in mask.T.ravel():
        if bool(pixel) != value:
            counts.append(0)
            value = not value
        counts[-1] += 1
    return counts


def packed_runs(mask):
    """COCO's text for the lengths of runs."""
    counts, text = column_runs(mask), ""
    for index, count in enumerate(counts):
        number = count - counts[index - 2] if index > 2 else count
        more = True
        while more:
            group, number = number & 31, number >> 5
            more = number != (-1 if group & 16 else 0)
            text += chr(48 + (group | (32 if more else 0)))
    return text


def brush(mask):
    """Label Studio's brush: runs of equal bytes of an RGBA image, up to 256 a run, as bits."""
    values = np.repeat(np.where(mask, 255, 0).ravel(), 4)
    bits = f"{len(values):032b}{7:05b}" + f"{2:04b}{7:04b}{8:04b}{15:04b}"
    at = 0
    while at < len(values):
        end = at
        while end < len(values) and values[end] == values[at] and end - at < 256:
            end += 1
        if end - at > 8:
            bits += f"1{1:02b}{end - at - 1:08b}{values[at]:08b}"
        else:  # words of their own
            bits += f"0{0:02b}{end - at - 1:03b}" + "".join(f"{v:08b}" for v in values[at:end])
        at = end
    bits += "0" * (-len(bits) % 8)
    return [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]


def flat(area):
    return [coordinate for corner in area for coordinate in corner]


def coco(area=lambda name, corners: [flat(corners)], image="a/2.png", **more):
    rows = [
        {"id": i, "image_id": 7, "category_id": 10 + i, "segmentation": area(name, corners),
         "bbox": [0, 0, 1, 1], "iscrowd": 0}
        for i, (name, corners) in enumerate(AREAS)
    ]  # fmt: skip
    names = [{"id": 10 + i, "name": name} for i, (name, _) in enumerate(AREAS)]
    file = {"images": [{"id": 7, "file_name": image, "height": HEIGHT, "width": WIDTH}],
            "annotations": rows, "categories": names}  # fmt: skip
    return json.dumps({**file, **more})


def coco_masks(pack):
    """Each class as one mask, hole and all."""

    def area(name, corners):
        mask = pixels(name) if corners is not HOLE else np.zeros((HEIGHT, WIDTH), bool)
        return {"size": [HEIGHT, WIDTH], "counts": pack(mask)}

    return area


def cvat_shapes(frame=""):
    """Shapes in wrong order, put right by z_order; the trees are a mask."""
    text = ""
    for order, (name, area) in reversed(list(enumerate(AREAS))):
        if name == "Tree":
            mask = pixels("Tree")[5:38, 10:50].ravel()
            ends = np.flatnonzero(np.diff(np.concatenate([[0], mask, [2]]))).tolist()
            rle = ", ".join(str(e - s) for s, e in zip([0, *ends], ends, strict=False))
            text += (f'<mask label="Tree" rle="{rle}" left="10" top="5" width="40" height="33" '
                     f'z_order="{order}"/>')  # fmt: skip
        elif area is not HOLE:
            points = ";".join(f"{x}.00,{y}.00" for x, y in area)
            text += f'<polygon label="{name}" points="{points}" z_order="{order}"/>'
    return text


def cvat_images(image="cam/2.png"):
    return (
        '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>'
        f'<image id="0" name="{image}" width="{WIDTH}" height="{HEIGHT}">{cvat_shapes()}'
        '<tag label="Sky"/><polyline label="Sky" points="0,0;9,9"/></image></annotations>'
    )


def cvat_video(frame=2, step=1):
    tracks = ""
    for number, (name, area) in enumerate(AREAS):
        points = ";".join(f"{x},{y}" for x, y in area)
        tracks += f'<track id="{number}" label="{name}">' + "".join(
            f'<polygon frame="{f}" outside="{int(f > frame)}" points="{points}" z_order="0"/>'
            for f in (frame, frame + step)
        ) + "</track>"  # fmt: skip
    size = f"<width>{WIDTH}</width><height>{HEIGHT}</height>"
    return (
        f"<annotations><meta><task><frame_filter>step={step}</frame_filter>"
        f"<original_size>{size}</original_size></task></meta>"
        f"{tracks}</annotations>"
    )


def label_studio(image="/data/upload/1/0a1b2c3d-2.png", minimal=False):
    rows = []
    for name, area in AREAS[:2]:
        points = [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in area]
        rows.append(("polygonlabels", {"points": points, "polygonlabels": [name]}))
    rle = brush(pixels("Tree"))
    rows.append(("brushlabels", {"format": "rle", "rle": rle, "brushlabels": ["Tree"]}))
    size = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    if minimal:
        return json.dumps([{"image": image, "id": 1, "tag": [{**v, **size} for _, v in rows]}])
    result = [{"type": kind, "value": value, **size} for kind, value in rows]
    return json.dumps([{"id": 1, "data": {"image": image}, "annotations": [{"result": result}]}])


def supervisely():
    objects = [{"classTitle": "Sky", "geometryType": "rectangle",
                "points": {"exterior": [[0, 0], [95, 39]], "interior": []}}]  # fmt: skip
    objects.append({"classTitle": "Road", "geometryType": "polygon", "points": {
        "exterior": [[0, 40], [95, 40], [95, 63], [0, 63]], "interior": []}})  # fmt: skip
    bitmap = np.zeros((33, 40, 4), np.uint8)
    bitmap[pixels("Tree")[5:38, 10:50]] = 255
    data = base64.b64encode(zlib.compress(png(bitmap))).decode()
    objects.append({"classTitle": "Tree", "geometryType": "bitmap",
                    "bitmap": {"data": data, "origin": [10, 5]}})  # fmt: skip
    return json.dumps({"size": {"height": HEIGHT, "width": WIDTH}, "objects": objects})


def via(project=False, image="2.png"):
    regions = [
        {"shape_attributes": {"name": "polygon", "all_points_x": [x for x, _ in area],
                              "all_points_y": [y for _, y in area]},
         "region_attributes": {"kind": name}}
        for name, area in AREAS
    ]  # fmt: skip
    files = {f"{image}99": {"filename": image, "size": 99, "regions": regions}}
    return json.dumps({"_via_settings": {}, "_via_img_metadata": files} if project else files)


def via_table(image="2.png"):
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["#filename", "file_size", "file_attributes", "region_count", "region_id",
                   "region_shape_attributes", "region_attributes"])  # fmt: skip
    (file,) = json.loads(via(image=image)).values()
    for index, region in enumerate(file["regions"]):
        shape = json.dumps(region["shape_attributes"])
        rows.writerow([image, 99, "{}", 4, index, shape, json.dumps(region["region_attributes"])])
    rows.writerow(["other.png", 99, "{}", 0, 0, "{}", "{}"])
    return text.getvalue()


def yolo():
    rows = []
    for name, area in AREAS:
        shares = " ".join(f"{x / WIDTH:.6f} {y / HEIGHT:.6f}" for x, y in area)
        rows.append(f"{list(NAMES).index(name)} {shares}")
    return "\n".join(rows) + "\n"


def roboflow_mask():
    order = np.zeros(256, np.uint8)
    order[[SKY, ROAD, TREE]] = 1, 2, 3
    return png(order[truth()])


LABELME_NAMES = "_background_\nSky\nRoad\nTree"
YOLO_NAMES = "nc: 3\nnames: ['Sky', 'Road', 'Tree']\ntrain: ../../etc\n"
ROBOFLOW_CLASSES = "Pixel Value, Class\n0, background\n1, Sky\n2, Road\n3, Tree\n"
PICTURE = png(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8))

EXPORTS = {
    "coco": ("coco", {"annotations/instances_default.json": coco(), "images/2.png": PICTURE}),
    "coco, runs": (
        "coco",
        {"a.json": coco(coco_masks(column_runs)), "captions.json": json.dumps({"images": []})},
    ),
    "coco, packed runs": ("coco", {"a.json": coco(coco_masks(packed_runs)), "2.png": PICTURE}),
    "coco of Roboflow": (
        "coco",
        {"train/_annotations.coco.json": coco(image="2_png.rf.0123abcd.jpg")},
    ),
    "cvat, images": ("cvat-xml", {"annotations.xml": cvat_images(), "images/2.png": PICTURE}),
    "label studio": ("label-studio", {"project-1.json": label_studio()}),
    "label studio, local": (
        "label-studio",
        {"p.json": label_studio("/data/local-files/?d=a%20b/2.png"), "2.png": PICTURE},
    ),
    "label studio, minimal": ("label-studio", {"p.json": label_studio(minimal=True)}),
    "supervisely": (
        "supervisely",
        {"meta.json": '{"classes": []}', "ds/ann/2.png.json": supervisely(),
         "ds/img/2.png": PICTURE},
    ),
    "via": ("via", {"via_region_data.json": via()}),
    "via, project": ("via", {"via_project.json": via(project=True), "2.png": PICTURE}),
    "via, table": ("via", {"via_region_data.csv": via_table(), "2.png": PICTURE}),
    "yolo": (
        "yolo",
        {"data.yaml": YOLO_NAMES, "labels/train/2.txt": yolo(), "images/train/2.png": PICTURE},
    ),
    "yolo of Label Studio": ("yolo", {"classes.txt": "Sky\nRoad\nTree", "labels/2.txt": yolo()}),
    "yolo of Roboflow": (
        "yolo",
        {"data.yaml": YOLO_NAMES, "README.roboflow.txt": "words",
         "train/labels/2_jpg.rf.0123abcd.txt": yolo()},
    ),
    "labelme2voc": (
        "numbered-masks",
        {"class_names.txt": LABELME_NAMES, "JPEGImages/2.jpg": PICTURE,
         "SegmentationClass/2.png": roboflow_mask(), "SegmentationObject/2.png": PICTURE,
         "SegmentationClassVisualization/2.png": PICTURE},
    ),
    "labelme_export_json": (
        "numbered-masks",
        {"2_json/img.png": PICTURE, "2_json/label.png": roboflow_mask(),
         "2_json/label_names.txt": LABELME_NAMES, "2_json/label_viz.png": PICTURE},
    ),
    "supervisely's masks": (
        "numbered-masks",
        {"obj_class_to_machine_color.json": '{"Sky":[1,1,1], "Road":[2,2,2], "Tree":[3,3,3]}',
         "ds/masks_machine/2.png": roboflow_mask(), "ds/masks_human/2.png": PICTURE},
    ),
    "roboflow's masks": (
        "roboflow-masks",
        {"train/_classes.csv": ROBOFLOW_CLASSES, "train/2_png.rf.0123.jpg": PICTURE,
         "train/2_png.rf.0123_mask.png": roboflow_mask()},
    ),
}  # fmt: skip
