"""Paths that a user passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ama.errors import InputError
from ama.io.given_paths import given_path


def test_text_and_paths_are_paths():
    assert given_path("a/b", "folder") == given_path(Path("a", "b"), "folder") == Path("a", "b")


@pytest.mark.parametrize("value", [None, 3, ["a"], b"a"])
def test_anything_else_is_refused_by_the_name_of_the_argument(value):
    with pytest.raises(InputError) as refusal:
        given_path(value, "folder")
    assert str(refusal.value) == f"folder must be text or a pathlib.Path, found {value!r}"


def test_an_empty_text_is_not_the_current_folder():
    with pytest.raises(InputError, match=r"^folder is empty, expected a path: '\.' is the current folder$"):
        given_path("", "folder")
    assert given_path(".", "folder") == Path()
