"""An object store for tests, `faulty://`, whose faults all processes of a machine share.

It keeps its files on the disk. Two variables of the environment break it: FAULTY_TWICE, a folder
that counts how often each file was fetched, fails the first two fetches of each; FAULTY_DISK fails
every fetch as on a machine whose disk is full. While a file `waiting` lies beside the installed
copy of this file, the others wait until that machine has fetched.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem

PREFIX = "faulty://"
WAITING = Path(__file__).with_name("waiting")
PATIENCE = 60.0  # seconds, after which nobody waits any more


class FaultyStore(LocalFileSystem):
    """A file system that is not the machine's own."""

    protocol = "faulty"

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix(PREFIX))

    def unstrip_protocol(self, name):
        return PREFIX + self._strip_protocol(name)

    def get_file(self, rpath, lpath, **options):
        if "FAULTY_DISK" in os.environ:
            WAITING.unlink(missing_ok=True)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(lpath))
        until = time.monotonic() + PATIENCE
        while WAITING.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if folder := os.environ.get("FAULTY_TWICE"):
            count = Path(folder, Path(rpath).name)
            with count.open("a") as file:
                file.write(".")
            if count.stat().st_size <= 2:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), str(rpath))
        return super().get_file(rpath, lpath, **options)


def install(folder: Path) -> None:
    """Write what makes this store known to every Python that has the folder on its path."""
    import fsspec

    fsspec.register_implementation("faulty", FaultyStore, clobber=True)
    (folder / "faulty_store.py").write_text(Path(__file__).read_text())
    about = folder / "faulty_store-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty_store\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[fsspec.specs]\nfaulty=faulty_store:FaultyStore\n")
