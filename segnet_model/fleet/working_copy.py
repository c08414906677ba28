"""A data set in an object store, and the local copy of it that the driver works on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from segnet_model.base.errors import SegNetError
from segnet_model.base.leftovers import temporary_folder
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.fleet.storage import Output


class WorkingCopy:
    """A local folder whose changes go to an object store; on a disk, the output itself.

    Attributes:
        folder: to work in.
    """

    def __init__(self, out: Output, folder: Path) -> None:
        """Take a folder that is the same as the output."""
        self._out, self.folder = out, folder
        self._stored = self._files()

    def store(self, progress: ShareDone = no_progress) -> None:
        """Bring the output to the state of the folder.

        Files below its folders go first, then those in it, and then files are removed: a list of
        images is there after the images, and a file that says "unfinished" is the last to go.
        """
        if self._out.local is not None:
            return
        files = self._files()
        changed = [name for name, state in files.items() if self._stored.get(name) != state]
        for number, name in enumerate(sorted(changed, key=lambda each: ("/" not in each, each)), 1):
            self._out.put(self.folder / name, name)
            progress(number / len(changed))
        for name in self._stored.keys() - files.keys():
            self._out.remove(name)
        self._stored = files

    def fetched(self, other: Output, name: str) -> Path:
        """The path of a folder in another output; that of an object store is fetched."""
        if other.local is not None:
            return other.local / name
        target = self.folder.parent / f"{self.folder.name}_other" / name
        target.parent.mkdir(exist_ok=True)
        other.below(name).fetch(target)
        return target

    def _files(self) -> dict[str, tuple[int, int]]:
        """The state of each file that is not hidden; a file that is replaced has another one."""
        if self._out.local is not None:
            return {}
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        states = {path.relative_to(self.folder).as_posix(): path.stat() for path in paths}
        return {
            name: (state.st_ino, state.st_mtime_ns)
            for name, state in states.items()
            if not PurePosixPath(name).name.startswith(".")
        }


@contextmanager
def working_copy(out: Output, skip: str) -> Iterator[WorkingCopy]:
    """The output itself on a disk; of an object store, a copy that is removed in the end.

    Args:
        out: the data set.
        skip: a folder in it that is not copied.

    Raises:
        SegNetError: as within the context, with the name of the output in place of its copy's.
    """
    if out.local is not None:
        yield WorkingCopy(out, out.local)
        return
    with temporary_folder(Path(tempfile.gettempdir()) / "segnet_fleet_out") as near:
        folder = near / (PurePosixPath(out.path()).name or "out")
        out.fetch(folder, skip)
        try:
            yield WorkingCopy(out, folder)
        except SegNetError as error:
            raise type(error)(str(error).replace(str(folder), out.address)) from error
