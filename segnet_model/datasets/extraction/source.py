"""Where images come from, and what their files are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote


def bag_id(path: Path) -> str:
    """The name by which the manifest knows a bag: its absolute path."""
    return str(path.resolve())


@dataclass(frozen=True)
class Source:
    """A topic of a bag."""

    bag: Path
    topic: str
    named: bool  # whether files are named after the topic, because there are several

    @property
    def id(self) -> str:
        """Of the bag."""
        return bag_id(self.bag)

    def stem(self, stamp_ns: int) -> str:
        """What the names of an image begin with."""
        return str(stamp_ns)

    def names(self, stamp_ns: int) -> Iterator[str]:
        """What to call an image: the first that no other image has."""
        # "-" does not occur in ROS names, so that no two topics become one.
        topic = quote(self.topic.strip("/"), safe="/").replace("/", "-")
        bag = quote(self.bag.resolve().stem, safe="", errors="surrogateescape")
        if not self.named:
            yield f"{stamp_ns}.png"
        yield f"{stamp_ns}_{topic}.png"
        yield f"{stamp_ns}_{topic}_{bag}.png"
        yield from (f"{stamp_ns}_{topic}_{bag}_{number}.png" for number in count(2))


class FileSource(Source):
    """An image file: its folder stands for the bag, its name for the topic."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(path.parent, path.name, named=False)

    def stem(self, _stamp_ns: int) -> str:
        """What the names of the image begin with."""
        return Path(self.topic).stem

    def names(self, stamp_ns: int) -> Iterator[str]:
        """What to call the image: the first that no other image has."""
        stem = self.stem(stamp_ns)
        folder = quote(self.bag.resolve().name, safe="", errors="surrogateescape")
        yield f"{stem}.png"
        yield f"{stem}_{folder}.png"
        yield from (f"{stem}_{folder}_{number}.png" for number in count(2))
