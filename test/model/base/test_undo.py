"""What is taken back after an error, and what stays."""

from __future__ import annotations

import pytest

from segnet_model.base.undo import make_folders, provisional, undone_on_error


def fail(tmp_path, *others):
    """Make a data set of a label set and other files, and fail."""

    @undone_on_error()
    def work():
        make_folders(tmp_path / "a" / "b")
        make_folders(tmp_path / "a" / "c")
        provisional(tmp_path / "a" / "labels.yaml")
        (tmp_path / "a" / "labels.yaml").touch()
        for each in others:
            (tmp_path / "a" / each).touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()


def test_empty_folders_and_what_means_nothing_alone_are_removed(tmp_path):
    fail(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_was_there_before_stays_and_does_not_count(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "notes").touch()
    fail(tmp_path, ".segnet.lock")
    left = {str(each.relative_to(tmp_path / "a")) for each in tmp_path.rglob("a/*")}
    assert left == {"b", "notes", ".segnet.lock"}


def test_beside_another_file_all_stays_but_empty_folders(tmp_path):
    fail(tmp_path, "b/1.png")
    left = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")}
    assert left == {"a", "a/b", "a/b/1.png", "a/labels.yaml"}


def test_folders_of_one_output_stay_together(tmp_path):
    def work(*names):
        for each in "bc":
            make_folders(tmp_path / "a" / each, tmp_path / "a")
        for name in names:
            (tmp_path / "a" / name).touch()
        raise KeyboardInterrupt

    for names, left in (((), set()), (["b/1.png"], {"a", "b", "c", "1.png"})):
        with pytest.raises(KeyboardInterrupt):
            undone_on_error()(work)(*names)
        assert {each.name for each in tmp_path.rglob("*")} == left


def test_a_file_that_was_there_is_never_removed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "labels.yaml").touch()
    fail(tmp_path)
    assert (tmp_path / "a" / "labels.yaml").exists()


def test_without_an_error_all_stays(tmp_path):
    with undone_on_error():
        make_folders(tmp_path / "a")
        provisional(tmp_path / "a" / "labels.yaml")
        (tmp_path / "a" / "labels.yaml").touch()
    assert (tmp_path / "a" / "labels.yaml").exists()
    make_folders(tmp_path / "b")  # outside, as in a library
    assert (tmp_path / "b").is_dir()
