"""Chain of weights: those that a trainer began with, and those that it handed over, on disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from segnet_model.base.documents import read_json
from segnet_model.base.errors import SegNetError, SettingsError, WeightsError
from segnet_model.base.marks import MARK
from segnet_model.images.files import new_file, read_bytes
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

FOLDER, FILE = "handed", "handed.json"
MOST = 5  # weights that were handed over; each is a file


@dataclass(frozen=True)
class Link:
    """Weights of a chain."""

    weights: str  # the file, or the name of shipped weights
    sha256: str


class Chain:
    """The weights, the oldest first; the first ones are those that the trainer began with."""

    def __init__(self, out: Path, origin: str) -> None:
        """Read OUT/handed.json, if it is there.

        Raises:
            WeightsError: there are no weights of this name.
            SettingsError: the file is damaged, or of a trainer that began with other weights.
        """
        self._out = out
        self.links = [Link(origin, file_sha256(find_weights(origin)))]
        self._read(out / FILE)

    @property
    def origin(self) -> Link:
        """Those that the trainer began with."""
        return self.links[0]

    @property
    def newest(self) -> Link:
        """Those that were handed over last."""
        return self.links[-1]

    def find(self, weights: str) -> Link | None:
        """Weights of the chain with the content of a file or of shipped weights."""
        try:
            digest = file_sha256(find_weights(weights))
        except (WeightsError, OSError):  # on another machine, or below another folder
            return None
        return next((each for each in reversed(self.links) if each.sha256 == digest), None)

    def before(self, link: Link) -> Link | None:
        """Those before; None of the first."""
        index = self.links.index(link)
        return self.links[index - 1] if index else None

    def stored(self, weights: Path) -> Link:
        """Copy a round's weights to where they stay; SegNetError or OSError where that fails."""
        digest = file_sha256(weights)
        folder = self._out / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        path = (folder / f"{digest[:12]}.safetensors").absolute()
        with new_file(path, known=True) as temporary:
            shutil.copyfile(weights, temporary)
        return Link(str(path), digest)

    def extend(self, link: Link, after: Link) -> None:
        """Put weights after others of the chain, in place of all that came after those."""
        kept = self.links[: self.links.index(after) + 1]
        self._set([kept[0], *kept[1:][-(MOST - 1) :], link])

    def cut(self, after: Link) -> None:
        """Leave out all weights after some."""
        self._set(self.links[: self.links.index(after) + 1])

    def _set(self, links: Sequence[Link]) -> None:
        """Write a new chain, and then remove the files that are in none; OSError or SegNetError."""
        with new_file(self._out / FILE, known=True) as path:
            path.write_text(json.dumps({"weights": [*map(asdict, links)], "segnet": MARK}))
        self.links = [*links]
        used = {each.weights for each in links}
        for path in (self._out / FOLDER).glob("*.safetensors"):
            if str(path.absolute()) not in used:
                with suppress(OSError):
                    path.unlink()

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        try:
            found = [Link(**each) for each in read_json(read_bytes(path).decode())["weights"]]
            first = found[0].sha256
        except (OSError, ValueError, LookupError, TypeError, SegNetError) as error:
            raise SettingsError(
                f"{path} cannot be read ({error}); move it away to begin with {self.origin.weights}"
            ) from None
        if first != self.origin.sha256:
            raise SettingsError(
                f"{path} is of a trainer that began with {found[0].weights}, which is not "
                f"{self.origin.weights}; give it as init, or another out"
            )
        self.links += [each for each in found[1:] if Path(each.weights).is_file()]
