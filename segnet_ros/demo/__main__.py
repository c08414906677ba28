"""The main job from end to end: a drive in, masks on ROS topics out, measured and drawn."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from segnet_model.bags.reader import BagReader
from segnet_model.base.choices import WORLDS
from segnet_model.base.errors import SegNetError, SettingsError
from segnet_model.base.progress import progress_bar
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.base.terminal import escaped
from segnet_model.datasets.drives import (
    LABELS_TOPIC,
    ODOMETRY_TOPIC,
    OUTDOOR,
    SCENES,
    DriveSettings,
    Plan,
    plan_of,
    write_drive,
)
from segnet_model.datasets.sources import BagSource
from segnet_model.labels import LabelMap, LabelSet
from segnet_model.pictures.video import check_video, video
from segnet_model.scenes import Camera
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import find_weights
from segnet_ros.demo.frames import MASK, frames
from segnet_ros.demo.pictures import OverlayVideo, Overview
from segnet_ros.demo.playback import Playback, play_and_record
from segnet_ros.demo.report import Measurement, Report

EPILOG = """\
Without --bag drives are rendered, whose truth is known: along a street, then through a park.
Leaves in OUT: the bags drive/ and segmentation/, overlay.mp4, overview.png, report.json, node.log.

  python3 -m segnet_ros.demo
  python3 -m segnet_ros.demo --worlds trail yard --seconds 10
  python3 -m segnet_ros.demo --bag my_drive --topic /camera/image_raw
  python3 -m segnet_ros.demo --bag camvid_val --topic /camera/image_raw \\
      --labels-topic /truth/labels --weights segnet_basic_camvid
"""
CAMERA = Camera()  # of rendered drives
GROUND: dict[str, float | str] = {
    "camera_height": CAMERA.mount_height, "camera_pitch": CAMERA.pitch, "odometry": ODOMETRY_TOPIC,
    "map_rate": 10.0,
}  # fmt: skip
MARKER = ".segnet_demo"  # in a folder that the demo may empty
RESULTS = ("drive", "segmentation", "overlay.mp4", "overview.png", "report.json", "node.log")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; the exit code is 0 only when every frame got its mask."""
    args = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)  # so that these, too, end the node first
    try:
        return _run(args)
    except SegNetError as error:
        print(f"demo: {escaped(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m segnet_ros.demo",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bag", type=Path, help="a recording of your own")
    parser.add_argument("--topic", help="of its images; needed where it has several")
    parser.add_argument("--labels-topic", help="of its true class ids, where it has any")
    parser.add_argument("--out", type=Path, default=Path("demo_out"), help="folder (demo_out)")
    parser.add_argument("--weights", default=DEFAULT_WEIGHTS, help="a path or shipped name")
    parser.add_argument("--seed", type=int, default=3, help="of the rendered drives (3)")
    parser.add_argument(
        "--worlds", nargs="+", choices=WORLDS, default=["street", "park"], metavar="WORLD",
        help=f"of the rendered drives, out of {', '.join(WORLDS)} (street park)",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, default=6.0, help="of each rendered drive (6)")
    return parser


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(args: argparse.Namespace) -> int:
    label_set = load_weights(find_weights(args.weights))[1].labels
    if args.bag:
        _check_apart(args.bag, args.out)
        _playback(args)  # a bag that cannot be played must not cost the results of the last demo
    _clear(args.out)
    comparable = LabelMap.ships(SCENES, label_set.name)
    if args.bag is None:
        _render(args, label_set.name if comparable else OUTDOOR)
    playback, labels_topic = _playback(args)
    if args.bag is None and not comparable:
        labels_topic = None  # the truth has ids of other classes
    sent = play_and_record(playback)
    plan = None if args.bag else plan_of(args.seed, args.seconds, _legs(args))
    report = _measure(playback, labels_topic, label_set, sent, plan)
    (args.out / "report.json").write_text(json.dumps(report.to_dict(), indent=1))
    print(f"\n{report.table()}\n")
    print(_hint(args.out))
    if report.masks_out < report.frames_in:
        missing = report.frames_in - report.masks_out
        print(f"demo: {missing} frames got no mask; see {playback.log}", file=sys.stderr)
        return 1
    return 0


def _render(args: argparse.Namespace, labels: str) -> None:
    """Render drives, with the truth in the named label set."""
    first, *then = _legs(args, labels)
    out = args.out / "drive"
    with progress_bar(f"rendering: {', then '.join(args.worlds)}") as progress:
        write_drive(out, args.seed, args.seconds, progress=progress, settings=first, then=then)


def _legs(args: argparse.Namespace, labels: str | None = None) -> list[DriveSettings]:
    return [DriveSettings(labels=labels, world=world) for world in args.worlds]


def _check_apart(bag: Path, out: Path) -> None:
    if bag.resolve().is_relative_to(out.resolve()):
        raise SettingsError(
            f"bag {bag} lies in {out}, which the demo makes anew; move it, or name another "
            'folder: make demo BAG=... ARGS="--out other"'
        )


def _clear(out: Path) -> None:
    """Make room: what an earlier demo left, and nothing else.

    Raises:
        SettingsError: the folder holds something of that name, but is not a demo's.
    """
    out.mkdir(parents=True, exist_ok=True)
    if any((out / name).exists() for name in RESULTS) and not (out / MARKER).exists():
        raise SettingsError(f"{out} was not made by the demo; name an empty folder with --out")
    (out / MARKER).touch()
    for path in (out / name for name in RESULTS):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _playback(args: argparse.Namespace) -> tuple[Playback, str | None]:
    """What to play, and the topic of the truth about it."""
    path = args.bag or args.out / "drive"
    labels_topic = args.labels_topic if args.bag else LABELS_TOPIC
    with BagReader(path) as bag:
        topic = bag.choose_image_topic(args.topic, besides=labels_topic)
        kind = bag.topics[topic].type
    out, log = args.out / "segmentation", args.out / "node.log"
    ground = {} if args.bag else GROUND
    return Playback(path, topic, kind, args.weights, out, log, ground), labels_topic


def _measure(
    playback: Playback,
    labels_topic: str | None,
    label_set: LabelSet,
    sent: Mapping[int, int],
    plan: Plan | None,
) -> Report:
    """Measure and draw every frame."""
    measurement = Measurement(label_set)
    with ExitStack() as stack:
        drive = stack.enter_context(BagSource(playback.bag, playback.topic))
        answers = stack.enter_context(BagReader(playback.out))
        masks = answers.topics[MASK].count
        truth = drive.labels_of(labels_topic) if labels_topic else iter(())
        progress = stack.enter_context(progress_bar("measuring and drawing"))
        consumers = [measurement, *_pictures(playback, label_set, masks, plan, stack)]
        for index, frame in enumerate(frames(answers, playback.topic, truth, sent)):
            for consumer in consumers:
                consumer.add(frame)
            progress((index + 1) / masks)
    return measurement.report(len(sent), masks)


def _pictures(
    playback: Playback, label_set: LabelSet, masks: int, plan: Plan | None, stack: ExitStack
) -> Iterator[Overview | OverlayVideo]:
    overview = Overview(playback.out.with_name("overview.png"), label_set, masks, plan)
    stack.callback(overview.close)
    yield overview
    path = playback.out.with_name("overlay.mp4")
    try:
        check_video(path)
    except SettingsError as error:
        print(f"no overlay.mp4: {error}")
    else:
        if masks:
            yield OverlayVideo(stack.enter_context(video(path)), label_set)


def _hint(out: Path) -> str:
    return f"""\
Open {out}/overview.png with any picture viewer and {out}/overlay.mp4 with any video player.
{out}/segmentation/ is a rosbag2 recording of the images and the answers: `ros2 bag play` plays it,
and Foxglove opens the .mcap in it. What the node printed is in {out}/node.log."""


if __name__ == "__main__":
    sys.exit(main())
