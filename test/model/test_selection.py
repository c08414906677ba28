import csv

import numpy as np
import pytest
import torch

from segnet_model.checkpoint import ModelInfo, save_weights
from segnet_model.cli import main
from segnet_model.data.bag_writer import BagWriter
from segnet_model.data.files import list_images, read_image, write_png
from segnet_model.data.scenes import Drive
from segnet_model.data.sources import named_images
from segnet_model.labels import LabelSet
from segnet_model.predictor import Predictor
from segnet_model.selection import Candidate, choose, evenly, score_of

BAYESIAN = "bayesian_segnet_basic_drives"


def plain(brightness):
    return np.full((12, 16, 3), brightness, np.float32)


def different(count):
    """Looks that are all about as unlike each other."""
    return list(np.random.default_rng(0).random((count, 12, 16, 3), np.float32))


def test_the_least_sure_come_first_where_all_are_unlike_and_far_apart():
    looks, scores = different(20), np.full(20, 0.1)
    scores[[8, 0, 16, 4, 12]] = 0.9, 0.8, 0.7, 0.6, 0.5
    candidates = [Candidate(str(i), 100.0 * i, scores[i], looks[i]) for i in range(20)]
    assert [each.name for each in choose(candidates, 5)] == ["8", "0", "16", "4", "12"]


def test_the_same_view_is_not_chosen_twice():
    """Ten unsure frames of one wall, at times far apart, and two sure ones of other places."""
    looks = different(2)
    wall = [Candidate(f"wall{i}", 60.0 * i, 0.9, plain(0.5)) for i in range(10)]
    others = [Candidate(f"other{i}", 700.0 + 60 * i, 0.2, looks[i]) for i in range(2)]
    assert {each.name for each in choose([*wall, *others], 3)} == {"wall0", "other0", "other1"}


def test_neighbours_in_time_are_not_both_chosen():
    looks = different(40)
    candidates = [Candidate(str(i), 0.1 * i, 1.0 if i < 20 else 0.5, looks[i]) for i in range(40)]
    times = sorted(each.time for each in choose(candidates, 4))
    assert min(np.diff(times)) > 0.5  # evenly they would be 1 s apart
    assert max(times) > 2.0  # some of the surer second half too


def test_nothing_like_what_is_labelled_already():
    looks = different(3)
    candidates = [Candidate(str(i), 10.0 * i, 0.9 - 0.2 * i, looks[i]) for i in range(3)]
    assert [each.name for each in choose(candidates, 1, known=[looks[0]])] == ["1"]


def test_fewer_than_wanted_and_none():
    assert choose([], 5) == []
    one = Candidate("a", 0.0, 0.0, plain(0.1))
    assert choose([one], 5) == [one]


def test_scores_are_the_mean_mutual_information():
    image = Drive(4000).frame(0).image
    predictor = Predictor.load(BAYESIAN, "cpu", uncertainty="mc", samples=3)
    belief = predictor.believe(image[None])
    assert score_of(predictor, image) == pytest.approx(belief.mutual_information.mean().item())
    single = Predictor.load(BAYESIAN, "cpu")
    expected = single.believe(image[None]).uncertainty.mean().item()
    assert score_of(single, image) == pytest.approx(expected)


@pytest.fixture
def bayesian(tmp_path):
    """Small weights of a Bayesian network."""
    torch.manual_seed(0)
    labels = LabelSet.load("camvid")
    info = ModelInfo("bayesian_segnet_basic", labels, (64, 96), {"features": 8})
    save_weights(tmp_path / "bayesian.safetensors", info.build(), info)
    return tmp_path / "bayesian.safetensors"


@pytest.fixture
def bag(tmp_path):
    """Ten frames, half a second apart: five of noise, that no network knows, and five alike."""
    rng = np.random.default_rng(0)
    still = Drive(4000).frame(0).image
    with BagWriter(tmp_path / "bag") as writer:
        for index in range(10):
            noise = rng.integers(0, 256, (6, 8, 3), np.uint8).repeat(60, 0).repeat(60, 1)
            image = noise if index % 2 else still
            writer.write_image("/camera", (index + 1) * 500_000_000, "camera", image)
    return tmp_path / "bag"


def test_the_command_takes_frames_out_of_a_bag(bag, bayesian, tmp_path):
    out = tmp_path / "yard"
    arguments = ["select", str(bag), str(bayesian), "--out", str(out), "--count", "3",
                 "--samples", "2"]  # fmt: skip
    assert main(arguments) == 0
    names = [path.stem for path in list_images(out / "train")]
    with (out / "selection.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["name"] for row in rows) == names
    assert len(names) == 3
    assert [int(row["rank"]) for row in rows] == [1, 2, 3]
    assert read_image(out / "selection.png").shape[2] == 3
    assert read_image(out / "train" / f"{names[0]}.png").shape == (360, 480, 3)
    assert main(arguments) == 0  # again: others, and nothing is lost
    more = {path.stem for path in list_images(out / "train")}
    assert more > set(names)
    assert len(more) == 6


def test_the_end_of_a_recording_is_kept_to_measure_on(bag, bayesian, tmp_path):
    out = tmp_path / "yard"
    select = ["select", str(bag), str(bayesian), "--count", "99", "--samples", "1", "--out"]
    assert main([*select, str(out), "--val", "1"]) == 0
    stamps = {split: sorted(int(path.stem) // 500_000_000 for path in list_images(out / split))
              for split in ("train", "val")}  # fmt: skip
    assert stamps == {"train": [1, 2, 3, 4, 5, 6, 7, 8], "val": [9]}
    whole = tmp_path / "whole"
    assert main([*select, str(whole), "--val", "0"]) == 0
    assert len(list_images(whole / "train")) == 10


def test_what_lies_in_the_data_set_is_never_written_over(bayesian, tmp_path):
    """Two folders whose files have the same names: the labels of one would come to the other."""
    out = tmp_path / "out"
    for folder, brightness in (("a", 0), ("b", 200)):
        (tmp_path / folder).mkdir()
        for index in range(10):
            image = np.full((64, 96, 3), brightness + index, np.uint8)
            write_png(tmp_path / folder / f"{index}.png", image)
        segnet = ["select", str(tmp_path / folder), str(bayesian), "--samples", "1"]
        main([*segnet, "--out", str(out), "--val", "2"])
    found = [read_image(path) for path in (*list_images(out / "train"), *list_images(out / "val"))]
    assert len(found) == 10
    assert max(int(image.max()) for image in found) < 20


def test_neighbours_of_frames_to_measure_on_are_not_learned_from(bag, bayesian, tmp_path):
    (tmp_path / "yard" / "val").mkdir(parents=True)
    write_png(tmp_path / "yard" / "val" / f"{3 * 500_000_000}.png", np.zeros((8, 8, 3), np.uint8))
    select = ["select", str(bag), str(bayesian), "--samples", "1", "--val", "0", "--count", "99"]
    assert main([*select, "--out", str(tmp_path / "yard")]) == 0
    stamps = sorted(int(path.stem) // 500_000_000 for path in list_images(tmp_path / "yard/train"))
    assert stamps == [1, 5, 6, 7, 8, 9, 10]  # 2 and 4 are half a second away


def test_a_clock_that_is_set_back_mixes_nothing_up(bayesian, tmp_path):
    """Ten stamps, twice: the second round is in the part to measure on."""
    with BagWriter(tmp_path / "bag") as writer:
        for index in range(20):
            image = np.full((64, 96, 3), 10 * index, np.uint8)
            writer.write_image("/camera", (index % 10 + 1) * 2_000_000_000, "camera", image)
    out = tmp_path / "out"
    assert main(["select", str(tmp_path / "bag"), str(bayesian), "--samples", "1", "--count", "99",
                 "--out", str(out)]) == 0  # fmt: skip
    train = [read_image(path) for path in list_images(out / "train")]
    assert len(train) == 10 - len(list_images(out / "val"))
    with (out / "selection.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(train)


def test_a_bag_with_a_picture_in_its_folder_is_a_bag(bag):
    write_png(bag / "photo.png", np.zeros((8, 8, 3), np.uint8))
    assert len(list(named_images(bag))) == 10


def test_frames_to_measure_on_are_evenly_spaced():
    assert evenly(list("abcdefghi"), 3) == ["a", "e", "i"]
    assert evenly(list("ab"), 5) == ["a", "b"]
    assert evenly([], 5) == evenly(list("ab"), 0) == []


def test_a_folder_of_images_will_do(weights, tmp_path):
    (tmp_path / "images").mkdir()
    for index in range(3):
        image = np.full((64, 96, 3), 80 * index, np.uint8)
        write_png(tmp_path / "images" / f"{index}.png", image)
    out = tmp_path / "out"
    arguments = ["select", str(tmp_path / "images"), str(weights), "--out", str(out),
                 "--uncertainty", "none", "--count", "9", "--val", "0"]  # fmt: skip
    assert main(arguments) == 0
    assert len(list_images(out / "train")) == 3


def test_bad_input_names_the_mend(bag, bayesian, weights, tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert main(["select", str(bag), str(weights), *out]) == 2
    assert "no dropout" in capsys.readouterr().err
    assert main(["select", str(tmp_path / "nothing"), str(bayesian), *out]) == 2
    assert "there is no" in capsys.readouterr().err
    assert main(["select", str(bag), str(bayesian), "--every", "nan", *out]) == 2
    assert main(["select", str(bag), str(bayesian), "--count", "0", *out]) == 2
    assert "--count 0 must be 1 or more" in capsys.readouterr().err
