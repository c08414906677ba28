import importlib
import json
import resource
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

import segnet_model
from segnet_model.cli import COMMANDS, main
from segnet_model.images.files import read_image
from segnet_model.inference.predictor import Predictor

HEAVY = {"torch", "safetensors", "rosbags", "PIL", "jinja2", "av", "onnx", "openvino"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_an_example(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"segnet {command} " in capsys.readouterr().out.split("\n\n", 1)[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_has_the_first_lines_of_their_modules(command):
    module = importlib.import_module(f"segnet_model.commands.{command.replace('-', '_')}")
    assert COMMANDS[command] == module.__doc__.splitlines()[0]


def _python(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_help_imports_nothing_heavy():
    """Of all commands in one process: what one of them imports stays."""
    result = _python(f"""
import sys
import segnet_model
from segnet_model.cli import main
for arguments in [["--help"], *([command, "--help"] for command in {list(COMMANDS)})]:
    try:
        main(arguments)
    except SystemExit as end:
        assert end.code == 0
print("imported", *(sys.modules.keys() & {HEAVY}))
""")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "imported"


@pytest.mark.parametrize("arguments", [(), ("check",), ("train",), ("label",)], ids=" ".join)
def test_help_costs_less_than_half_a_second_of_processor(arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "segnet_model.cli", *arguments, "--help"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_predict_writes_ids_and_overlays_under_the_images_names(dataset, weights, tmp_path):
    out = tmp_path / "masks"
    assert main(["predict", str(weights), str(dataset / "val"), "--out", str(out)]) == 0
    image = read_image(dataset / "val" / "1.png")
    mask = np.asarray(Image.open(out / "masks" / "1.png"))
    np.testing.assert_array_equal(mask, Predictor.load(weights).predict(image).labels)
    assert sorted(p.name for p in (out / "masks").iterdir()) == ["0.png", "1.png"]
    assert cv2.imread(str(out / "overlays" / "0.png")).shape == (64, 96, 3)


def test_predict_takes_a_single_image(dataset, weights, tmp_path):
    image = dataset / "train" / "4.png"
    assert main(["predict", str(weights), str(image), "--out", str(tmp_path / "m")]) == 0
    assert [p.name for p in (tmp_path / "m" / "masks").iterdir()] == ["4.png"]


def test_evaluate_writes_figures_and_a_picture(dataset, weights, tmp_path, capsys):
    out = tmp_path / "results"
    assert main(["evaluate", str(weights), str(dataset), "--out", str(out)]) == 0
    figures = json.loads((out / "evaluation.json").read_text())
    assert np.sum(figures["confusion"]) == 2 * 64 * 96
    printed = capsys.readouterr().out
    assert f"mIoU {figures['miou']:.4f}" in printed
    assert "Bicyclist" in printed
    height, width, _ = cv2.imread(str(out / "evaluation.png")).shape
    assert height > 2 * 64
    assert width > 4 * 96


def test_train_then_evaluate(dataset, tmp_path, capsys):
    run = tmp_path / "run"
    arguments = ["--epochs", "1", "--batch-size", "3", "--input-size", "64", "96", "--workers", "1"]
    assert main(["train", str(dataset), "--out", str(run), *arguments]) == 0
    assert main(["evaluate", str(run / "weights.safetensors"), str(dataset)]) == 0
    assert "mIoU" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "{weights}", "{tmp}/none", "--out", "{tmp}/o"], "there is no"),
        (["predict", "{tmp}/none", "{tmp}", "--out", "{tmp}/o"], "no such file"),
        (["evaluate", "{weights}", "{tmp}"], "no folder"),
        (["evaluate", "{weights}", "{tmp}", "--labels", "nothing"], "label set nothing"),
        (["train", "{tmp}", "--out", "{tmp}/o"], "no folder"),
        (["train", "{tmp}", "--out", "{tmp}/o", "--epochs", "0"], "give at least 1"),
    ],
)
def test_bad_input_ends_in_one_line(arguments, message, weights, tmp_path, capsys):
    filled = [a.format(weights=weights, tmp=tmp_path) for a in arguments]
    assert main(filled) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "predict yard --weights w --out o --devise cpu",
            "no option --devise (do you mean '--devi",
        ),
        ("predict yard w -o o", "there is no option -o (do you mean '--out'?)"),
        ("predict yard w --output=o", "there is no option --output (do you mean '--out'?)"),
        ("prelabel yard w --labels camvid --out o.zip", "there is no option --labels"),
        ("train yard --out r --learning_rate 1", "--learning_rate (do you mean '--learning-rate'"),
        ("predct yard w --out o", "there is no command 'predct' (do you mean 'predict'?)"),
    ],
)
def test_misspelt_words_are_named_and_not_those_after_them(line, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train yard enet_camvid --out o", "takes dataset; weights to start from go to --init"),
        ("adapt drive enet_camvid --out o", "takes source; weights to start from go to --init"),
        ("evaluate yard a b", "b is one too many: the command takes dataset and weights; other we"),
        ("render yard --out o", "yard is one too many: the command takes options alone"),
        ("check yard \x1b[2J", r"\x1b[2J is one too many"),
    ],
)
def test_an_argument_too_many_is_named_with_its_place(line, said, capsys):
    with pytest.raises(SystemExit):
        main(line.split())
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"segnet {line.split()[0]}: error: ")
    assert said in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--labels="], "--labels is empty; give it a value, or leave it away"),
        (["--labels", ""], "--labels is empty"),
        (["--json=~/x.json"], "the shell leaves this ~ as it is; write --json ~/x.json"),
        (["--json=~"], "write --json ~"),
    ],
)
def test_a_value_that_the_shell_has_lost_is_not_taken(words, said, dataset, capsys):
    """Of a variable that is not set, or of ~ behind =, which would make a folder called ~."""
    with pytest.raises(SystemExit):
        main(["check", str(dataset), *words])
    assert said in capsys.readouterr().err


def test_numbers_and_beginnings_of_options_are_no_other_options(capsys, tmp_path):
    forward = ["--footprint", "1", "1", "--footprint-f", "-.5", "--camera-h", "1"]
    words = ["driven", str(tmp_path), *forward, "--camera-pitch", "-1", "--out", "o", "--no-n"]
    assert main(words) == 2
    assert "is no bag" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("predict {0} enet-camvid --out {0}/o", "no such file (do you mean 'enet_camvid'?)"),
        ("train {1} --out {0}/o --network segnet_lte", "'segnet_lte' (do you mean 'segnet_lite'?)"),
        ("train {1} --out {0}/o --init enet_camvd", "no such file (do you mean 'enet_camvid'?)"),
        ("info {1}/train/0.png", "it is an image: give weights"),
        (f"info {__file__}", "copy it again from where it came, if it is of weights at all"),
        ("bag {1}/train --labels {0} --out {0}/o", "0.png: there is no such file"),
        ("check {0}/yrad", "no folder"),
        *(
            (line, "bag is a recording, and no data set with train/ and trainannot/; of a rec")
            for line in (
                "check {0}/bag",
                "train {0}/bag --out {0}/o",
                "calibrate {0}/bag enet_camvid --out {0}/w.safetensors",
            )
        ),
        ("check {1}/train/0.png", "0.png is a file, and no data set with train/"),
    ],
)
def test_misspelt_names_are_told_before_any_work(line, said, dataset, tmp_path, capsys, caplog):
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "metadata.yaml").touch()
    assert main(line.format(tmp_path, dataset).split()) == 2
    assert said in capsys.readouterr().err
    assert "counting the classes" not in caplog.text
    assert "are taken for those of" not in caplog.text


@pytest.mark.parametrize(
    "command", ["extract {0}", "bag {0}", "check {0}", "label {0} enet_camvid"]
)
def test_links_that_lead_to_each_other_end_in_one_line(command, tmp_path, capsys):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    words = command.format(tmp_path / "a").split()
    out = [] if words[0] == "check" else ["--out", str(tmp_path / "o")]
    assert main([*words, *out]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "a") in said
    assert "error in segnet itself" not in said


def test_a_folder_that_cannot_be_made_ends_in_one_line(tmp_path, weights, dataset, capsys):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "x.zip"
    assert main(["prelabel", str(weights), str(dataset), "--all", "--split", "val",
                 "--out", str(out)]) == 2  # fmt: skip
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err


def test_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"segnet {segnet_model.__version__}\n"


INTERRUPTED = """
import importlib.abc, os, signal, sys, time

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["segnet", "predict", "--help"]
from segnet_model.program import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("name", "code"),
    [("segnet_model.cli", -signal.SIGINT), ("segnet_model.commands.predict", 130)],
)
def test_ctrl_c_while_it_starts_needs_no_traceback(name, code):
    done = _python(INTERRUPTED.format(name=name))
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_a_command_without_any_argument(capsys):
    assert main(["weights"]) == 0
    assert "segnet_lite_outdoor" in capsys.readouterr().out
