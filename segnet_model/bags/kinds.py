"""Kinds of files, told by their first bytes: recordings, and files that are often taken for one."""

from __future__ import annotations

import shlex
from pathlib import Path

from segnet_model.base.errors import BagError, reading

MCAP = b"\x89MCAP0\r\n"
SQLITE = b"SQLite format 3\0"
ZSTD = b"\x28\xb5\x2f\xfd"
SUFFIXES = {".mcap": MCAP, ".db3": SQLITE}
PACKED = ".zstd"  # end of the name of a file in a folder that was compressed
CONVERT = "pip install rosbags, then rosbags-convert --src {0} --dst {1}"
UNFINISHED = ".active"  # end of the name of a ROS 1 bag that its recorder did not finish
REINDEX = "rosbag reindex {0} where ROS 1 is, as in the container ros:noetic; then convert it"
# The first bytes of other kinds, their name and the line that makes a recording of them.
OTHERS = (
    (b"#ROSBAG V", "a ROS 1 bag", CONVERT),
    (ZSTD, "compressed with zstd", "zstd -d {0}"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "lz4 -d {0}"),
    (b"\x1f\x8b", "compressed with gzip", "tar xf {0}, or gunzip {0}"),
    (b"BZh", "compressed with bzip2", "tar xf {0}, or bunzip2 {0}"),
    (b"\xfd7zXZ\0", "compressed with xz", "tar xf {0}, or unxz {0}"),
    (b"PK\x03\x04", "a ZIP archive", "unzip {0}"),
    (b"version https://git-lfs", "the pointer that Git LFS left", "git lfs pull"),
    (b"\x89PNG\r\n", "a PNG image", "mv {0} {1}.png"),
    (b"\xff\xd8\xff", "a JPEG image", "mv {0} {1}.jpg"),
    (b"\0\5\x16\7", "what macOS keeps beside a file", "ls -l {2}, which is the file"),
)
# The lines that save what is whole in a damaged recording; after errors, SQLite would roll back.
RESCUES = {
    ".mcap": "mcap recover {0} -o whole.mcap",
    ".db3": "sqlite3 {0} .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 whole.db3",
}
METADATA = "metadata.yaml"
BESIDE = ("-wal", "-shm", "-journal")  # ends of the names of files that SQLite writes
LONGEST = 300  # bytes, of which the name of a TAR archive's kind is at 257
TAR = slice(257, 262)


def first_bytes(file: Path) -> bytes:
    """The first bytes of a regular file; BagError where it is none: a pipe never ends.

    Raises:
        OSError: it cannot be read.
    """
    if file.exists() and not file.is_file():
        raise BagError(f"{file.name} is no file; copy the bag again")
    with reading(file), file.open("rb") as stream:
        return stream.read(LONGEST)


def is_bag_folder(path: Path) -> bool:
    """Whether a path is a rosbag2 folder."""
    return (path / METADATA).is_file()


def is_recording(file: Path) -> bool:
    """Whether a file is named as a recording, or has the first bytes of one."""
    if file.suffix in SUFFIXES:
        return True
    return file.is_file() and first_bytes(file).startswith(tuple(SUFFIXES.values()))


def rescue(bag: Path) -> str:
    """What to do with a damaged recording: the line saves what is whole in its first file."""
    files = sorted(bag.iterdir()) if bag.is_dir() else [bag]
    for file in files:
        for suffix, magic in SUFFIXES.items():
            if file.is_file() and first_bytes(file).startswith(magic):
                line = RESCUES[suffix].format(shlex.quote(str(file)))
                return f"copy it again, or save what is whole: {line}"
    return "copy it again"


def refuse_other_kinds(file: Path) -> None:
    """Raise BagError for a file of another kind, with the line to type."""
    start = first_bytes(file)
    for end in BESIDE:
        if file.name.endswith(end):
            raise BagError(f"{file} belongs to {file.name.removesuffix(end)}; name that")
    if file.name == METADATA:
        raise BagError(f"{file} belongs to the bag {file.absolute().parent}; name that")
    if not start:
        raise BagError(f"{file} is empty; record it again, or copy it again")
    kinds = [(name, line) for magic, name, line in OTHERS if start.startswith(magic)]
    if start[TAR] == b"ustar":
        kinds.append(("a TAR archive", "tar xf {0}"))
    for name, line in kinds:
        if line == CONVERT and file.suffix == UNFINISHED:
            line = REINDEX
        others = file, file.with_suffix(""), file.with_name(file.name.removeprefix("._"))
        typed = line.format(*(shlex.quote(str(each)) for each in others))
        raise BagError(f"{file} is {name}; type {typed}")


def check_kind(file: Path) -> bytes:
    """The first bytes that mark a recording, `MCAP` or `SQLITE`.

    Raises:
        BagError: it is empty, or of another kind.
        OSError: it cannot be read.
    """
    start = first_bytes(file)
    if not start:
        raise BagError(f"{file.name} is empty: its recorder ended before it wrote; record it again")
    for magic in SUFFIXES.values():
        if start.startswith(magic):
            return magic
    refuse_other_kinds(file)
    raise BagError(
        f"{file.name} is damaged or no recording: it begins as neither MCAP nor SQLite does; copy "
        "it again"
    )
