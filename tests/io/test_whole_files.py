"""Files that are written completely or not at all."""

from __future__ import annotations

import pytest

from ama.errors import InputError
from ama.io.whole_files import check_file_path, write_text


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


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("page.pdf", "its name must end in .html or .htm"),
        ("nowhere/page.html", "the folder .*nowhere does not exist"),
        ("folder.html", "it is a folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused_in_advance(tmp_path, name, sentence):
    (tmp_path / "folder.html").mkdir()
    check_file_path(tmp_path / "page.html", (".html", ".htm"))
    with pytest.raises(InputError, match=f"^cannot write {tmp_path / name}: {sentence}$"):
        check_file_path(tmp_path / name, (".html", ".htm"))
