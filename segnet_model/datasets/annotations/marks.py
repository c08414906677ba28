"""Marks by which the format of an export is detected: names of files, and what is in some."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import jsons, pngs, xmls
from segnet_model.datasets.annotations.parsed import read_json, read_xml
from segnet_model.labels import LabelSet

MAX_READ = 20  # files of a kind; one for each image are alike
MAX_TITLES = 500  # bytes of a table, among which are the titles of its columns


def called(names: Iterable[str], *wanted: str) -> list[str]:
    """The files that have one of these names, in any folder, and in small or large letters."""
    return [name for name in names if PurePosixPath(name).name.lower() in wanted]


class Marks:
    """What is in an export.

    Attributes:
        source: the export.
        labels: label set of label images.
        masks: the PNG files.
    """

    def __init__(self, source: ExportFiles, labels: LabelSet) -> None:
        self.source = source
        self.labels = labels
        self.masks = pngs(source.names)

    def has_file(self, name: str) -> bool:
        """Whether a file has this name, in any folder, and in small or large letters."""
        return bool(called(self.source.names, name))

    def has_json(self, known: Callable[[Any], bool]) -> bool:
        """Whether one of the first JSON files is known."""
        return any(known(document) for document in self.documents)

    def has_xml(self, known: Callable[[ET.Element], bool]) -> bool:
        """Whether one of the first XML files is known."""
        return any(known(root) for root in self._roots)

    @cached_property
    def documents(self) -> list[Any]:
        """The first JSON files, parsed, those in the outermost folders first."""
        return self._read(jsons(self.source.names), read_json)

    @cached_property
    def titles(self) -> list[str]:
        """The beginnings of the first tables, with the titles of their columns."""
        names = [name for name in self.source.names if name.lower().endswith(".csv")]
        return [
            self.source.read(name)[:MAX_TITLES].decode("utf-8", "replace").split("\n")[0].lower()
            for name in names[:MAX_READ]
        ]

    @cached_property
    def _roots(self) -> list[ET.Element]:
        return self._read(xmls(self.source.names), read_xml)

    def _read(self, names: list[str], read: Callable[[ExportFiles, str], Any]) -> list[Any]:
        found = []
        for name in sorted(names, key=lambda each: each.count("/"))[:MAX_READ]:
            try:
                found.append(read(self.source, name))
            except DatasetError as error:
                self.damaged = self.damaged or f"{name}: {error}"
        return found

    damaged = ""  # why the first file that cannot be read cannot
