"""Selected frames of many recordings: taken out of each, and a source of all of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path

from segnet_model.base.progress import ShareDone
from segnet_model.datasets.sources import Frame, Key, Source
from segnet_model.images.files import read_image, write_png

LIST_FILE = "frames.json"


def take_picked(
    source: Source, keys: Collection[tuple[str, int, int]], out: Path, progress: ShareDone
) -> int:
    """Write the frames with these keys (topic, stamp, reception) of an open source to a folder."""
    out.mkdir()
    rows: list[dict[str, object]] = []
    missing = set(keys)
    for frame in source.frames():
        key = frame.key[1:]
        image = source.decode(frame) if key in missing else None
        if image is None:
            continue
        missing.remove(key)
        write_png(out / f"{len(rows)}.png", image, flush=False)
        rows.append(
            {"key": key, "name": frame.name, "times": [frame.stamp_ns, frame.receive_ns],
             "suffixes": frame.suffixes, "timed": frame.timed}
        )  # fmt: skip
        progress(source.share(frame))
        if not missing:  # the rest of a long recording is not read
            break
    (out / LIST_FILE).write_text(json.dumps(rows), encoding="utf-8")
    return len(rows)


class PickedSource(Source):
    """The frames that `take_picked` took, recording by recording."""

    wall_clock = True

    def __init__(self, title: str, folders: Mapping[str, Path]) -> None:
        """Set the folder of each recording, by its address; title is for errors."""
        super().__init__(Path(title))
        self._folders = folders

    def __enter__(self) -> PickedSource:
        """Nothing to open."""
        return self

    def _read(self) -> Iterator[Frame]:
        for address, folder in self._folders.items():
            for number, row in enumerate(json.loads((folder / LIST_FILE).read_text("utf-8"))):
                read = partial(read_image, folder / f"{number}.png")
                stamp, receive = row["times"]
                yield Frame(
                    Key(address, *row["key"]), row["name"], stamp, receive, read,
                    tuple(row["suffixes"]), row["timed"],
                )  # fmt: skip
