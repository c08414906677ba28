"""The state of a training: what does not fit it, and states that mean harm."""

import dataclasses
import json

import pytest
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from segnet_model.base.errors import DatasetError, SettingsError, WeightsError
from segnet_model.labels import LabelSet
from segnet_model.training.state import TrainingState, previous_state
from segnet_model.training.trainer import STATE_FILE, WEIGHTS_FILE, train


def test_corrected_or_added_labels_do_not_pass_for_a_finished_run(dataset, run, small):
    labels = dataset / "trainannot" / "0.png"
    original = labels.read_bytes()
    labels.write_bytes((dataset / "trainannot" / "1.png").read_bytes())
    with pytest.raises(DatasetError, match="other images, labels or classes.*another folder"):
        train(dataset, run, small)
    labels.write_bytes(original)
    for folder in ("train", "trainannot"):
        (dataset / folder / "9.png").write_bytes((dataset / folder / "0.png").read_bytes())
    with pytest.raises(DatasetError, match="other images, labels or classes"):
        train(dataset, run, small)


def test_other_classes_do_not_pass_for_the_same_data(dataset, run, small):
    swapped = LabelSet("camvid", LabelSet.load("camvid").classes[::-1], 11)
    (dataset / "labels.yaml").write_text(yaml.safe_dump(swapped.to_dict()))
    with pytest.raises(DatasetError, match="other images, labels or classes"):
        train(dataset, run, small)


def test_other_settings_do_not_mix_with_a_run(shared_dataset, run, small):
    with pytest.raises(SettingsError, match=r"batch_size 2 -> 3.*another folder"):
        train(shared_dataset, run, dataclasses.replace(small, batch_size=3))


def test_a_changed_value_is_named_and_not_its_whole_table(shared_dataset, run, small):
    augment = dataclasses.replace(small.augment, brightness=0.5)
    changed = dataclasses.replace(
        small, augment=augment, network_settings={"features": 8}, input_size=(64, 96)
    )
    with pytest.raises(SettingsError) as caught:
        train(shared_dataset, run, changed)
    assert (
        "(network_settings features 4 -> 8, input_size 32 48 -> 64 96, brightness 0.3 -> 0.5)"
    ) in str(caught.value)


def test_a_damaged_state_is_named_with_the_mend(shared_dataset, run, small):
    state = run / STATE_FILE
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="training_state.*delete it to start afresh"):
        train(shared_dataset, run, small)


@pytest.fixture
def strange(shared_dataset, run, small, refused):
    """Go on from a state with these tensors and this text of facts, which must be refused."""

    def do(tensors, facts, match):
        save_file(tensors, run / STATE_FILE, {"segnet_training": facts})
        refused(match, lambda: train(shared_dataset, run, small))

    return do


@pytest.fixture
def good(whole):
    """Tensors and facts of a state that can be gone on from."""
    path = whole.out / STATE_FILE
    with safe_open(path, "pt") as file:
        return load_file(path), json.loads(file.metadata()["segnet_training"])


def test_a_state_from_before_a_setting_goes_on_with_its_default(
    good, shared_dataset, run, small, refused
):
    tensors, facts = good
    settings = {k: v for k, v in facts["settings"].items() if k != "unlabeled"}
    older = json.dumps({**facts, "settings": settings})
    save_file(tensors, run / STATE_FILE, {"segnet_training": older})
    train(shared_dataset, run, small)
    changed = dataclasses.replace(small, unlabeled=0.3)
    refused(r"unlabeled 0\.0 -> 0\.3", lambda: train(shared_dataset, run, changed))


def test_facts_of_the_wrong_form(good, strange):
    tensors, facts = good
    texts = ["[" * 100_000, "[]", "null", "{}", json.dumps({**facts, "data": 5})]
    changes = (
        {"step": "1"}, {"step": 1e400}, {"step": -5}, {"step": [1]}, {"settings": 5}, {"best": "x"},
        {"measured_at": None}, {"miou": {}}, {"best_at": True},
    )  # fmt: skip
    for text in (*texts, *(json.dumps({**facts, **change}) for change in changes)):
        strange(tensors, text, "state .*delete it to start afresh|has other images")


def test_tensors_of_the_wrong_form(good, strange):
    tensors, facts = good
    first = next(name for name in tensors if name.endswith("classifier.bias"))
    for changed in (
        {}, {k: v for k, v in tensors.items() if k != first},
        {**tensors, first: torch.zeros(3)}, {**tensors, "optimizer.x.y": torch.zeros(1)},
        {**tensors, "optimizer.999.exp_avg": torch.zeros(1)},
        {**tensors, "optimizer.0.exp_avg": torch.zeros(1)},
        {**tensors, "network.more": torch.zeros(1)},
        {**tensors, "average.more": torch.zeros(1)},
        {**tensors, first: torch.full_like(tensors[first], float("nan"))},
    ):  # fmt: skip
        strange(changed, json.dumps(facts), "state .*delete it to start afresh")


def test_a_state_that_was_cut_short_costs_only_the_steps_since_the_one_before(
    shared_dataset, tmp_path, small, whole, caplog
):
    out, seen = tmp_path / "cut", []
    often = dataclasses.replace(small, save_every_s=0.001)
    stopped = train(
        shared_dataset, out, often, seen.append, lambda: bool(seen) and seen[-1].step >= 8
    )
    assert stopped is None
    state = out / STATE_FILE
    before = TrainingState.read(previous_state(state)).facts["step"]
    assert 0 < before <= TrainingState.read(state).facts["step"] < 12
    state.write_bytes(state.read_bytes()[:1000])
    caplog.set_level("INFO")
    path = train(shared_dataset, out, often)
    assert f"training_state.safetensors is damaged; going on from {previous_state(state)}" in (
        caplog.text
    )
    assert f"going on from step {before} of 12" in caplog.text
    assert load_file(path).keys() == load_file(whole.path).keys()
    for name, tensor in load_file(path).items():
        torch.testing.assert_close(tensor, load_file(whole.path)[name], rtol=0, atol=0)


def test_a_damaged_state_never_replaces_the_whole_one_before(run, shared_dataset, small):
    state = run / STATE_FILE
    train(shared_dataset, run, small)  # finished: saves once more
    whole_state = previous_state(state).read_bytes()
    state.write_bytes(state.read_bytes()[:1000])
    train(shared_dataset, run, small)
    assert TrainingState.read(state)
    assert previous_state(state).read_bytes() == whole_state


def test_weights_of_somebody_else_are_refused_before_any_work(shared_dataset, tmp_path, small):
    (tmp_path / WEIGHTS_FILE).write_bytes(b"precious")
    with pytest.raises(SettingsError, match="not written by segnet"):
        train(shared_dataset, tmp_path, small, lambda progress: pytest.fail("began"))
    assert [path.name for path in tmp_path.iterdir()] == [WEIGHTS_FILE]


def test_weights_that_were_cut_short_are_written_again(shared_dataset, run, small, whole, caplog):
    path = run / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:1000])
    assert train(shared_dataset, run, small) == path
    assert "it is written again" in caplog.text
    for name, tensor in load_file(path).items():
        torch.testing.assert_close(tensor, load_file(whole.path)[name], rtol=0, atol=0)
