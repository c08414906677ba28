import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.datasets.folder import load_label_set
from segnet_model.labels import LabelSet

CLASSES = "classes: [{name: a, color: [0, 0, 0]}]\n"


def alias(name):
    return f"name: *{name}\n{CLASSES}"


@pytest.fixture
def bad(tmp_path, refused):
    """A label set of some text, as a file and as a data set's own, is refused."""

    def check(text, match):
        path = tmp_path / "labels.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        for read in (lambda: LabelSet.load(path), lambda: load_label_set(tmp_path)):
            told = refused(rf"labels\.yaml: .*{match}", read, error=SettingsError)
            assert len(told) < 5000

    return check


def test_aliases_that_stand_for_gigabytes(bad, laughs, merges):
    bad(laughs(12) + alias("a11"), "an alias")
    bad(merges(12) + alias("a11"), "an alias")
    bad(laughs(12) + "name: x\nclasses: *a11\n", "an alias")


def test_an_alias_within_itself(bad):
    bad("name: x\nclasses: &a [*a]\n", "an alias")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_is_deep(bad, opening):
    bad(opening * 10_000, "deep|YAML|mapping|found|expected")


def test_what_is_long(bad):
    bad("name: x\nclasses:\n" + "- {name: a, color: [0, 0, 0]}\n" * 10**6, "at most 65536")
    bad(b"a" * (200 << 20), "at most 65536")


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['touch ran']", "!!python/name:os.system", "!own x"]
)
def test_tags_make_no_objects(bad, tag, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad(f"name: {tag}\n{CLASSES}", "could not determine a constructor")
    assert not (tmp_path / "ran").exists()


def test_a_tag_of_another_kind_than_its_value(bad):
    bad(f"name: !!int [1]\n{CLASSES}", "expected a scalar node")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ignore_id", ".inf"),
        ("ignore_id", ".nan"),
        ("ignore_id", "1" * 9999),
        ("ignore_id", "0x" + "f" * 9999),
        ("ignore_id", "1:" * 500 + "1"),
        ("ignore_id", "[1]"),
        ("ignore_color", "[1e400, 0, 0]"),
        ("ignore_color", "{a: 1, b: 2, c: 3}"),
        ("name", "[x]"),
        ("name", "{x: y}"),
    ],
    ids=lambda text: text[:20],
)
def test_values_of_the_wrong_form(bad, key, value):
    name = "" if key == "name" else "name: x\n"
    bad(f"{name}{key}: {value}\n{CLASSES}", "")


def test_names_that_a_terminal_would_obey(bad):
    for name in ('"\\e]0;x\\a"', '"\\n"', "a" * 101):
        bad(f"name: x\nclasses: [{{name: {name}, color: [0, 0, 0]}}]\n", "class name")


def test_what_is_no_text(bad):
    bad(b"\xff\xfe\x00", "")
    bad(b"name: \x00", "")


def test_what_is_no_plain_file(tmp_path, refused):
    (tmp_path / "labels.yaml").symlink_to("/dev/zero")
    refused("no such file", lambda: LabelSet.load(tmp_path / "labels.yaml"), error=SettingsError)
