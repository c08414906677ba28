import io
import stat
import struct
import zipfile

import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations import archives
from segnet_model.datasets.annotations.archives import open_export


def write_zip(path, *members, kind=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def names_of(path):
    with open_export(path) as source:
        return source.names


def test_a_zip_and_a_folder_hold_the_same(tmp_path):
    members = [("a/1.png", b"one"), ("b.txt", b"two"), ("a/.hidden", b""), ("__MACOSX/a", b"")]
    for name, data in members:
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "folder" / "empty").mkdir()
    for path in (tmp_path / "folder", write_zip(tmp_path / "x.zip", *members, ("empty/", b""))):
        with open_export(path) as source:
            assert source.names == ("a/1.png", "b.txt")
            assert source.read("a/1.png") == b"one"


@pytest.mark.parametrize(
    "name",
    ["../x.png", "a/../../x.png", "/etc/x.png", "C:/x.png", "c:x.png", "a\\..\\x.png", "..", "\0"],
)
def test_names_that_point_elsewhere_are_refused(tmp_path, name):
    # The name of the same length is replaced afterwards: zipfile itself mends some when writing.
    other = "q" * len(name)
    path = write_zip(tmp_path / "x.zip", ("good.png", b""), (other, b"data"))
    path.write_bytes(path.read_bytes().replace(other.encode(), name.encode()))
    with pytest.raises(DatasetError, match=r"x\.zip is refused.*zip the plain files anew"):
        names_of(path)


def test_two_dots_within_a_name_are_no_danger(tmp_path):
    assert names_of(write_zip(tmp_path / "x.zip", ("a..b/..c.png", b""))) == ()
    assert names_of(write_zip(tmp_path / "x.zip", ("a..b/c...png", b""))) == ("a..b/c...png",)


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("x.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DatasetError, match="'x.png' is a link"):
        names_of(write_zip(tmp_path / "x.zip", (link, "/etc/passwd")))


def test_encrypted_members_are_refused(tmp_path):
    path = write_zip(tmp_path / "x.zip", ("x.png", b"data"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # flag bit 0 of the central directory
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="'x.png' is encrypted"):
        names_of(path)


def test_unusual_compression_is_refused(tmp_path):
    path = write_zip(tmp_path / "x.zip", ("x.png", b"data"), kind=zipfile.ZIP_BZIP2)
    with pytest.raises(DatasetError, match="compressed in an unusual way"):
        names_of(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(tmp_path):
    path = write_zip(tmp_path / "x.zip", ("x.png", b"one"), ("x.png", b"two"))
    with pytest.raises(DatasetError, match="holds 'x.png' twice"):
        names_of(path)


def test_a_bomb_is_refused_before_it_is_read(tmp_path):
    path = write_zip(tmp_path / "x.zip", *((f"{i}.png", bytes(2**24)) for i in range(5)))
    with pytest.raises(DatasetError, match=r"would unpack to 83886080, more than 200 times"):
        names_of(path)


def test_members_that_share_their_bytes_are_counted_by_the_file(tmp_path):
    # As in Fifield's bombs: every entry of the directory points at the same 64 KB.
    path = write_zip(tmp_path / "x.zip", ("0000.png", bytes(2**26)))
    data = path.read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = b"".join(
        data[start:end].replace(b"0000.png", f"{i:04}.png".encode()) for i in range(9)
    )
    tail = bytearray(data[end:])
    struct.pack_into("<HHL", tail, 8, 9, 9, len(entries))
    path.write_bytes(data[:start] + entries + bytes(tail))
    with pytest.raises(DatasetError, match=f"would unpack to {9 * 2**26}"):
        names_of(path)


def test_what_shrinks_well_but_is_small_is_fine(tmp_path):
    path = write_zip(tmp_path / "x.zip", ("x.json", b" " * 2**20))
    with open_export(path) as source:
        assert len(source.read("x.json")) == 2**20


def test_a_member_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 100)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_bytes(bytes(101))
    for path in (tmp_path / "folder", write_zip(tmp_path / "x.zip", ("x", bytes(101)))):
        with open_export(path) as source, pytest.raises(DatasetError, match="longer than 100"):
            source.read("x")


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    members = [(str(i), b"") for i in range(4)]
    with pytest.raises(DatasetError, match="holds more than 3 files"):
        names_of(write_zip(tmp_path / "x.zip", *members))


def test_a_damaged_member_is_named(tmp_path):
    path = write_zip(tmp_path / "x.zip", ("x.png", b"some text " * 9), kind=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"some", b"same", 1))
    with open_export(path) as source, pytest.raises(DatasetError, match="damaged in the zip"):
        source.read("x.png")


def test_a_cut_zip_and_other_files_are_refused(tmp_path):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("x", b"data")
    (tmp_path / "cut.zip").write_bytes(whole.getvalue()[:-30])
    (tmp_path / "empty.zip").touch()
    for name in ("cut.zip", "empty.zip"):
        with pytest.raises(DatasetError, match=f"{name} is neither a folder nor a whole zip"):
            names_of(tmp_path / name)
    (tmp_path / "other.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    with pytest.raises(DatasetError, match=r"is no zip; unpack it and name the folder: unrar x"):
        names_of(tmp_path / "other.rar")
    with pytest.raises(DatasetError, match="there is no .*none"):
        names_of(tmp_path / "none")
