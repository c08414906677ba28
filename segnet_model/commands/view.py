"""Look at a recording: a video of its classes, or the Rerun viewer."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.choices import PANES, PREFIX
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.units import NANOSECONDS
from segnet_model.commands import asking, driving

if TYPE_CHECKING:
    from segnet_model.bags.reader import BagReader
    from segnet_model.base.rejected import Rejected
    from segnet_model.inference.answer import Answer
    from segnet_model.labels import LabelSet
    from segnet_model.recordings.answers import Frame
    from segnet_model.recordings.viewing import Part

WEIGHTS = "segnet_basic_drives"
EPILOG = f"""\
Without weights, what the recording holds is shown: masks of the node, or of `segnet label`, below
--prefix. Where it holds none, the network {WEIGHTS} is asked.

A video, in which a second is a second of the recording:

  segnet view drive.mcap segnet_basic_drives --out drive.mp4
  segnet view demo_out/segmentation --out what_the_node_said.mp4
  segnet view drive enet_camvid --beside uncertainty mask drivable --out drive.mp4
  segnet view long_drive enet_camvid --start 600 --seconds 30 --every 0.5 --out drive.mp4

The Rerun viewer shows images, classes, uncertainty, drivable area and each class's share of the
image over time, and lets you scroll through them and point at pixels. It needs
pip install 'segnet_ros[view]':

  segnet view drive.mcap segnet_basic_drives --rerun
  segnet view drive.mcap segnet_basic_drives --rrd drive.rrd      # later: rerun drive.rrd
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("bag", type=Path, help="a rosbag2 folder, a .mcap or a .db3 file")
    asking.add_arguments(parser, ("none", "mc", "temporal"), f"what was recorded, else {WEIGHTS}")
    driving.add_arguments(parser)
    out = parser.add_argument_group("where to, at least one of these")
    out.add_argument("--out", type=Path, metavar="VIDEO", help="an .mp4 file to write")
    rerun = out.add_mutually_exclusive_group()
    rerun.add_argument("--rerun", action="store_true", help="open the Rerun viewer")
    rerun.add_argument("--rrd", type=Path, metavar="FILE", help="write a file for that viewer")
    parser.add_argument("--topic", help="of the images in a bag that has several")
    parser.add_argument(
        "--beside", nargs="+", choices=PANES, default=(), metavar="WHAT",
        help=f"what to show beside the overlay in the video: {', '.join(PANES)}",
    )  # fmt: skip
    parser.add_argument(
        "--start", type=float, default=0.0, metavar="S", help="seconds to leave out"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="how much to show (all)")
    parser.add_argument(
        "--every", type=float, default=0.0, metavar="S", help="least seconds between frames (0)"
    )
    parser.add_argument("--prefix", default=PREFIX, help="of recorded masks (%(default)s)")
    parser.add_argument("--labels", help="label set of recorded masks without a class map (camvid)")


def run(args: argparse.Namespace) -> None:
    """Show the recording with a progress bar."""
    from segnet_model.bags.reader import BagReader
    from segnet_model.base.rejected import Rejected
    from segnet_model.recordings.labelling import choose_topic
    from segnet_model.recordings.viewing import Part

    _check_outputs(args)
    part, bad = Part(args.start, args.seconds, args.every), Rejected()
    with BagReader(args.bag) as bag:
        topic = choose_topic(bag, args.topic, args.prefix)
        answers, label_set = _answers(args, bag, topic, part, bad)
        with closing(answers):
            count = _show(args, label_set, answers, part.limits(bag), bad)
    print(f"{count} frames of {topic}{_rejected(bad)}")
    for path in filter(None, (args.out, args.rrd)):
        print(f"{path} is written")


def _check_outputs(args: argparse.Namespace) -> None:
    """Before anything is predicted, so that no long work is lost."""
    from segnet_model.pictures.video import check_video
    from segnet_model.recordings.rerun_log import check_rerun

    if not (args.out or args.rerun or args.rrd):
        raise SettingsError("say where to: --out drive.mp4, --rerun or --rrd drive.rrd")
    if args.out:
        check_video(args.out)
    if args.rerun or args.rrd:
        check_rerun(args.rrd)


def _answers(
    args: argparse.Namespace, bag: BagReader, topic: str, part: Part, bad: Rejected
) -> tuple[Generator[tuple[Frame, Answer], None, None], LabelSet]:
    """What the network says, or what was recorded, and what its ids mean."""
    from segnet_model.labels import LabelSet
    from segnet_model.recordings.answers import Asker
    from segnet_model.recordings.recorded import recorded_labels, recorded_topics
    from segnet_model.recordings.viewing import predictions, recordings

    there = {} if args.weights else recorded_topics(bag, args.prefix)
    if there:
        said = LabelSet.load(args.labels) if args.labels else recorded_labels(bag, args.prefix)
        labels = said or LabelSet.load("camvid")
        return recordings(bag, topic, part, there, labels, bad), labels
    args.weights = args.weights or WEIGHTS
    asker = Asker(asking.load(args), driving.settings(args))
    return predictions(bag, topic, part, asker, bad), asker.predictor.info.labels


def _show(
    args: argparse.Namespace,
    label_set: LabelSet,
    answers: Iterator[tuple[Frame, Answer]],
    limits: tuple[int, int],
    bad: Rejected,
) -> int:
    """Give each answer to all who asked for it; returns their number.

    Raises:
        BagError: there is none.
    """
    from segnet_model.base.progress import progress_bar

    count, (begin, end) = 0, limits
    with progress_bar("showing") as progress, ExitStack() as stack:
        takers = list(_takers(args, label_set, stack))
        for frame, answer in answers:
            for take in takers:
                take(frame, answer)
            count += 1
            progress((frame.receive_ns - begin) / (end - begin))
        if not count:  # said in here, so that no empty files are left
            raise BagError(f"there is nothing to see in {args.bag}{_rejected(bad)}")
    return count


def _takers(
    args: argparse.Namespace, label_set: LabelSet, stack: ExitStack
) -> Iterator[Callable[[Frame, Answer], None]]:
    from segnet_model.bags.messages import stamp_ns
    from segnet_model.pictures.video import video
    from segnet_model.recordings.looking import side_by_side
    from segnet_model.recordings.rerun_log import rerun_log

    # What is entered last is finished first: a video is kept, whatever becomes of the viewer.
    if args.rerun or args.rrd:
        log = stack.enter_context(rerun_log(label_set, args.rrd))
        yield lambda frame, answer: log.add(answer, stamp_ns(frame.header) or frame.receive_ns)
    if args.out:
        writer = stack.enter_context(video(args.out))
        yield lambda frame, answer: writer.add(
            side_by_side(answer, args.beside), frame.receive_ns / NANOSECONDS
        )


def _rejected(bad: Rejected) -> str:
    return f"; {len(bad)} could not be used:\n{bad}" if len(bad) else ""
