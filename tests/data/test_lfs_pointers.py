"""Files that Git LFS has not fetched, in every kind of source."""

from __future__ import annotations

import re

import pytest

from ama.data.sources import open_source
from ama.errors import InputError

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"
SAID = "a pointer of Git LFS in place of the file: git lfs pull fetches it"


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npy", "npz", "txt", "xlsx", "jsonl"])
def test_it_is_named_and_how_it_is_fetched(tmp_path, suffix):
    (path := tmp_path / f"a.{suffix}").write_text(POINTER)
    with pytest.raises(InputError, match=re.escape(f"{path} is {SAID}")):
        open_source(path)


def test_among_shards_and_images_it_is_named(tmp_path):
    (tmp_path / "part-0.parquet").write_text(POINTER)
    with pytest.raises(InputError, match=re.escape(f"{tmp_path}/part-0.parquet is {SAID}")):
        open_source(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.png").write_text(POINTER)
    with pytest.raises(InputError, match=re.escape(f"1.png cannot be read: it is {SAID}")):
        open_source(tmp_path / "images").read()
