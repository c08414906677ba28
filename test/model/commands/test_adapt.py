"""`segnet adapt`: short trials by the real command, measured with labels that it never gets."""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_drive import CAMVID, ROAD, SIZE, other_camera, scene, trained, write_png, write_set

from segnet_model.base import progress as progress_module
from segnet_model.cli import main
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.evaluate import evaluate
from segnet_model.images.files import read_image
from segnet_model.inference.predictor import Predictor
from segnet_model.training.adaptation import adapt as adaptation
from segnet_model.training.adaptation.report import REPORT, SHEET
from segnet_model.training.trainer import STATE_FILE, WEIGHTS_FILE
from segnet_model.weights.checkpoint import load_weights, read_info, save_weights

LEARN = ("--steps", "20", "--check-every", "10", "--learning-rate", "3e-4", "--average", "0.9")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """What the network learned from."""
    return write_set(tmp_path_factory.mktemp("old") / "old", 1, {"train": 24, "val": 8})


@pytest.fixture(scope="module")
def start(old, tmp_path_factory):
    """Weights that know the old images."""
    return trained(old, tmp_path_factory.mktemp("start"), seed=1)


@pytest.fixture(scope="module")
def dusk(tmp_path_factory):
    """A drive with another camera; its labels are only to measure with."""
    counts = {"train": 60, "val": 16}
    return write_set(tmp_path_factory.mktemp("dusk") / "dusk", 2, counts, other_camera)


def run(source, start, old, out, *more, code=0):
    words = ["adapt", str(source), "--init", str(start), "--replay", str(old), "--out", str(out)]
    learn = () if "--statistics-only" in more else LEARN
    assert main([*words, "--device", "cpu", *learn, *more]) == code
    return out / WEIGHTS_FILE


def miou(weights, dataset):
    folder = open_split(Path(dataset), "val", CAMVID)
    return evaluate(Predictor.load(weights, "cpu"), folder).mean_iou


@pytest.fixture(scope="module")
def adapted(dusk, start, old, tmp_path_factory):
    """A whole adaptation to the other camera, to look at: its folder."""
    out = tmp_path_factory.mktemp("adapted") / "run"
    run(dusk / "train", start, old, out)
    return out


def test_another_camera_is_learned_without_a_label(adapted, dusk, start, old):
    before, after = (miou(each, dusk) for each in (start, adapted / WEIGHTS_FILE))
    assert after > before + 0.03, (before, after)
    assert miou(adapted / WEIGHTS_FILE, old) > miou(start, old) - 0.03  # and nothing is forgotten


def test_the_report_has_every_look_and_pictures_of_frames_that_were_not_used(adapted):
    report = (adapted / REPORT).read_text()
    rows = [line for line in report.splitlines() if line.startswith("| step ")]
    assert [int(re.match(r"\| step (\d+)", each)[1]) for each in rows][-1] == 20
    assert f"]({SHEET})" in report
    sheet = read_image(adapted / SHEET)
    assert sheet.shape[1] > 3 * SIZE[1]
    about = read_info(adapted / WEIGHTS_FILE).training["adaptation"]
    assert about["recording"] == "train"
    assert about["frames"] == 48  # of 60; every fifth is held out


def test_confidence_is_fitted_anew_and_no_bound_grows(adapted, start):
    before, after = (read_info(each) for each in (start, adapted / WEIGHTS_FILE))
    assert after.temperatures
    assert after.temperatures != before.temperatures
    for way, bound in after.bounds.items():
        assert bound.max_uncertainty <= before.bounds[way].max_uncertainty


def test_a_drive_of_the_same_world_loses_nothing(start, old, tmp_path):
    same = write_set(tmp_path / "same", 3, {"train": 60, "val": 16})
    weights = run(same / "train", start, old, tmp_path / "run")
    assert miou(weights, same) > miou(start, same) - 0.005


@pytest.mark.slow
def test_a_step_that_harms_is_taken_back(dusk, start, old, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    out = tmp_path / "run"
    weights = run(dusk / "train", start, old, out, "--learning-rate", "0.3", "--check-every", "2")
    assert "taken back, since" in caplog.text
    assert "steps were taken back 3 times, at last since" in (out / REPORT).read_text()
    assert miou(weights, dusk) > miou(start, dusk) - 0.005


def test_statistics_alone_never_harm(dusk, start, old, tmp_path):
    weights = run(dusk / "train", start, old, tmp_path / "run", "--statistics-only")
    assert miou(weights, dusk) > miou(start, dusk) - 0.005
    assert miou(weights, old) > miou(start, old) - 0.011  # the guard's bound, and rounding


def test_the_guard_measures_on_the_few_labels_that_there_are(dusk, start, old, tmp_path):
    out = tmp_path / "run"
    run(dusk / "train", start, old, out, "--labeled", str(dusk), "--steps", "1")
    row = next(x for x in (out / REPORT).read_text().splitlines() if x.startswith("| start"))
    assert float(row.split("|")[3]) == pytest.approx(miou(start, dusk), abs=0.01)


def stop_at(monkeypatch, share):
    """Let Ctrl-C come after this share of the work."""
    real = progress_module.progress_bar

    def bar(title):
        manager = real(title)
        show = manager.__enter__()

        def report(done):
            show(done)
            if done >= share:
                raise KeyboardInterrupt

        class Bar:
            def __enter__(self):
                return report

            def __exit__(self, *error):
                manager.__exit__(*error)

        return Bar()

    monkeypatch.setattr(progress_module, "progress_bar", bar)


@pytest.mark.parametrize("share", [
    0.4, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.26, 0.9))
])  # fmt: skip
def test_a_stopped_run_goes_on_to_the_same_weights(
    adapted, dusk, start, old, tmp_path, monkeypatch, share
):
    with monkeypatch.context() as patch:
        stop_at(patch, share)
        run(dusk / "train", start, old, tmp_path / "run", code=130)
    weights = run(dusk / "train", start, old, tmp_path / "run")
    assert weights.read_bytes() == (adapted / WEIGHTS_FILE).read_bytes()


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(adapted, dusk, start, old, tmp_path, programs):
    words = ["adapt", str(dusk / "train"), "--init", str(start), "--replay", str(old), "--out",
             str(tmp_path / "run"), "--device", "cpu", *LEARN, "--save-every-s", "0"]  # fmt: skip
    state = tmp_path / "run" / STATE_FILE
    program = programs.fork(
        "segnet_model.cli", *words, before="import torch; torch.set_num_threads(1)\n"
    )
    while not state.exists():
        assert program.poll() is None
    program.kill()
    program.wait()
    weights = run(dusk / "train", start, old, tmp_path / "run")
    assert weights.read_bytes() == (adapted / WEIGHTS_FILE).read_bytes()


def test_other_settings_or_another_recording_do_not_go_on(
    adapted, dusk, start, old, capsys, tmp_path
):
    run(dusk / "train", start, old, adapted, "--keep", "0.5", code=2)
    assert "keep 0.6 -> 0.5" in capsys.readouterr().err
    run(dusk / "val", start, old, adapted, code=2)
    assert "usable frames" in capsys.readouterr().err
    other = write_set(tmp_path / "other", 9, {"train": 50})
    run(other / "train", start, old, adapted, code=2)
    said = capsys.readouterr().err
    assert "another folder" in said
    assert "delete" not in said  # the state is whole
    assert "going on from" not in said


@pytest.mark.parametrize("damaged", [False, True])
def test_other_contents_of_the_same_names_do_not_go_on(
    dusk, start, old, capsys, tmp_path, monkeypatch, damaged
):
    weights, few = tmp_path / "start.safetensors", write_set(tmp_path / "few", 4, {"val": 4})
    shutil.copy(start, weights)
    words = (dusk / "train", weights, old, tmp_path / "run", "--labeled", str(few))
    more = ("--save-every-s", "0")
    with monkeypatch.context() as patch:
        stop_at(patch, 0.4)
        run(*words, *more, code=130)
    if damaged:  # then the state before it counts
        (tmp_path / "run" / STATE_FILE).write_bytes(b"damaged")
    label = few / "valannot" / "000.png"
    before = label.read_bytes()
    write_png(label, np.full(SIZE, ROAD, np.uint8))
    run(*words, code=2)
    assert "labeled: other content than when the run in" in capsys.readouterr().err
    label.write_bytes(before)
    network, info = load_weights(start)
    save_weights(weights, network, replace(info, license="another"))
    run(*words, code=2)
    assert "init: other content than when the run in" in capsys.readouterr().err
    shutil.copy(start, weights)
    run(*words)


def test_a_folder_is_of_one_kind_of_run(adapted, dusk, start, old, capsys, tmp_path):
    state = (adapted / STATE_FILE).read_bytes()
    words = ["train", str(old), "--out", str(adapted), "--init", str(start), "--epochs", "1"]
    assert main([*words, "--device", "cpu"]) == 2
    said = capsys.readouterr().err
    assert "holds a run of another kind (adaptation); name another folder for this train" in said
    assert "delete" not in said
    assert (adapted / STATE_FILE).read_bytes() == state
    run(dusk / "train", start, old, start.parent, code=2)
    said = capsys.readouterr().err
    assert "holds a run of another kind (training); name another folder for this adapt" in said


def views(folder, images):
    folder.mkdir()
    for index, image in enumerate(images):
        write_png(folder / f"{index:03d}.png", image)
    return folder


NOISE = [np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), np.uint8) for seed in range(60)]
ONE = scene(np.random.default_rng(0))[0]


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (NOISE, "60 are noise"),
        ([ONE] * 60, "59 look like the one before"),
        ([scene(np.random.default_rng(seed))[0] for seed in range(30)], "30 usable frames"),
        ([np.zeros((*SIZE, 3), np.uint8)] * 60, "60 show nothing: they are black"),
    ],
)
def test_what_teaches_nothing_is_refused(start, old, tmp_path, capsys, images, reason):
    out = tmp_path / "run"
    run(views(tmp_path / "views", images), start, old, out, code=2)
    assert reason in capsys.readouterr().err
    assert not out.exists()


def test_weights_of_other_classes_need_their_old_data(dusk, tmp_path, capsys, start):
    network, info = load_weights(start)
    classes = (replace(info.labels.classes[0], name="Ceiling"), *info.labels.classes[1:])
    path = tmp_path / "w.safetensors"
    save_weights(path, network, replace(info, labels=replace(info.labels, classes=classes)))
    words = ["adapt", str(dusk / "train"), "--init", str(path), "--out", str(tmp_path / "run")]
    assert main([*words, "--device", "cpu"]) == 2
    assert "--replay" in capsys.readouterr().err


@pytest.mark.slow
def test_rendered_worlds_are_the_old_data_where_none_are_given(
    dusk, start, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(adaptation, "SHARES", ())
    caplog.set_level(logging.INFO)
    out = tmp_path / "run"
    words = ["adapt", str(dusk / "train"), "--init", str(start), "--out", str(out), "--worlds", "4"]
    assert main([*words, "--device", "cpu", "--steps", "1"]) == 0
    assert "rendering 12 images of old worlds" in caplog.text
    assert len(list((out / "worlds" / "val").iterdir())) == 3
    caplog.clear()
    assert main([*words, "--device", "cpu", "--steps", "1"]) == 0
    assert "rendering" not in caplog.text
