#!/usr/bin/env python3
"""`segnet`: from a recording to weights, and from weights to masks, without ROS."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import segnet_model
from segnet_model.base.errors import SegNetError, system_reason
from segnet_model.base.near import near
from segnet_model.base.optional import NETWORK_PACKAGES
from segnet_model.base.terminal import escaped, forget_output, terminal
from segnet_model.commands.parser import CommandParser

# First lines of the commands' modules. Only the module of the given command is imported: most need
# PyTorch, and its import takes seconds.
COMMANDS = {
    "extract": "Take images out of recordings or videos into a data set to label.",
    "driven": "Label a recording by where the robot drove, without a label by hand.",
    "select": "Choose the frames of a recording whose labels would teach the network the most.",
    "prelabel": "Write the network's masks for CVAT, so that a person corrects them instead of "
    "drawing.",
    "import-labels": "Read labels from CVAT, COCO, YOLO, labelme and other tools into a data set.",
    "check": "Find everything that is wrong with a data set before it is trained on.",
    "train": "Train a network on labeled images.",
    "adapt": "Adapt weights to the camera and the place of a recording, without a label.",
    "average": "Average weights of one network, so that it keeps what each training of it learned.",
    "calibrate": "Fit confidence and the drivable area's bound, on labeled images that training "
    "did not see.",
    "evaluate": "Measure weights on labeled images, alone or beside others.",
    "predict": "Write the network's masks of images, of a recording or of a video.",
    "view": "Show the classes of a recording, video or camera: in a video, or in the Rerun viewer.",
    "label": "Add the node's topics to a recording, to images or to a video, without ROS.",
    "adopt": "Make any ONNX file of a segmentation network usable here, and try it on an image.",
    "info": "Show what a weights file holds: network, classes, training, figures, license.",
    "weights": "List the weights that ship, with their figures and licenses.",
    "doctor": "Say what is installed, what runs the network and why, and try it for ten seconds.",
    "export": "Make a file that ONNX Runtime, TensorRT or OpenVINO run, in float or in int8.",
    "fleet": "Do what another command does for many recordings, on the machines of a Ray cluster.",
    "bag": "Make a recording of a folder of images, or of a video.",
    "render": "Render procedural drives, with exact truth, as a recording or a data set.",
}
EPILOG = """\
Look at a recording or a video first; then teach the network your place, with fifty labeled images:

  segnet view drive.mcap segnet_lite_outdoor --out drive.mp4
  segnet select drive.mcap bayesian_segnet_basic_drives --out yard
  segnet prelabel yard segnet_lite_outdoor --out to_correct.zip
  segnet import-labels corrected.zip yard --labels outdoor
  segnet check yard
  segnet train yard --out runs/yard
  segnet evaluate yard runs/yard/weights.safetensors --out runs/yard

`segnet COMMAND --help` has the options of a command, and examples. `segnet weights` lists the
weights that ship, and `segnet doctor` says how fast they run here.
"""
# Arguments that name files or folders to read, which no output may replace.
INPUTS = (
    "source", "sources", "dataset", "weights", "compare", "model", "image", "labels", "label_set",
    "original", "map_to", "init", "encoder", "calibrate", "textures", "replay", "labeled",
)  # fmt: skip
TRACE = "SEGNET_TRACE"  # in the environment: errors are printed with the way to them
LOOP = "Symlink loop from "


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns its exit code, or 2 for bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with terminal():
        logging.basicConfig(format="%(message)s", level=logging.INFO)
        try:
            return _run(arguments)
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:  # its reader has seen enough: `segnet check yard | head`
            forget_output()
            return 141
        except Exception as error:
            if os.environ.get(TRACE):
                print("".join(traceback.format_exception(error)), file=sys.stderr)
            reason = escaped(_reason(error))
            print(f"segnet {_command(arguments) or ''}: {reason}", file=sys.stderr)
            return 2


def _run(arguments: Sequence[str]) -> int:
    args = _parser(arguments).parse_args(arguments)
    from segnet_model.base.atomic import write_rules  # --help has ended here, and needs none of it
    from segnet_model.base.undo import undone_on_error
    from segnet_model.commands.unused import refuse_unused

    refuse_unused(args, args.unused)

    overwrite = getattr(args, "overwrite", False)
    with write_rules(_inputs(args), overwrite=overwrite), undone_on_error():
        code = int(args.run(args) or 0)
    sys.stdout.flush()  # here, where an error of it can still be told
    return code


def _reason(error: Exception) -> str:
    """The reason to give for an error, in a sentence."""
    if isinstance(error, SegNetError):
        return str(error)
    if isinstance(error, OSError):
        return system_reason(error)
    if isinstance(error, RuntimeError) and LOOP in str(error):  # of pathlib before Python 3.13
        return f"links lead to each other: {str(error).removeprefix(LOOP)}; name another path"
    if isinstance(error, MemoryError):
        return "there is not enough memory; use smaller images, or close other programs"
    if isinstance(error, UnicodeEncodeError):  # a library has been given a name
        return (
            f"{error.object[:200]!r} has characters that are no {error.encoding}, and a library "
            "takes no such name; rename the file or folder"
        )
    if isinstance(error, ModuleNotFoundError) and error.name in NETWORK_PACKAGES:
        return (
            f"it needs PyTorch, and {error.name} is not installed: "
            f"pip install {' '.join(NETWORK_PACKAGES)}"
        )
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"an error in segnet itself, {type(error).__name__} in {Path(last.filename).name}, line "
        f"{last.lineno}: {error}; please report it with what {TRACE}=1 shows"
    )


def _command(arguments: Sequence[str]) -> str | None:
    return next((each for each in arguments if not each.startswith("-")), None)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Parser with every command's name, and the arguments of the given command alone."""
    parser = CommandParser(
        prog="segnet", description=__doc__, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = _command(arguments)
    if chosen and chosen not in COMMANDS:
        parser.error(f"there is no command {chosen!r}{near(chosen, COMMANDS)}; see segnet --help")
    for name, help_line in COMMANDS.items():
        command = commands.add_parser(
            name, help=help_line, description=help_line,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        if name == chosen:
            module = importlib.import_module(f"segnet_model.commands.{name.replace('-', '_')}")
            command.epilog = getattr(module, "EPILOG", None)
            module.add_arguments(command)
            unused = getattr(module, "UNUSED", ())
            command.set_defaults(run=module.run, parser=command, unused=unused)
    return parser


def _inputs(args: argparse.Namespace) -> list[Path]:
    """The files and folders that the arguments name to be read."""
    named = [value for name, value in vars(args).items() if name in INPUTS and value]
    flat = [each for value in named for each in (value if isinstance(value, list) else [value])]
    return [Path(each) for each in flat if isinstance(each, str | Path)]


class _Version(argparse.Action):
    """Prints the version. argparse's own action would look it up for every command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"segnet {segnet_model.__version__}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
