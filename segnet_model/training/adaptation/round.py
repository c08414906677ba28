"""Round of learning from a frame buffer, as a program: it yields to all others, and says how it is.

`round_process` starts it. It writes lines of JSON: {"share": 0.5}, {"level": 20, "log": "..."}, and
in the end {"weights": ..., "text": ..., "refusal": ...} or {"failed": ...}.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segnet_model.base.errors import SegNetError
from segnet_model.threads import use_threads


class JsonLines(logging.Handler):
    """Writes each record as a line of JSON."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        say(level=record.levelno, log=record.getMessage())


def say(**values: Any) -> None:
    """Write a line of JSON."""
    print(json.dumps(values), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn once; the argument is the JSON that `round_process` makes."""
    job = json.loads((sys.argv[1:] if arguments is None else arguments)[0])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program that started it ends it
    os.nice(job["nice"])  # before there are threads, which inherit it
    use_threads(job["threads"])
    logging.getLogger("segnet_model").addHandler(JsonLines())
    logging.getLogger("segnet_model").setLevel(logging.INFO)
    try:
        _learn(Path(job["buffer"]), Path(job["out"]), job["settings"], job["parent"])
    except (SegNetError, OSError) as error:
        say(failed=str(error))
        return 1
    return 0


def _learn(buffer: Path, out: Path, settings: dict[str, Any], parent: int) -> None:
    from segnet_model.training.adaptation.adapt import adapt
    from segnet_model.training.adaptation.report import REPORT, SHEET
    from segnet_model.training.adaptation.settings import AdaptSettings
    from segnet_model.training.state import previous_state
    from segnet_model.training.trainer import STATE_FILE, WEIGHTS_FILE

    state = out / STATE_FILE
    # Each round is a new one, as the buffer has changed. The worlds in the folder stay.
    for path in (state, previous_state(state), *(out / e for e in (WEIGHTS_FILE, REPORT, SHEET))):
        path.unlink(missing_ok=True)

    def progress(share: float) -> None:
        if os.getppid() != parent:  # it was killed
            raise SystemExit(1)
        say(share=round(share, 4))

    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in settings.items()
    }
    found = adapt(buffer, out, AdaptSettings(**values), progress=progress)
    say(weights=str(found.weights), text=found.text, refusal=found.refusal)


if __name__ == "__main__":
    sys.exit(main())
