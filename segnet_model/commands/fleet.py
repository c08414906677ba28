"""Do what another command does for many recordings, on the machines of a Ray cluster."""

from __future__ import annotations

import argparse
import importlib.util
from contextlib import nullcontext
from typing import TYPE_CHECKING, NoReturn

from segnet_model.base.errors import SettingsError
from segnet_model.base.optional import NETWORK_PACKAGES
from segnet_model.commands import arguments, check, extract, label, predict

if TYPE_CHECKING:
    from segnet_model.commands.fleet_jobs import CommandJob
    from segnet_model.fleet.board import Board
    from segnet_model.fleet.job import Task
    from segnet_model.fleet.storage import Output

EPILOG = """\
Each recording that matches --bags gets an output of its own, OUT/NAME-HASH, with the same bytes as
the single command makes. The hash is of the recording's address and size, of all options and of the
weights, so that other settings never mix with these.

  segnet fleet label --bags 'recordings/**/*.mcap' segnet_lite_outdoor --out labeled
  segnet fleet predict --bags 's3://robots/may/*.mcap' segnet_lite_outdoor --out s3://robots/masks
  segnet fleet extract --bags 'recordings/*' --every 1 --unlike 3 --out yards
  segnet fleet check --bags 'yards/*-*' --out checked

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
COMMANDS = {"label": label, "predict": predict, "extract": extract, "check": check}
OWN = ("bags", "out", "address", "workers", "cpus", "gpus", "work")  # are not the work's
ELSEWHERE = {
    "train": "a training is one work on many GPUs, which torchrun starts on each machine:\n"
    "  torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HEAD:29500 "
    "-m segnet_model.cli train DATASET --out RUN\n"
    "Ray Train's TorchTrainer may run the same `train` in each of its workers; RUN and DATASET "
    "are folders that all machines mount",
    "adapt": "to adapt weights is to go on training them, which torchrun starts on each machine:\n"
    "  torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint HEAD:29500 "
    "-m segnet_model.cli train DATASET --init WEIGHTS --out RUN\n"
    "first extract or select the frames of the new place, with `segnet fleet`",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    works = parser.add_subparsers(dest="work", required=True, metavar="WORK")
    for name, module in COMMANDS.items():
        text = (module.__doc__ or "").partition("\n")[0]
        work = works.add_parser(name, help=text, description=text)
        _add_fleet(work)
        module.add_options(work)
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
        "--gpus", type=arguments.number(0, 64), default=0.0,
        help="GPUs of each worker; 0.25 where four share one (default: %(default)s)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Find what is missing and make it; returns the exit code."""
    from segnet_model.base.lock import locked
    from segnet_model.commands.fleet_jobs import JOBS
    from segnet_model.fleet.storage import Output

    if args.work in ELSEWHERE:
        _refuse(args.work)
    rest = {name: value for name, value in vars(args).items() if name not in OWN}
    job = JOBS[args.work](argparse.Namespace(**rest), args.cpus)
    out = Output(args.out)
    with locked(out.local, "fleet") if out.local else nullcontext():
        return _make(args, job, out)


def _refuse(work: str) -> NoReturn:
    raise SettingsError(f"no fleet of workers can {work}: {ELSEWHERE[work]}")


def _make(args: argparse.Namespace, job: CommandJob, out: Output) -> int:
    from segnet_model.fleet import records
    from segnet_model.fleet.board import board

    tasks = _tasks(args, job)
    states = records.read_states(out)
    made = {task.name: states.get(task.name) for task in tasks}
    missing = [task for task in tasks if made[task.name] not in (records.DONE, records.FAULTY)]
    if missing:
        _check_packages(args, job)
        with board(args.work, len(missing)) as shown:
            faulty = _run(args, job, out, missing, shown)
        set_aside = shown.set_aside
    else:
        faulty, set_aside = 0, {}
    faulty += sum(state == records.FAULTY for state in made.values())
    there = len(tasks) - len(missing)
    done = len(missing) - len(set_aside)
    print(f"{args.out}: {done} of {len(tasks)} made, {there} were there already")
    if faulty:
        print(f"{faulty} have faults; {out.path(records.FOLDER)} has a .{records.FAULTY}.json each")
    for address, error in set_aside.items():
        print(f"set aside {address}: {error}")
    if set_aside:
        print("the same command tries them again")
    return int(bool(faulty or set_aside))


def _tasks(args: argparse.Namespace, job: CommandJob) -> list[Task]:
    from segnet_model.fleet.job import Task
    from segnet_model.fleet.naming import output_name, settings_of
    from segnet_model.fleet.storage import find_inputs

    settings = settings_of(args.work, job.settings())
    return [Task(output_name(item, settings), item) for item in find_inputs(args.bags)]


def _run(
    args: argparse.Namespace, job: CommandJob, out: Output, tasks: list[Task], shown: Board
) -> int:
    """Make the outputs; returns how many have faults."""
    from segnet_model.fleet.cluster import cluster
    from segnet_model.fleet.pool import Pool, Size

    size = Size(args.workers, args.cpus, args.gpus)
    with cluster(args.address), Pool(job, out, size) as pool:
        return sum(outcome is not None and outcome.faulty for _, outcome in pool.run(tasks, shown))


def _check_packages(args: argparse.Namespace, job: CommandJob) -> None:
    """Raise ModuleNotFoundError where the work needs PyTorch, runs here, and there is none."""
    for name in NETWORK_PACKAGES if job.network and args.address is None else ():
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
