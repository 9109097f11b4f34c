"""Kinds of files that are not read."""

from __future__ import annotations

import pytest

from ama.data.images.image_opening import SUFFIXES
from ama.data.sources import FILES, open_source
from ama.data.tables.table_names import NUMBERS
from ama.data.unread_files import INSTEAD, unread
from ama.errors import LONGEST_SENTENCE, InputError


def test_what_is_read_is_none_of_them_and_the_advice_fits_a_sentence():
    assert not set(INSTEAD) & {*FILES, *NUMBERS, *SUFFIXES}
    assert max(map(len, INSTEAD.values())) < LONGEST_SENTENCE / 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.MP4", ".mp4"),
        ("scan.nii.gz", ".nii"),
        ("a.tar.zst", ".tar"),
        ("b.zip", ".zip"),
        ("a.csv.xz", ".xz"),
        ("x.mp4.part", None),
    ],
)
def test_the_kind_is_that_of_the_suffix_before_a_compression(name, kind):
    said = unread(name)
    assert said == (None if kind is None else f"of a kind that is not read ({kind}): {INSTEAD[kind]}")


def test_files_and_folders_of_them_are_refused_with_what_to_do(tmp_path):
    (tmp_path / "clips").mkdir()
    for name in ("clips/a.mp4", "clips/b.mp4", "x.cr2", "t.tar.gz"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(
        InputError, match=r"clips holds 2 .mp4, of a kind that is not read \(.mp4\): save its frames"
    ):
        open_source(tmp_path / "clips")
    with pytest.raises(InputError, match=r"x.cr2 is a file of a kind that is not read \(.cr2\): develop"):
        open_source(tmp_path / "x.cr2")
    with pytest.raises(
        InputError, match=r"t.tar.gz is a file of a kind that is not read \(.tar\): unpack it"
    ):
        open_source(tmp_path / "t.tar.gz")
