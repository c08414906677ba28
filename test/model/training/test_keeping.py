"""What a network knew: it answers as before on images to keep, while it learns others."""

import dataclasses
import json
import shutil
from math import log
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.folder import open_split
from segnet_model.images.files import read_image, write_png
from segnet_model.labels import LabelSet
from segnet_model.networks.inputs import Normalize
from segnet_model.training import session, trainer
from segnet_model.training.keeping import Keeping, UnlabeledFolder, known_classes
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.tensors import read_metadata

ROAD, TREE = 3, 5


@pytest.fixture
def yard(tmp_path):
    """Images of another world: a green ground, which is Tree."""
    rng = np.random.default_rng(2)
    for index in range(4):
        labels = np.zeros((64, 96), np.uint8)
        labels[int(rng.integers(20, 44)) :] = TREE
        image = np.where(labels[..., None] == TREE, (20, 160, 30), (130, 130, 130))
        for folder, array in (("train", image.astype(np.uint8)), ("trainannot", labels)):
            (tmp_path / "yard" / folder).mkdir(parents=True, exist_ok=True)
            write_png(tmp_path / "yard" / folder / f"{index}.png", array)
    return tmp_path / "yard"


@pytest.fixture(scope="module")
def streets(shared_dataset, small, tmp_path_factory):
    """Weights that know streets."""
    settings = dataclasses.replace(
        small, network_settings={"features": 8}, epochs=20, evaluate_every=20, learning_rate=2e-2
    )
    return train(shared_dataset, tmp_path_factory.mktemp("streets") / "run", settings)


@pytest.fixture
def settings(small, streets, shared_dataset):
    """Of a training in the yard, from weights of the streets, which are kept."""
    return dataclasses.replace(
        small, network_settings={}, init=str(streets), keep=str(shared_dataset), epochs=30,
        evaluate_every=30, learning_rate=1e-2, precision="float32", average=0.0,
    )  # fmt: skip


def answers(path, dataset):
    """Log-probabilities on the streets, (images, classes, 32, 48)."""
    network, info = load_weights(path)
    images = [read_image(each)[::2, ::2] for each in sorted((dataset / "train").iterdir())]
    x = Normalize(info.mean, info.std, torch.device("cpu"))(torch.from_numpy(np.stack(images)))
    with torch.no_grad():
        return network.eval()(x).log_softmax(1)


def test_keeps_the_answers_while_it_learns(yard, settings, streets, shared_dataset, tmp_path):
    plain = dataclasses.replace(settings, keep=None)
    forgot, kept = (
        answers(train(yard, tmp_path / name, how), shared_dataset)
        for name, how in (("plain", plain), ("kept", settings))
    )
    before = answers(streets, shared_dataset)
    moved = [float((before.exp() * (before - now)).sum(1).mean()) for now in (forgot, kept)]
    assert moved[1] < moved[0] / 3


def test_learns_what_is_new(yard, settings, tmp_path):
    seen = []
    train(yard, tmp_path / "run", settings, seen.append)
    losses = [each.loss for each in seen if each.phase == "training"]
    assert losses[-1] < losses[0] / 2


def test_statistics_of_the_start_stay(yard, settings, streets, tmp_path):
    before = load_weights(streets)[0].state_dict()
    after = load_weights(train(yard, tmp_path / "run", settings))[0].state_dict()
    statistics = [name for name in before if "running" in name]
    assert statistics
    torch.testing.assert_close(
        [after[name] for name in statistics], [before[name] for name in statistics]
    )


def test_a_stopped_run_goes_on_to_the_same_weights(yard, settings, tmp_path):
    whole, steps = train(yard, tmp_path / "whole", settings), []
    stop = lambda: len(steps) == 7  # noqa: E731
    assert train(yard, tmp_path / "run", settings, steps.append, stop) is None
    assert train(yard, tmp_path / "run", settings).read_bytes() == whole.read_bytes()


def test_the_weights_name_the_folder_without_its_path(yard, settings, tmp_path):
    _, info = load_weights(train(yard, tmp_path / "run", settings))
    assert info.training["keep"] == "dataset"


def test_the_loss_is_the_divergence_among_known_classes(settings, streets):
    network, info = load_weights(streets)
    names = ("Sky", "Building", "Lava")
    labels = LabelSet.from_dict(
        {"name": "three", "classes": [{"name": n, "color": [i, 0, 0]} for i, n in enumerate(names)]}
    )
    folder = UnlabeledFolder.open(Path(settings.keep), labels)
    keeping = Keeping(folder, settings, network, dataclasses.replace(info, labels=labels))
    before, now = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    now[:, 0] = log(3)
    now[:, 2] = 9.0  # Lava is new: how likely it is changes nothing
    # Probabilities 1/2, 1/2 at the start and 3/4, 1/4 now: KL = log(2) - log(3) / 2.
    expected = settings.keep_weight * (log(2) - log(3) / 2)
    assert keeping.loss(now, before).item() == pytest.approx(expected)
    assert keeping.loss(before, before).item() == 0


def test_takes_a_folder_of_images_alone(shared_dataset):
    folder = UnlabeledFolder.open(shared_dataset / "train", LabelSet.load("camvid"))
    image, labels = folder.read(0)
    assert len(folder) == 6
    assert image.shape == (*labels.shape, 3)
    assert (labels == LabelSet.load("camvid").ignore_id).all()


def test_refuses_a_folder_without_images(yard, settings, tmp_path):
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(DatasetError, match="holds no images to keep"):
            train(yard, tmp_path / "run", dataclasses.replace(settings, keep=str(path)))


def test_refuses_random_weights(yard, settings, tmp_path):
    with pytest.raises(SettingsError, match="give init, or leave keep out"):
        train(yard, tmp_path / "run", dataclasses.replace(settings, init="none"))


def test_refuses_weights_of_other_classes(settings):
    labels = LabelSet.from_dict(
        {"name": "other", "classes": [{"name": n, "color": [1, i, 2]} for i, n in enumerate("ab")]}
    )
    with pytest.raises(SettingsError, match="knows 0 of the classes"):
        known_classes(settings, labels)


def test_a_bad_folder_is_refused_before_a_network_is_made(yard, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "initial_network", lambda *_: pytest.fail("a network was made"))
    monkeypatch.setattr(trainer, "weigh_classes", lambda *_: pytest.fail("classes were counted"))
    with pytest.raises(DatasetError, match="holds no images to keep"):
        train(yard, tmp_path / "run", dataclasses.replace(settings, keep=str(tmp_path)))
    with pytest.raises(SettingsError, match="give init, or leave keep out"):
        train(yard, tmp_path / "run", dataclasses.replace(settings, init="none"))


def test_names_of_images_to_keep_may_hold_any_bytes(tmp_path):
    labels = LabelSet.load("camvid")
    for folder, shape in (("train", (32, 32, 3)), ("trainannot", (32, 32))):
        (tmp_path / folder).mkdir()
        write_png(tmp_path / folder / "\udcff.png", np.zeros(shape, np.uint8))
    before = UnlabeledFolder.open(tmp_path, labels).fingerprint()
    (tmp_path / "train" / "\udcff.png").rename(tmp_path / "train" / "\udcfe.png")
    assert UnlabeledFolder.open(tmp_path, labels).fingerprint() != before
    (tmp_path / "trainannot" / "\udcff.png").rename(tmp_path / "trainannot" / "\udcfe.png")
    assert open_split(tmp_path, "train", labels).fingerprint()


def test_a_link_to_nothing_among_images_to_keep(tmp_path):
    (tmp_path / "a.png").symlink_to("nowhere.png")
    with pytest.raises(DatasetError, match=r"cannot read .*a\.png: No such file .*; remove it"):
        UnlabeledFolder.open(tmp_path, LabelSet.load("camvid")).fingerprint()


def test_other_images_to_keep_or_weights_do_not_go_on(yard, settings, streets, tmp_path):
    kept, weights = tmp_path / "kept", tmp_path / "start.safetensors"
    shutil.copytree(Path(settings.keep), kept)
    shutil.copy(streets, weights)
    mine, steps = dataclasses.replace(settings, keep=str(kept), init=str(weights)), []
    assert train(yard, tmp_path / "run", mine, steps.append, lambda: len(steps) == 7) is None
    image = next((kept / "train").iterdir())
    before = image.read_bytes()
    write_png(image, np.zeros((64, 96, 3), np.uint8))
    with pytest.raises(SettingsError, match="^keep: other content than when the run in .* began"):
        train(yard, tmp_path / "run", mine)
    image.write_bytes(before)
    network, info = load_weights(streets)
    save_weights(weights, network, dataclasses.replace(info, license="another"))
    with pytest.raises(SettingsError, match="^init: other content .* bring the earlier one back"):
        train(yard, tmp_path / "run", mine)
    shutil.copy(streets, weights)
    assert train(yard, tmp_path / "run", mine)


def test_a_state_from_before_origins_were_kept_goes_on(yard, settings, tmp_path):
    steps = []
    assert train(yard, tmp_path / "run", settings, steps.append, lambda: len(steps) == 7) is None
    path = tmp_path / "run" / trainer.STATE_FILE
    facts = json.loads(read_metadata(path)["segnet_training"])
    assert set(facts.pop("origins")) == {"init", "keep"}
    save_file(load_file(path), path, {"segnet_training": json.dumps(facts)})
    assert train(yard, tmp_path / "run", settings)


def test_images_for_statistics_have_no_use_beside_it(settings):
    with pytest.raises(SettingsError, match="statistics_images is of no use with keep; leave one"):
        dataclasses.replace(settings, statistics_images=7)
