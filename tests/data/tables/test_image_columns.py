"""Paths in a table of images lead nowhere but into the folder of the table."""

from __future__ import annotations

import os

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ama.data.sources import open_source
from image_files import noise, save
from places import png

KIND = pa.struct([("bytes", pa.binary()), ("path", pa.binary())])


@pytest.fixture
def place(tmp_path):
    """A folder with a table in it, and an image beside that folder."""
    save(tmp_path / "private" / "secret.png", noise(8, 8))
    save(tmp_path / "set" / "images" / "own.png", noise(8, 8))
    (tmp_path / "set" / "link.png").symlink_to(tmp_path / "private" / "secret.png")
    os.mkfifo(tmp_path / "set" / "pipe.png")
    return tmp_path


def table(place, *paths):
    rows = [{"bytes": png(noise(8, 8)), "path": b"0.png"}, *({"bytes": None, "path": path} for path in paths)]
    pq.write_table(pa.table({"image": pa.array(rows, KIND)}), place / "set" / "x.parquet")
    return place / "set" / "x.parquet"


@pytest.mark.parametrize("path", ["private/secret.png", "set/link.png", "set/../private/secret.png"])
def test_a_path_out_of_the_folder_is_not_opened(place, path):
    for given in (os.path.join(place, path), os.path.relpath(place / path, place / "set")):
        samples = open_source(table(place, given.encode())).read()
        assert samples.ids == ["0.png"]
        assert samples.skipped == [
            f"{given} cannot be read: it has no bytes, and its path leads out of the folder of the table"
        ]


def test_paths_into_the_folder_are_opened_and_pipes_are_not(place):
    path = table(
        place,
        b"images/own.png",
        bytes(place / "set" / "images" / "own.png"),
        b"pipe.png",
        b"\xff.png",
        b"a\0b",
    )
    for source in (path, place / "set" / "x"):
        samples = open_source(source).read()
        assert samples.ids == ["0.png", "images/own.png", f"{place}/set/images/own.png"]
        assert [sentence.split(": ", 1) for sentence in samples.skipped] == [
            ["pipe.png cannot be read", "it is a pipe, expected a file"],
            ["\ufffd.png cannot be read", "No such file or directory"],
            ["a\ufffdb cannot be read", "its path is not that of a file"],
        ]


def test_folders_of_the_datasets_library_work(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for label in ("cat", "dog"):
        for i in range(2):
            save(tmp_path / "set" / "train" / label / f"{i}.png", noise(8, 8))
    loaded = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "set"))
    for source in (loaded, loaded["train"], f"hf://{tmp_path}/set"):
        samples = open_source(source).read()
        assert samples.labels.tolist() == ["cat", "cat", "dog", "dog"]
        assert samples.skipped == []
