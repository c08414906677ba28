"""JSON and XML of annotation tools, which are not trusted, read with limits on length and parts."""

from __future__ import annotations

import codecs
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles

MAX_BYTES = 1 << 26  # COCO's own 5000 validation images have 20 MB
MAX_PARTS = 1 << 21  # lists and groups of JSON
MAX_ELEMENTS = 1 << 19  # of XML
IMAGE_DATA = re.compile(rb'"imageData"\s*:\s*"[A-Za-z0-9+/=\\]*"')  # labelme's: the image as text
NO_TEXT = "is no UTF-8 text; save it as UTF-8"
DAMAGE = (TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)


@contextmanager
def read_safely() -> Iterator[None]:
    """Turn what Python raises for a strange document into DatasetError."""
    try:
        yield
    except KeyError as error:
        raise DatasetError(f"lacks {str(error)[:80]}; was it changed by hand?") from None
    except DAMAGE as error:
        raise DatasetError(
            f"holds a value of another kind than expected ({str(error)[:80]}); was it changed by "
            "hand?"
        ) from None


def read_json(source: ExportFiles, name: str) -> Any:
    """Read a JSON file; DatasetError where it is damaged, or too large."""
    data = IMAGE_DATA.sub(b'"imageData": null', source.read(name))
    check_bytes(data)
    if data.count(b"[") + data.count(b"{") > MAX_PARTS:
        raise DatasetError(f"has more than {MAX_PARTS} lists; import it in parts")
    return load_json(data)


def load_json(data: bytes) -> Any:
    """Parse JSON; DatasetError where it is damaged."""
    try:
        return json.loads(data)
    except UnicodeDecodeError:
        raise DatasetError(NO_TEXT) from None
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"is not whole JSON ({error}); export it again") from None


def decoded(data: bytes) -> str:
    """The text of a file, in UTF-8, or in UTF-16 with its mark, as Windows writes it.

    Raises:
        DatasetError: it is neither.
    """
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        raise DatasetError(NO_TEXT) from None


def read_xml(source: ExportFiles, name: str) -> ET.Element:
    """Read an XML file without entities; DatasetError where it is damaged, or too large."""
    data = source.read(name)
    check_bytes(data)
    try:
        parser = ET.XMLParser(target=_Builder())
        parser.feed(data)
        root: ET.Element = parser.close()
        return root
    except (ET.ParseError, ValueError, LookupError) as error:  # LookupError of the encoding
        raise DatasetError(f"is not whole XML ({error}); export it again") from None


class _Builder(ET.TreeBuilder):
    """Tree builder with a limit; it refuses a document type, which declares entities."""

    _count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise DatasetError(f"has more than {MAX_ELEMENTS} elements; import it in parts")
        return super().start(tag, attrs)

    def doctype(self, *_: object) -> NoReturn:
        raise DatasetError("has a document type, which no export needs; export it again")


def check_bytes(data: bytes) -> None:
    """Raise DatasetError for more than `MAX_BYTES`."""
    if len(data) > MAX_BYTES:
        raise DatasetError(f"has {len(data)} bytes; at most {MAX_BYTES} are read: import in parts")
