"""Do what another command does for many recordings, on the machines of a Ray cluster."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from segnet_model.base.errors import SettingsError
from segnet_model.commands import arguments, check, extract, label, predict, select

if TYPE_CHECKING:
    from segnet_model.fleet.job import Input
    from segnet_model.fleet.storage import Output

EPILOG = """\
Each recording that matches --bags gets an output of its own, OUT/NAME-HASH, with the same bytes as
the single command makes. The hash is of the recording's address and size, of all options and of the
weights, so that other settings never mix with these.

  segnet fleet label --bags 'recordings/**/*.mcap' segnet_lite_outdoor --out labeled
  segnet fleet predict --bags 's3://robots/may/*.mcap' segnet_lite_outdoor --out s3://robots/masks
  segnet fleet extract --bags 'recordings/*' --every 1 --unlike 3 --out yards
  segnet fleet check --bags 'yards/*-*' --out checked
  segnet fleet select --bags 'recordings/*' bayesian_segnet_basic_drives --count 500 --out yard

select is one work for all recordings: it takes the 500 best frames of all into one data set.

It runs on this machine, or with --address on a cluster: `ray start --head` on the first machine,
`ray start --address HEAD:6379` on the others, and --address auto here. All need this segnet with
pip install 'segnet_ros[fleet]', and see --bags and --out: folders that all of them mount, or an
object store, whose library (s3fs, gcsfs) they have.

An output is whole, with a record in OUT/records, or it counts as not made. The same command again
makes only what is missing. A recording that failed three times, elsewhere if there is another
machine, is set aside with its error, and the rest goes on.

Ends with 0 when all is done, and with 1 where a recording was set aside, or a data set has errors.
docs/fleet.md says what limits a fleet.
"""
PIECE_GB = 1.0
COMMANDS = {
    "label": label,
    "predict": predict,
    "extract": extract,
    "select": select,
    "check": check,
}
ELSEWHERE = {
    "train": "a training is one work on many GPUs, which torchrun starts on each machine:\n"
    "  torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HEAD:29500 "
    "-m segnet_model.cli train DATASET --out RUN\n"
    "Ray Train's TorchTrainer may run the same `train` in each of its workers; RUN and DATASET "
    "are folders that all machines mount",
    "adapt": "an adaptation is one work on one GPU; start it on the machine that has it:\n"
    "  segnet adapt RECORDING --out RUN\n"
    "for weights of many recordings, label frames of all with `segnet fleet select`, and train on "
    "several machines:\n"
    "  torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HEAD:29500 "
    "-m segnet_model.cli train DATASET --init WEIGHTS --out RUN",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    works = parser.add_subparsers(dest="work", required=True, metavar="WORK")
    for name, module in COMMANDS.items():
        text = (module.__doc__ or "").partition("\n")[0]
        work = works.add_parser(name, help=text, description=text)
        _add_fleet(work)
        if name in ("label", "predict"):
            _add_piece(work)
        module.add_options(work)
        if name == "select":  # the only one that writes beside what others wrote
            arguments.add_overwrite(work)
        work.set_defaults(parser=work, unused=getattr(module, "UNUSED", ()))
    for name in ELSEWHERE:
        work = works.add_parser(name, help="refused, with the line to type instead")
        work.add_argument("rest", nargs=argparse.REMAINDER)


def _add_fleet(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("fleet")
    group.add_argument(
        "--bags", action="append", required=True, metavar="GLOB",
        help="recordings, or data sets of check, in quotes: 'recordings/**/*.mcap', "
        "'s3://bucket/*.mcap' (may be repeated)",
    )  # fmt: skip
    group.add_argument("--out", required=True, help="folder to write to, or s3://bucket/folder")
    group.add_argument(
        "--address", help="cluster: auto, or HOST:6379 (default: this machine alone)"
    )
    group.add_argument(
        "--workers", type=arguments.number(1, 100_000, int),
        help="number of workers, each with a network of its own (default: as many as fit)",
    )  # fmt: skip
    group.add_argument(
        "--cpus", type=arguments.number(1, 1000, int), default=1,
        help="cores, and threads, of each worker (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--gpus", type=_gpus, default=0.0,
        help="GPUs of each worker; 0.25 where four share one (default: %(default)s)",
    )  # fmt: skip


def _add_piece(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--piece", type=arguments.number(0, 1e6), default=PIECE_GB, metavar="GB",
        help="cut recordings by time into pieces of this size, which several workers do, and join "
        "them; 0 cuts none (default: %(default)s)",
    )  # fmt: skip


def _gpus(text: str) -> float:
    """Read a number of GPUs that Ray can give, for argparse."""
    value = arguments.number(0, 64)(text)
    if value > 1 and value % 1:
        raise argparse.ArgumentTypeError(
            f"{text} is no share of a GPU; give less than 1, or a whole number"
        )
    return value


def run(args: argparse.Namespace) -> int:
    """Find what is missing and make it; returns the exit code."""
    from segnet_model.base.lock import locked
    from segnet_model.commands.fleet_select import select
    from segnet_model.fleet.storage import Output, find_inputs

    if args.work in ELSEWHERE:
        raise SettingsError(f"no fleet of workers can {args.work}: {ELSEWHERE[args.work]}")
    out = Output(args.out)
    with locked(out.local, "fleet") if out.local else nullcontext():
        inputs = find_inputs(args.bags)
        return select(args, out, inputs) if args.work == "select" else _make(args, out, inputs)


def _make(args: argparse.Namespace, out: Output, inputs: Sequence[Input]) -> int:
    from segnet_model.commands.fleet_jobs import JOBS
    from segnet_model.commands.fleet_pieces import with_pieces
    from segnet_model.commands.fleet_run import FleetRun
    from segnet_model.fleet import records
    from segnet_model.fleet.pieces import FOLDER

    job = JOBS[args.work](args)
    with FleetRun(args) as fleet:
        tasks = with_pieces(args, fleet, out, job.tasks(inputs))
        made = fleet.complete(job, out, tasks)
    if not made.set_aside:
        out.remove(FOLDER)
    print(f"{args.out}: {made.new} of {made.total} made, {made.there} were there already")
    if made.faulty:
        where = out.path(records.FOLDER, f"*.{records.FAULTY}.json")
        print(f"{made.faulty} have faults, named in {where}")
    made.print_set_aside()
    return int(bool(made.faulty or made.set_aside))
