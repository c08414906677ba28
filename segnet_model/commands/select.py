"""Choose the frames of a recording whose labels would teach the network the most."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Collection
from pathlib import Path

import cv2
import numpy as np

from segnet_model.checkpoint import whole_file
from segnet_model.commands import asking
from segnet_model.data.bag_messages import NANOSECONDS
from segnet_model.data.extraction.settings import GAP
from segnet_model.data.extraction.splits import SPLITS, Neighbours
from segnet_model.data.files import list_images, read_image, write_png
from segnet_model.data.sources import NamedImage, named_images
from segnet_model.drawing import heat, panel
from segnet_model.errors import DatasetError, SettingsError
from segnet_model.predictor import Predictor
from segnet_model.progress import progress_bar
from segnet_model.selection import Candidate, choose, evenly, look_of, score_of

EPILOG = """\
Asks the network about each frame several times with dropout, and takes the frames where its
answers disagree most, spread over time and appearance. What is in OUT already is not taken again,
and what looks like it is taken last. Writes OUT/train/NAME.png, OUT/selection.csv (best first) and
OUT/selection.png.

  segnet select drive.mcap bayesian_segnet_basic_drives --count 50 --out yard
  segnet prelabel bayesian_segnet_basic_drives yard --out to_correct.zip

OUT/val, to measure on, gets frames of the last fifth of the recording, evenly spaced: hard frames
alone would make every network look bad, and neighbours of training frames every network look good.
Nothing to learn from is taken there.

A network without dropout is asked once: --uncertainty none ranks by its entropy, which also rises
where classes merely look alike.
"""
LEARNED_SHARE = 0.8  # of the source, from its beginning; the rest is to measure on
PICTURES = 12
PICTURE = (320, 240)  # pixels: width, height


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("source", type=Path, help="a bag, or a folder of images")
    asking.add_arguments(parser, ("mc", "none"))
    parser.set_defaults(uncertainty="mc", samples=8)
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--count", type=int, default=50, help="frames to choose (50)")
    parser.add_argument("--val", type=int, default=10, help="frames to measure on (10)")
    parser.add_argument("--topic", help="of the images in a bag that has several")
    parser.add_argument(
        "--every", type=float, default=0.5, metavar="S", help="seconds between candidates (0.5)"
    )


def run(args: argparse.Namespace) -> None:
    """Rank, choose, and write the chosen frames."""
    if args.count < 1 or args.val < 0 or not 0 <= args.every <= 1e6:
        raise SettingsError(
            f"--count {args.count} must be 1 or more, --val {args.val} and --every {args.every} "
            "0 or more"
        )
    predictor = asking.load(args)
    for split in SPLITS:
        (args.out / split).mkdir(parents=True, exist_ok=True)
    known = {path.stem: look_of(read_image(path)) for path in list_images(args.out / "train")}
    taken = {*known, *(path.stem for path in list_images(args.out / "val"))}
    candidates, to_measure = _ranked(args, predictor, taken)
    chosen = choose(candidates, args.count, list(known.values()))
    if not chosen:
        raise DatasetError(f"{args.source} has no frame that is not in {args.out}/train already")
    # What is there stays: its labels would fit no other image.
    measured = [name for name in evenly(to_measure, args.val) if name not in taken]
    _write(args, predictor, chosen, measured)
    print(
        f"{args.out}: {len(chosen)} of {len(candidates)} frames in train, {len(measured)} in val, "
        f"to be labelled in trainannot and valannot; look at {args.out / 'selection.png'}"
    )


def _ranked(
    args: argparse.Namespace, predictor: Predictor, taken: Collection[str]
) -> tuple[list[Candidate], list[str]]:
    """The frames to choose from, and the names of those that are kept to measure on."""
    candidates: list[Candidate] = []
    to_measure: list[str] = []
    seen: set[str] = set()  # a clock that is set back gives the same stamp again
    there = _there(args.out)
    with progress_bar("ranking") as progress:
        for index, each in enumerate(named_images(args.source, args.topic, args.every)):
            split = "val" if args.val and each.share > LEARNED_SHARE else "train"
            is_stamp = each.stamp is not None
            if each.name in seen or (is_stamp and there.are_beside(int(each.name), split)):
                continue
            seen.add(each.name)
            if split == "val":
                to_measure.append(each.name)
            elif each.name not in taken:
                candidates.append(_candidate(predictor, each, index))
            progress(each.share)
    return candidates, to_measure


def _there(dataset: Path) -> Neighbours:
    """The data set's images, as far as their names are stamps."""
    files = [(path, split) for split in SPLITS for path in list_images(dataset / split)]
    stamps = [(path.stem.partition("_")[0], split) for path, split in files]
    times = ((int(text), split) for text, split in stamps if text.isdecimal())
    return Neighbours(times, round(GAP * NANOSECONDS))


def _candidate(predictor: Predictor, each: NamedImage, index: int) -> Candidate:
    time = float(index) if each.stamp is None else each.stamp
    return Candidate(each.name, time, score_of(predictor, each.image), look_of(each.image))


def _write(
    args: argparse.Namespace, predictor: Predictor, chosen: list[Candidate], measured: list[str]
) -> None:
    """Write the frames, the list of the chosen ones, and a picture of the first."""
    ranks = {each.name: rank for rank, each in enumerate(chosen)}
    pictures: dict[int, list[np.ndarray]] = {}
    with progress_bar("writing") as progress:
        for each in named_images(args.source, args.topic, args.every):
            rank = ranks.pop(each.name, None)
            if rank is not None or each.name in measured:
                split = "val" if rank is None else "train"
                write_png(args.out / split / f"{each.name}.png", each.image)
            if rank is not None and rank < PICTURES:
                pictures[rank] = _picture(predictor, each.image)
            progress(each.share)
    _write_list(args.out / "selection.csv", chosen)
    _write_sheet(args.out / "selection.png", [pictures[rank] for rank in sorted(pictures)])


def _write_list(path: Path, chosen: list[Candidate]) -> None:
    with whole_file(path) as temporary, temporary.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["rank", "name", "seconds", "score"])
        for rank, one in enumerate(chosen, 1):
            rows.writerow([rank, one.name, f"{one.time:.3f}", f"{one.score:.5f}"])


def _write_sheet(path: Path, pairs: list[list[np.ndarray]]) -> None:
    """Two frames a row, each beside what the network is unsure of."""
    rows = [[*a, *b] for a, b in zip(pairs[::2], pairs[1::2], strict=False)] or [pairs[0]]
    titles = ["chosen, best first", "what the network is unsure of"]
    write_png(path, panel(rows, titles * (len(rows[0]) // 2)))


def _picture(predictor: Predictor, image: np.ndarray) -> list[np.ndarray]:
    """A frame and what the network is unsure of in it, both (240, 320, 3) uint8 RGB."""
    found = predictor.predict(image)
    unsure = found.mutual_information
    drawn = heat(found.uncertainty if unsure is None else unsure / max(1e-6, float(unsure.max())))
    return [cv2.resize(each, PICTURE, interpolation=cv2.INTER_AREA) for each in (image, drawn)]
