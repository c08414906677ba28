import json
import os

import cv2
import numpy as np
import pytest
from PIL import Image

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.cli import main
from segnet_model.datasets.checking import check_dataset
from segnet_model.datasets.folder import open_split
from segnet_model.images.files import read_labels, write_png
from segnet_model.labels import LabelSet

LABELS = LabelSet.load("camvid")
SIZE = (64, 96)


@pytest.fixture
def dataset(tmp_path):
    """Four training and two validation images that differ, with all classes in each."""
    rng = np.random.default_rng(3)
    for split, count in (("train", 4), ("val", 2)):
        for folder in (split, f"{split}annot"):
            (tmp_path / "set" / folder).mkdir(parents=True)
        for index in range(count):
            blocks = rng.integers(0, 256, (8, 12, 3), np.uint8)
            image = cv2.resize(blocks, SIZE[::-1], interpolation=cv2.INTER_NEAREST)
            write_png(tmp_path / "set" / split / f"{split}{index}.png", image)
            write_png(tmp_path / "set" / f"{split}annot" / f"{split}{index}.png", labels())
    return tmp_path / "set"


def labels():
    """Every class and the ignored id in stripes of one width: 12 of 8 columns."""
    return np.tile(np.arange(12, dtype=np.uint8).repeat(8), (64, 1))


def problems(dataset, label_set=LABELS):
    report = check_dataset(dataset, label_set)
    return {
        (p.kind.severity, p.kind.name, *(report.name(f) for f in p.files)): p.detail
        for p in report.problems
    }


def image_of(dataset, name):
    return cv2.imread(str(dataset / name))[..., ::-1]


def save(dataset, name, pixels, mode=None):
    Image.fromarray(pixels, mode).save(dataset / name)


def test_a_sound_data_set_has_no_problem_and_exact_figures(dataset):
    report = check_dataset(dataset, LABELS)
    assert report.problems == []
    train = report.to_dict()["splits"]["train"]
    counts = train["images"], train["labelled"], train["sizes"]  # codespell:ignore labeled
    assert counts == (4, 4, {"96x64": 4})
    assert train["pixels"] == dict.fromkeys(LABELS.names, 4 * 8 * 64)
    assert train["share"] == pytest.approx(dict.fromkeys(LABELS.names, 1 / 11))
    assert train["images_with"] == dict.fromkeys(LABELS.names, 4)
    assert train["ignored_pixels"] == 4 * 8 * 64


def test_all_problems_are_found_in_one_go(dataset):
    train, annot = dataset / "train", dataset / "trainannot"
    (annot / "train0.png").unlink()
    write_png(annot / "lone.png", labels())
    (train / "train1.jpg").write_bytes(b"no picture")
    whole = (train / "train2.png").read_bytes()
    (train / "train2.png").write_bytes(whole[: len(whole) // 2])
    write_png(annot / "train3.png", np.full((32, 48), 77, np.uint8))
    found = problems(dataset)
    assert ("error", "image without labels", "train/train0.png") in found
    assert ("warning", "labels without an image", "trainannot/lone.png") in found
    twice = ("error", "several images of one name", "train/train1.jpg", "train/train1.png")
    assert twice in found
    assert ("error", "image that does not open", "train/train1.jpg") in found
    assert ("error", "image that does not open", "train/train2.png") in found
    sizes = found["error", "sizes differ", "trainannot/train3.png"]
    assert sizes == "labels 48x32, image 96x64"
    assert found["error", "ids outside the label set", "trainannot/train3.png"] == (
        "77 (1536 pixels)"
    )


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".webp"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.98])
def test_cut_images_do_not_open(dataset, ending, kept):
    """A good image of each kind is taken before, so that it is the cut that is found."""
    image = image_of(dataset, "train/train0.png")
    (dataset / "train" / "train0.png").unlink()
    path = dataset / "train" / f"train0{ending}"
    save(dataset, path.relative_to(dataset), image)
    assert problems(dataset) == {}
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    assert [*problems(dataset)] == [("error", "image that does not open", f"train/train0{ending}")]


@pytest.mark.parametrize("kept", [0, 30, 100])
def test_cut_labels_do_not_open(dataset, kept):
    path = dataset / "trainannot" / "train0.png"
    path.write_bytes(path.read_bytes()[:kept])
    key = ("error", "labels that do not open", "trainannot/train0.png")
    assert [*problems(dataset)] == [key]
    assert str(path) not in problems(dataset)[key]  # the file stands before it already


def test_damage_anywhere_is_told_and_never_raised(dataset):
    rng = np.random.default_rng(0)
    path = dataset / "trainannot" / "train0.png"
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(40):
        broken = whole.copy()
        broken[rng.integers(8, len(whole), 3)] = rng.integers(0, 256, 3)
        path.write_bytes(broken.tobytes())
        try:
            same = np.array_equal(read_labels(path, LABELS), labels())
        except (DatasetError, SyntaxError, ValueError):
            same = False
        assert same or problems(dataset)


def colored(change=None):
    pixels = LABELS.colorize(labels())
    if change:
        pixels[:, :8] = change
    return pixels


FLAWED = {
    "a color of no class": (colored((1, 2, 3)), None, "error", "colors of no class"),
    "almost a class's color": (colored((129, 127, 128)), None, "error", "colors of no class"),
    "red and blue swapped": (colored()[..., ::-1].copy(), None, "error", "colors of no class"),
    "sixteen bits": (labels().astype(np.uint16), None, "error", "labels of 16 bits"),
    "ids with alpha": (np.stack([labels()] * 2, -1), "LA", "error", "ids with an alpha channel"),
    "see-through": (
        np.dstack([colored(), np.where(labels() < 2, 9, 255).astype(np.uint8)]), None,
        "error", "labels with transparent pixels",
    ),
    "one bit": (labels() == 0, None, "error", "labels of one bit"),
    "opaque alpha": (
        np.dstack([colored(), np.full(SIZE, 255, np.uint8)]), None,
        "note", "labels with an alpha channel",
    ),
    "nothing labeled": (
        np.full(SIZE, 11, np.uint8), None, "warning", "labels nearly all ignored"
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:'mode' parameter:DeprecationWarning")
@pytest.mark.parametrize("name", FLAWED)
def test_flawed_labels_are_named(dataset, name):
    pixels, mode, severity, kind = FLAWED[name]
    save(dataset, "trainannot/train0.png", pixels, mode)
    assert [*problems(dataset)] == [(severity, kind, "trainannot/train0.png")]


def test_what_a_wrong_color_may_mean_is_said(dataset):
    save(dataset, "trainannot/train0.png", colored((129, 127, 128)))
    (detail,) = problems(dataset).values()
    assert detail == "(129, 127, 128), nearly Sky's (512 pixels)"
    swapped = colored()
    swapped[:, 8:16] = (0, 0, 128)  # Building is (128, 0, 0)
    save(dataset, "trainannot/train0.png", swapped)
    (detail,) = problems(dataset).values()
    assert "(0, 0, 128), Building's with red and blue swapped (512 pixels)" in detail


def test_labels_of_one_bit_are_explained(dataset):
    save(dataset, "trainannot/train0.png", labels() == 0)
    (detail,) = problems(dataset).values()
    assert detail == "it is a gray PNG of 1 bits, whose ids are read times 255: save it with 8"


def test_ids_of_four_bits_are_explained(dataset):
    """PNG's gray of few bits is read as brightness: id 5 of 15 comes as 85 of 255."""
    rows = (labels() % 11).reshape(64, 48, 2)
    packed = np.concatenate(
        [np.zeros((64, 1), np.uint8), rows[..., 0] << 4 | rows[..., 1]], 1
    ).tobytes()
    (dataset / "trainannot" / "train0.png").write_bytes(_png_of_four_bits(packed))
    (detail,) = problems(dataset).values()
    assert "17 (512 pixels), 34 (512 pixels)" in detail
    assert "a gray PNG of 4 bits, whose ids are read times 17: save it with 8" in detail


def _png_of_four_bits(rows):
    import struct
    import zlib

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 96, 64, 4, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


@pytest.mark.parametrize(
    ("palette", "expected"),
    [
        (LABELS.palette, None),
        (np.arange(256, dtype=np.uint8)[:, None].repeat(3, 1), None),  # it says nothing of classes
        (LABELS.palette[[1, 0, *range(2, 256)]], "index 0 is Sky but has the color of Building"),
    ],
)
def test_a_palette_of_another_order_is_a_warning(dataset, palette, expected):
    image = Image.fromarray(labels())
    image.putpalette(palette.astype(np.uint8).tobytes())
    image.save(dataset / "trainannot" / "train0.png")
    found = problems(dataset)
    if expected is None:
        assert found == {}
    else:
        key = ("warning", "palette of another order", "trainannot/train0.png")
        assert [*found] == [key]
        assert expected in found[key]


def test_a_jpeg_by_another_name_is_no_label_file(dataset):
    Image.fromarray(labels()).save(dataset / "trainannot" / "train0.png", "JPEG")
    key = ("error", "labels that are no PNG", "trainannot/train0.png")
    assert problems(dataset) == {key: "it is a JPEG by another name"}


def test_labels_of_another_ending_are_pointed_at(dataset):
    path = dataset / "trainannot" / "train0.png"
    path.rename(path.with_suffix(".PNG"))
    key = ("error", "image without labels", "train/train0.png")
    assert problems(dataset) == {key: "there is train0.PNG, but labels end in .png"}


def test_splits_that_are_missing_or_empty(dataset):
    for path in (dataset / "val").iterdir():
        path.unlink()
    (dataset / "testannot").mkdir()
    (dataset / "train").rename(dataset / "spare")
    found = problems(dataset)
    assert ("error", "empty split", "val") in found
    assert ("error", "no folder of images", "test") in found
    assert ("error", "no folder of images", "train") in found
    (dataset / "trainannot").rename(dataset / "spareannot")
    found = problems(dataset)
    assert found["error", "no images to train on"] == "there is no train/"
    assert not any("spare" in part for key in found for part in key)


def test_a_split_without_labels(dataset):
    for path in (dataset / "valannot").iterdir():
        path.unlink()
    (dataset / "valannot").rmdir()
    assert [*problems(dataset)] == [("error", "no folder of labels", "valannot")]


def test_classes_that_train_never_shows(dataset):
    for index in range(4):
        without = labels()
        without[(without == 4) | (without == 9)] = 11
        write_png(dataset / "trainannot" / f"train{index}.png", without)
    for index in range(2):
        without = labels()
        without[without == 9] = 11
        write_png(dataset / "valannot" / f"val{index}.png", without)
    report = check_dataset(dataset, LABELS)
    assert [(p.kind.severity, p.kind.name, p.detail) for p in report.problems] == [
        (
            "warning", "class to be found that train never shows",
            "Pavement, 2 images of val show it",
        ),
        ("warning", "class that never occurs in train", "Pedestrian"),
    ]  # fmt: skip


def test_the_same_image_in_two_splits_is_an_error_and_within_one_a_warning(dataset):
    image = image_of(dataset, "train/train1.png")
    write_png(dataset / "val" / "val0.png", image)
    write_png(dataset / "train" / "train3.png", image)
    assert [*problems(dataset)] == [
        ("error", "same image in two splits", "val/val0.png", "train/train3.png"),
        ("warning", "same image twice in a split", "train/train1.png", "train/train3.png"),
    ]


def test_nearly_the_same_image_in_two_splits_is_a_warning(dataset):
    image = image_of(dataset, "train/train1.png").astype(float)
    save(dataset, "val/val1.png", (image * 0.98 + 2).astype(np.uint8))
    Image.open(dataset / "train" / "train2.png").save(dataset / "val" / "val0.jpg", quality=60)
    (dataset / "val" / "val0.png").unlink()
    kind = "nearly the same image in two splits"
    assert [*problems(dataset)] == [
        ("warning", kind, "val/val0.jpg", "train/train2.png"),
        ("warning", kind, "val/val1.png", "train/train1.png"),
    ]


def renumber(dataset, split, names):
    old = sorted((dataset / split).iterdir())
    for path, name in zip(old, names, strict=True):
        path.rename(path.with_stem(name))
        labels_in = dataset / f"{split}annot"
        (labels_in / path.name).rename(labels_in / f"{name}.png")


@pytest.mark.parametrize(
    ("train", "val", "between"),
    [
        (["a_10", "a_20", "a_30", "a_99"], ["a_35", "a_110"], ["val/a_35.png"]),  # one beyond
        (["10", "20", "30", "40"], ["25", "27"], ["val/25.png", "val/27.png"]),
        (["a_10", "a_20", "a_30", "a_40"], ["b_25", "b_27"], []),  # another recording
        (["10", "20", "30", "40"], ["20", "25"], []),  # numbered anew
        (["10", "20", "9000", "9010"], ["5000", "5010"], []),  # days apart
    ],
)
def test_images_between_those_of_another_split(dataset, train, val, between):
    renumber(dataset, "train", train)
    renumber(dataset, "val", val)
    kind = "images that lie between those of another split"
    assert [*problems(dataset)] == ([("warning", kind, *between)] if between else [])


def test_images_of_several_sizes_are_a_note(dataset):
    write_png(dataset / "train" / "train0.png", image_of(dataset, "train/train0.png")[:32])
    write_png(dataset / "trainannot" / "train0.png", labels()[:32])
    (key,) = problems(dataset)
    assert key == ("note", "images of several sizes", "train/train0.png", "train/train1.png")
    assert problems(dataset)[key] == "3 of 96x64, 1 of 96x32"


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_what_is_stored_turned_is_named(dataset, orientation):
    """Labels that fit what viewers show are right, and those of the stored pixels are wrong."""
    note = Image.Exif()
    note[0x0112] = orientation
    for path in (dataset / "train" / "train0.png", dataset / "trainannot" / "train1.png"):
        with Image.open(path) as image:
            image.save(path, exif=note)
    found = problems(dataset)
    key = ("warning", "stored turned", "train/train0.png")
    assert found.pop(key) == f"EXIF orientation {orientation}"
    assert found.pop((*key[:2], "trainannot/train1.png")) == f"EXIF orientation {orientation}"
    wrong = (
        {}
        if orientation == 3
        else {"train0.png": "labels 96x64, image 64x96", "train1.png": "labels 64x96, image 96x64"}
    )
    sizes = {key: text for key, text in found.items() if key[1] == "sizes differ"}
    assert {key[2].rpartition("/")[2]: text for key, text in sizes.items()} == wrong


@pytest.mark.parametrize("name", ["_", "colors", "palette"])
def test_what_training_reads_has_no_error(dataset, name):
    """The strict reader and this one agree on every form that labels may have."""
    image = Image.fromarray(colored() if name == "colors" else labels())
    if name == "palette":
        image.putpalette(LABELS.palette.tobytes())
    image.save(dataset / "trainannot" / "train0.png")
    np.testing.assert_array_equal(open_split(dataset, "train", LABELS).read(0)[1], labels())
    assert problems(dataset) == {}


def test_the_command_says_everything_and_its_exit_code_tells(dataset, tmp_path, capsys):
    out = tmp_path / "problems.json"
    command = ["check", str(dataset), "--json", str(out)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "train: 4 images, 96x64" in said
    assert said.rstrip().endswith("0 errors, 0 warnings")
    write_png(dataset / "trainannot" / "train0.png", np.full(SIZE, 11, np.uint8))
    assert main(command) == 0
    assert main([*command, "--strict"]) == 1
    (dataset / "valannot" / "val1.png").unlink()
    assert main(command) == 1
    said = capsys.readouterr().out
    assert "val/val1.png" in said
    assert "trainannot/train0.png: 100.0 % of it" in said
    assert said.rstrip().endswith("1 error, 1 warning")
    written = json.loads(out.read_text())
    assert (written["errors"], written["warnings"], written["notes"]) == (1, 1, 0)
    assert written["problems"][0] == {
        "severity": "error",
        "kind": "image without labels",
        "split": "val",
        "files": ["val/val1.png"],
        "detail": "",
        "mend": "label it as SPLITannot/NAME.png, or move it away",
    }


def test_labels_that_are_all_ignored_are_told(dataset, capsys):
    """As an export is that nobody has come to yet."""
    for index in range(2):
        write_png(dataset / "valannot" / f"val{index}.png", np.full(SIZE, 11, np.uint8))
    assert main(["check", str(dataset)]) == 0
    said = capsys.readouterr().out
    assert "warning: labels nearly all ignored" in said
    assert "100.00 %" in said


def test_problems_of_a_kind_stand_together(dataset, capsys):
    (dataset / "train" / "train0.png").write_bytes(b"nothing")
    write_png(dataset / "trainannot" / "train1.png", np.full(SIZE, 77, np.uint8))
    (dataset / "val" / "val1.png").write_bytes(b"nothing")
    assert main(["check", str(dataset)]) == 1
    said = capsys.readouterr().out
    assert "error: image that does not open (2)" in said
    assert said.index("train/train0.png") < said.index("val/val1.png") < said.index("77 (6144")


def test_long_lists_are_bounded_on_the_screen_and_whole_in_the_file(dataset, tmp_path, capsys):
    for index in range(30):
        (dataset / "train" / f"more{index:02}.png").write_bytes(b"nothing")
    assert main(["check", str(dataset), "--json", str(tmp_path / "all.json")]) == 1
    said = capsys.readouterr().out
    assert "error: image that does not open (30)" in said
    assert "more07.png" in said
    assert "more08.png" not in said
    assert "... and 22 more" in said
    written = json.loads((tmp_path / "all.json").read_text())["problems"]
    assert len([p for p in written if p["kind"] == "image that does not open"]) == 30


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX")
def test_names_that_no_terminal_should_get(dataset, capsys):
    (dataset / "train" / "\x1b[31mred\n.png").write_bytes(b"nothing")
    (dataset / "train" / os.fsdecode(b"\xff.png")).write_bytes(b"nothing")
    assert main(["check", str(dataset)]) == 1
    said = capsys.readouterr().out
    assert "train/\\x1b[31mred\\n.png" in said
    assert "train/\\udcff.png" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}/none"], "no folder"),
        (["{set}", "--labels", "nothing"], "label set nothing"),
        (["{set}", "--json", "{tmp}/none/x.json"], "cannot write"),
    ],
)
def test_nothing_to_check_ends_with_two(dataset, tmp_path, arguments, message, capsys):
    filled = [each.format(tmp=tmp_path, set=dataset) for each in arguments]
    assert main(["check", *filled]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_workers_than_one_are_refused(dataset, workers, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["check", str(dataset), f"--workers={workers}"])
    assert caught.value.code == 2
    expected = f"argument --workers: {workers} is out of range; give 1 to 1000"
    assert expected in capsys.readouterr().err
    with pytest.raises(SettingsError, match=f"workers is {workers}; give at least 1"):
        check_dataset(dataset, LABELS, workers=workers)


def test_camvids_val_lies_between_its_training_frames(camvid):
    report = check_dataset(camvid, LABELS)
    assert report.count("error") == 0
    (problem,) = report.problems
    assert problem.kind.name == "images that lie between those of another split"
    assert len(problem.files) == 101
    assert (report.splits["train"].labeled, report.splits["val"].labeled) == (367, 101)


def test_hidden_files_as_macos_adds_are_none(dataset):
    for split in ("train", "trainannot"):
        (dataset / split / "._train0.png").write_bytes(b"\0\5\x16\7")
    assert problems(dataset) == {}


def test_one_class_alone_is_no_data_set(dataset):
    """As where only the road was drawn, or where masks of 0 and 255 were not imported."""
    rows = [{"name": name, "color": [i, 0, 1]} for i, name in enumerate(("ground", "thing"))]
    own = LabelSet.from_dict({"name": "own", "classes": rows})
    for path in (*dataset.glob("*annot/*.png"),):
        mask = np.zeros(SIZE, np.uint8)
        mask[20:40, 30:60] = 255
        write_png(path, mask)
    found = problems(dataset, own)
    assert found["warning", "one class alone is labeled"] == "ground"
    assert found["warning", "class that never occurs in train"] == "thing"


def test_one_class_alone_is_nothing_to_measure_on(dataset):
    for path in dataset.glob("valannot/*.png"):
        write_png(path, np.full(SIZE, 1, np.uint8))
    found = problems(dataset)
    assert found["warning", "one class alone is labeled to measure on"] == LABELS.names[1]
    assert ("warning", "one class alone is labeled") not in found


def test_masks_of_two_numberings_are_named(dataset):
    """Some of 0 and 255 and others of 0 and 1, as of two tools; not where one file has all."""
    binary = LabelSet.from_dict({"name": "two", "classes": LABELS.to_dict()["classes"][:2]})
    for index in range(4):
        mask = np.zeros(SIZE, np.uint8)
        mask[:20] = 255 if index % 2 else 1
        write_png(dataset / f"trainannot/train{index}.png", mask)
    name = "masks of 0 and 255 beside masks of 0 and 1"
    assert problems(dataset, binary)["warning", name] == "2 and 2 files"
    mask[40:] = 1
    write_png(dataset / "trainannot/train0.png", mask)
    assert ("warning", name) not in problems(dataset, binary)
