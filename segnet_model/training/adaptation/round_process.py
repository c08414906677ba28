"""Process of a round of learning, beside a program that has to stay responsive."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from segnet_model.training.adaptation.settings import AdaptSettings

logger = logging.getLogger(__name__)
PROGRAM = "segnet_model.training.adaptation.round"
ROOT = Path(__file__).parents[3]  # of the package, for the process to find it
STOP_TIMEOUT = 5.0  # seconds from SIGTERM to SIGKILL


@dataclass(frozen=True)
class Result:
    """What a round came to.

    Attributes:
        weights: the file; None where the round failed.
        text: the outcome in a sentence, or why it failed.
        refusal: why the weights are no gain; empty where they are one.
    """

    weights: Path | None
    text: str
    refusal: str


class RoundProcess:
    """A round in a process of its own, which ends soon after this one, however this one ends.

    Attributes:
        share: of the round that is done, 0 to 1.
    """

    def __init__(
        self, buffer: Path, out: Path, settings: AdaptSettings, threads: int, nice: int
    ) -> None:
        """Start it.

        Args:
            buffer: to learn from.
            out: folder of the round; what an earlier round left there is replaced, but for worlds.
            settings: how to adapt.
            threads: number of processor threads.
            nice: that is added to this process's, 0 to 19: 19 yields to all others.

        Raises:
            OSError: there is no process to be had.
        """
        job = {"buffer": str(buffer), "out": str(out), "settings": asdict(settings),
               "threads": threads, "nice": nice, "parent": os.getpid()}  # fmt: skip
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, json.dumps(job)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)},
        )  # fmt: skip
        self.share = 0.0
        self._found: dict[str, Any] = {}
        self._last = ""  # line that is none of ours, as of a traceback
        self._reader = Thread(target=self._read, name="round", daemon=True)
        self._reader.start()

    @property
    def process(self) -> int:
        """Number of the process."""
        return self._process.pid

    def result(self) -> Result | None:
        """What it came to; None while it works."""
        if self._reader.is_alive() or self._process.poll() is None:
            return None
        found = self._found
        if "weights" in found and not self._process.returncode:
            return Result(Path(found["weights"]), found["text"], found["refusal"])
        return Result(None, found.get("failed") or self._why(), "the round failed")

    def stop(self) -> None:
        """End it, if it still works, and wait for its end."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _why(self) -> str:
        code = self._process.returncode
        if code < 0:
            hint = "; was the memory short?" if code == -signal.SIGKILL else ""
            return f"its process was ended by signal {-code}{hint}"
        return self._last or f"its process ended with {code}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            if not isinstance(found, dict):
                self._last = line.strip() or self._last
            elif "share" in found:
                self.share = float(found["share"])
            elif "log" in found:
                logger.log(found["level"], "%s", found["log"])
            else:
                self._found = found
