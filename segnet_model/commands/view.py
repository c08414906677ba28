"""Show the classes of a recording, video or camera: in a video, or in the Rerun viewer."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.atomic import check_output
from segnet_model.base.choices import PANES, PREFIX, UNCERTAINTIES
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.options import options_of
from segnet_model.base.tables import DEFAULT_WEIGHTS, NetworkSettings
from segnet_model.base.units import NANOSECONDS
from segnet_model.commands import arguments
from segnet_model.commands.unused import Unused, refuse_given

if TYPE_CHECKING:
    from segnet_model.datasets.sources import Frame, Source
    from segnet_model.inference.answer import Answer
    from segnet_model.labels import LabelSet

EPILOG = f"""\
Without weights, what the recording holds is shown: masks of the node, or of `segnet label`, below
--prefix. Where it holds none, the network {DEFAULT_WEIGHTS} runs.

A video that lasts as long as the recording; an image of a folder lasts a second:

  segnet view drive.mcap {DEFAULT_WEIGHTS} --out drive.mp4
  segnet view phone.mp4 {DEFAULT_WEIGHTS} --out classes.mp4
  segnet view demo_out/segmentation --out what_the_node_said.mp4
  segnet view drive enet_camvid --beside uncertainty mask drivable --out drive.mp4
  segnet view long_drive enet_camvid --start 600 --seconds 30 --every 0.5 --out drive.mp4

The Rerun viewer shows images, classes, uncertainty, drivable area and each class's share of the
image over time, and lets you scroll through them and point at pixels. It needs
pip install 'segnet_ros[view]':

  segnet view drive.mcap {DEFAULT_WEIGHTS} --rerun
  segnet view /dev/video0 --rerun                               # a camera, until Ctrl-C
  segnet view drive.mcap {DEFAULT_WEIGHTS} --rrd drive.rrd      # later: rerun drive.rrd
"""
AS_RECORDED = "has no effect on the masks of the recording; name weights too, to run a network"
UNUSED = (
    *arguments.PASSES,
    Unused(("beside",), lambda args: not args.out, "is of the video of --out; give that too"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    arguments.add_source(parser, live=True)
    arguments.add_topic(parser)
    otherwise = f"the recorded masks, else {DEFAULT_WEIGHTS}"
    arguments.add_network(parser, UNCERTAINTIES, otherwise)
    arguments.add_drivable(parser)
    out = parser.add_argument_group("output, at least one")
    out.add_argument("--out", type=Path, metavar="VIDEO", help=".mp4 file to write")
    rerun = out.add_mutually_exclusive_group()
    rerun.add_argument("--rerun", action="store_true", help="open the Rerun viewer")
    rerun.add_argument(
        "--rrd", type=Path, metavar="FILE", help="file to write for the Rerun viewer"
    )
    parser.add_argument(
        "--beside", nargs="+", choices=PANES, default=(), metavar="WHAT",
        help=f"panes beside the overlay in the video: {', '.join(PANES)}",
    )  # fmt: skip
    arguments.add_part(parser)
    parser.add_argument(
        "--prefix", default=PREFIX, help="namespace of recorded masks (default: %(default)s)"
    )
    parser.add_argument(
        "--labels", help="label set of recorded masks without a class map (default: camvid)"
    )
    arguments.add_overwrite(parser)


def run(args: argparse.Namespace) -> None:
    """Show the source with a progress bar."""
    from segnet_model.datasets.sources import open_source

    _check_outputs(args)
    with open_source(args.source, args.topic, exclude=args.prefix, live=True) as whole:
        source = arguments.part_of(whole, args)
        answers, label_set = _answers(args, source)
        with closing(answers):
            count = _show(args, label_set, answers, source)
    print(f"{count} frames of {source.topic or source.path}{_rejected(source)}")
    for path in filter(None, (args.out, args.rrd)):
        print(f"{path} is written")


def _check_outputs(args: argparse.Namespace) -> None:
    """Refuse outputs that cannot be written, before any long work that would be lost."""
    from segnet_model.pictures.video import check_video
    from segnet_model.recordings.rerun_log import check_rerun

    if not (args.out or args.rerun or args.rrd):
        raise SettingsError("say where to: --out drive.mp4, --rerun or --rrd drive.rrd")
    if args.out:
        check_video(args.out)
    if args.rerun or args.rrd:
        check_rerun(args.rrd)
    for path in filter(None, (args.out, args.rrd)):
        check_output(path)


def _answers(
    args: argparse.Namespace, source: Source
) -> tuple[Generator[tuple[Frame, Answer], None, None], LabelSet]:
    """Recorded answers, or else the network's, and their label set."""
    from segnet_model.datasets.sources import BagSource
    from segnet_model.labels import LabelSet
    from segnet_model.recordings.answers import FramePredictor, predicted_answers
    from segnet_model.recordings.recorded import recorded_answers, recorded_labels, recorded_topics

    if isinstance(source, BagSource) and not args.weights:
        bag, topics = source.reader, recorded_topics(source.reader, args.prefix)
        if topics:
            refuse_given(args, _of_network(), AS_RECORDED)
            named = LabelSet.load(args.labels) if args.labels else recorded_labels(bag, args.prefix)
            labels = named or LabelSet.load("camvid")
            return recorded_answers(source, topics, labels), labels
    refuse_given(args, ("labels",), "is of recorded masks, and the network runs; leave it away")
    args.weights = args.weights or DEFAULT_WEIGHTS
    predictor = FramePredictor(arguments.load_predictor(args), arguments.answer_settings(args))
    return predicted_answers(source, predictor), predictor.predictor.info.labels


def _of_network() -> set[str]:
    """The options that recorded answers do not depend on."""
    return {*options_of(NetworkSettings), *arguments.DRIVABLE} - {"weights"}


def _show(
    args: argparse.Namespace,
    label_set: LabelSet,
    answers: Iterator[tuple[Frame, Answer]],
    source: Source,
) -> int:
    """Write each answer to every output; returns the number of answers.

    Raises:
        BagError: there is none.
        SettingsError: there is none in this part of the source.
    """
    from segnet_model.base.progress import progress_bar

    count = 0
    with progress_bar("showing") as progress, ExitStack() as stack:
        writers = list(_writers(args, label_set, stack))
        for frame, answer in answers:
            for write in writers:
                write(frame, answer)
            count += 1
            progress(source.share(frame))
        if not count:  # raised inside, so that no empty files are left
            if not source.rejected:
                source.check_used(0)
            raise BagError(f"there is nothing to see in {args.source}{_rejected(source)}")
    return count


def _writers(
    args: argparse.Namespace, label_set: LabelSet, stack: ExitStack
) -> Iterator[Callable[[Frame, Answer], None]]:
    from segnet_model.pictures.video import video
    from segnet_model.recordings.panes import side_by_side
    from segnet_model.recordings.rerun_log import rerun_log

    # The last one entered is finished first: the video is kept where the viewer fails.
    if args.rerun or args.rrd:
        log = stack.enter_context(rerun_log(label_set, args.rrd))
        yield lambda frame, answer: log.add(answer, frame.stamp_ns)
    if args.out:
        writer = stack.enter_context(video(args.out))
        yield lambda frame, answer: writer.add(
            side_by_side(answer, args.beside), frame.receive_ns / NANOSECONDS
        )


def _rejected(source: Source) -> str:
    bad = source.rejected
    return f"; {len(bad)} could not be used:\n{bad}" if bad else ""
