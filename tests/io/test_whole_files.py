"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ama.errors import InputError
from ama.io.whole_files import check_file_path, check_no_source, replacing, write_text


def test_a_text_replaces_an_existing_one_and_leaves_no_other_file(tmp_path):
    for text in ("first", "zweitens: ä\n"):
        write_text(tmp_path / "page.html", text)
        assert (tmp_path / "page.html").read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_an_existing_file_is_kept_if_the_new_one_cannot_be_written(tmp_path):
    (tmp_path / "page.html").write_text("older")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "page.html", "\ud800")
    assert (tmp_path / "page.html").read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(
        InputError, match=r"^cannot write .*nowhere/page.html: the folder .*nowhere does not exist$"
    ):
        write_text(tmp_path / "nowhere" / "page.html", "text")


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("page.pdf", "its name must end in .html or .htm"),
        ("nowhere/page.html", "the folder .*nowhere does not exist"),
        ("folder.html", "it is a folder"),
        ("link.html", "it is a link to .*nowhere/page, which does not exist"),
        ("pipe.html", "it is not a regular file"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused_in_advance(tmp_path, name, sentence):
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "link.html").symlink_to(tmp_path / "nowhere" / "page")
    os.mkfifo(tmp_path / "pipe.html")
    check_file_path(tmp_path / "page.html", (".html", ".htm"))
    with pytest.raises(InputError, match=f"^cannot write {tmp_path / name}: {sentence}$"):
        check_file_path(tmp_path / name, (".html", ".htm"))


def test_a_name_that_is_too_long_is_refused_in_advance(tmp_path):
    with pytest.raises(InputError, match=r"File name too long$"):
        check_file_path(tmp_path / ("n" * 251 + ".html"), (".html", ".htm"))


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_a_link_is_followed_and_a_long_name_is_no_hindrance(tmp_path):
    (tmp_path / "disk").mkdir()
    long = tmp_path / "disk" / ("n" * 250 + ".html")
    write_text(long, "older")
    (tmp_path / "page.html").symlink_to(long)
    write_text(tmp_path / "page.html", "newer")
    assert (tmp_path / "page.html").is_symlink()
    assert long.read_text() == "newer"
    assert os.listdir(tmp_path / "disk") == [long.name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_disk_without_space_keeps_the_existing_file(tmp_path):
    (tmp_path / "page.html").write_text("older")

    def fill():
        with replacing(tmp_path / "page.html") as temporary:
            temporary.symlink_to("/dev/full")
            temporary.write_text("newer")

    with pytest.raises(InputError, match=r"cannot write .*page\.html: No space left on device"):
        fill()
    assert (tmp_path / "page.html").read_text() == "older"
    assert os.listdir(tmp_path) == ["page.html"]


@pytest.mark.skipif(os.name != "posix", reason="locks are POSIX's")
def test_what_a_killed_run_left_is_removed_by_the_next_and_what_another_writes_is_not(tmp_path):
    child = os.fork()
    if child == 0:
        with replacing(tmp_path / "page.html") as temporary:
            temporary.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(os.listdir(tmp_path)) == 1
    with replacing(tmp_path / "page.html") as slow:
        assert os.listdir(tmp_path) == []
        slow.touch()
        write_text(tmp_path / "page.html", "quick")
        assert sorted(os.listdir(tmp_path)) == [slow.name, "page.html"]
        slow.write_text("slow")
    assert os.listdir(tmp_path) == ["page.html"]
    assert (tmp_path / "page.html").read_text() == "slow"


def test_scores_may_lie_among_images_but_replace_no_shard(tmp_path):
    (tmp_path / "a.parquet").touch()
    check_no_source(tmp_path / "scores.parquet", str(tmp_path))
    (tmp_path / "_SUCCESS").touch()
    with pytest.raises(InputError, match=r"cannot write .*a\.parquet: .* is read from it; name another file"):
        check_no_source(tmp_path / "a.parquet", str(tmp_path))
    (tmp_path / "0.png").touch()
    check_no_source(tmp_path / "a.parquet", str(tmp_path))
    for source in ("hf://owner/name", "https://host/a.parquet", "", "digits", "a\0b"):
        check_no_source(tmp_path / "a.parquet", source)
