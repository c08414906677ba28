"""The program `segnet`, which Ctrl-C ends without a traceback from its first line on."""

from __future__ import annotations

import signal


def main() -> int:
    """Import the commands and run the one of the command line; returns its exit code."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # not where a shell has it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to clean up yet
    from segnet_model.cli import main

    signal.signal(signal.SIGINT, before)
    return main()
