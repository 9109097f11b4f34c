"""Sources by a URL are those of the same files on this machine."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import time

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
import scipy.sparse
import torch
from PIL import Image

from ama.data.remote_files import is_url, local_name, without_secrets
from ama.data.sources import open_source
from ama.errors import InputError


@pytest.fixture
def folder(tmp_path, rng):
    """A table as Parquet and CSV, shards, and images of which one cannot be read, in a folder of this machine."""
    table = pa.table({name: rng.normal(size=30) for name in "ab"})
    pq.write_table(table, tmp_path / "rows.parquet")
    pa.csv.write_csv(table, tmp_path / "rows.csv")
    pa.feather.write_feather(table, str(tmp_path / "rows.feather"))
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress((tmp_path / "rows.csv").read_bytes()))
    rows = [json.dumps(row) for row in table.to_pylist()]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    numbers = rng.normal(size=(30, 2))
    np.savetxt(tmp_path / "rows.txt", numbers)
    np.savetxt(tmp_path / "rows.dat.gz", numbers)
    np.save(tmp_path / "rows.npy", numbers)
    np.savez(tmp_path / "rows.npz", X=numbers, y=np.arange(30))
    scipy.sparse.save_npz(tmp_path / "sparse.npz", scipy.sparse.csr_array(numbers))
    (tmp_path / "shards").mkdir()
    pq.write_table(table[:10], tmp_path / "shards" / "0.parquet")
    pq.write_table(table[10:], tmp_path / "shards" / "1.parquet")
    (tmp_path / "images" / "cat").mkdir(parents=True)
    for i in range(20):
        pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / "cat" / f"{i:02}.png")
    (tmp_path / "images" / "bad.png").write_text("hello")
    (tmp_path / "images" / "notes.txt").write_text("hello")
    return tmp_path


def test_several_urls_are_one_table(folder):
    urls = [(folder / name).as_uri() for name in ("rows.parquet", "rows.csv")]
    found = open_source(urls)
    assert found.named == found.name == f"{urls[0]} and 1 more"
    expected = open_source([folder / "rows.parquet", folder / "rows.csv"]).read().x
    assert torch.equal(found.read().x, expected)
    assert torch.equal(open_source([folder / "rows.parquet", urls[1]]).read().x, expected)
    assert torch.equal(open_source([urls[0], urls[0]]).read().x, expected[:30].repeat(2, 1))
    with pytest.raises(InputError, match=r"none\.csv"):
        open_source([urls[1], (folder / "none.csv").as_uri()])


NAMES = [
    "rows.parquet",
    "rows.csv",
    "rows.csv.gz",
    "rows.feather",
    "rows.jsonl",
    "rows.txt",
    "rows.dat.gz",
    "rows.npy",
    "rows.npz",
    "sparse.npz",
    "shards",
    "images",
    "images/cat/03.png",
]


def check_same(url, path):
    found, expected = open_source(url).read(), open_source(str(path)).read()
    assert torch.equal(found.x, expected.x)
    assert (found.ids, found.skipped) == (expected.ids, expected.skipped)
    assert (found.labels is None) == (expected.labels is None)
    if found.labels is not None:
        assert found.labels.tolist() == expected.labels.tolist()
    assert len(found.remarks) == len(expected.remarks)


@pytest.fixture
def in_memory(folder):
    """The same under a URL of fsspec."""
    filesystem = fsspec.filesystem("memory")
    filesystem.put(str(folder), "/bucket", recursive=True)
    yield "memory://bucket"
    filesystem.rm("/bucket", recursive=True)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_fsspec_and_pyarrow_are_those_of_this_machine(folder, in_memory, name):
    check_same(f"{in_memory}/{name}", folder / name)
    check_same((folder / name).as_uri(), folder / name)


def test_a_folder_that_vanishes_while_it_is_read_is_no_folder_of_unreadable_images(in_memory):
    source = open_source(f"{in_memory}/images")
    fsspec.filesystem("memory").rm("/bucket/images", recursive=True)
    with pytest.raises(
        InputError, match=r"images can no longer be read, from bad\.png on: the folder is gone"
    ):
        source.read()


@pytest.fixture
def bucket(folder, monkeypatch):
    """The same on a loopback server that speaks S3."""
    server = os.environ.get("MOTO_SERVER")
    if server is None:
        pytest.skip(
            "MOTO_SERVER does not name moto_server: install moto[server] in an environment of its own"
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL)
    try:
        for name, value in (
            ("ENDPOINT_URL", f"http://127.0.0.1:{port}"),
            ("ACCESS_KEY_ID", "a"),
            ("SECRET_ACCESS_KEY", "b"),
        ):
            monkeypatch.setenv(f"AWS_{name}", value)
        for _ in range(600):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        there, _ = pa.fs.FileSystem.from_uri("s3://bucket/?allow_bucket_creation=true")
        there.create_dir("bucket")
        for path in (path for path in folder.rglob("*") if path.is_file()):
            with there.open_output_stream(f"bucket/{path.relative_to(folder).as_posix()}") as file:
                file.write(path.read_bytes())
        yield "s3://bucket"
    finally:
        process.kill()
        process.wait()


def test_files_on_s3_are_those_of_this_machine(folder, bucket):
    for name in NAMES:
        check_same(f"{bucket}/{name}", folder / name)
    with pytest.raises(InputError, match=r"there is no file or folder s3://nowhere/rows\.parquet"):
        open_source("s3://nowhere/rows.parquet")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("foo://a/b.csv", "foo://a/b.csv cannot be read: Protocol not known: foo"),
        ("az://a/b.csv", "az://a/b.csv needs a library that is not installed: .*adlfs"),
        ("memory://nothing/b.csv", "there is no file or folder memory://nothing/b.csv"),
        ("s3://a b", "s3://a b cannot be read: .*URI"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(url, message):
    with pytest.raises(InputError, match=message):
        open_source(url)


def test_a_folder_without_samples_and_an_unknown_suffix_are_refused(folder):
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds neither images .* nor shards"):
        open_source((folder / "empty").as_uri())
    with pytest.raises(InputError, match=r"notes.txt has no rows"):
        open_source((folder / "images" / "notes.txt").as_uri())
    (folder / "notes.md").write_text("hello")
    with pytest.raises(InputError, match=r"notes.md has the suffix .md, expected of a URL .parquet, .csv"):
        open_source((folder / "notes.md").as_uri())


def test_an_array_that_its_file_does_not_hold_is_refused_before_it_is_read(folder, in_memory):
    content = (folder / "rows.npy").read_bytes()
    with fsspec.open(f"{in_memory}/cut.npy", "wb") as file:
        file.write(content[:-8])
    with pytest.raises(
        InputError, match=r"cut.npy declares an array of shape \(30, 2\) and type float64, but"
    ):
        open_source(f"{in_memory}/cut.npy")


def test_keys_and_passwords_are_not_kept(folder):
    assert without_secrets("s3://key:secret@bucket/a.csv?secret_key=b") == "s3://bucket/a.csv"
    assert [is_url(name) for name in ("s3://bucket", "C:\\images", "images/cat")] == [True, False, False]
    assert open_source(f"{(folder / 'rows.csv').as_uri()}?key=a").named == (folder / "rows.csv").as_uri()


def test_a_url_of_this_machine_names_a_path():
    assert local_name("file:///some/a%20b.csv") == local_name("local:///some/a%20b.csv") == "/some/a b.csv"
    for name in ("s3://bucket/a.csv", "file.csv", "owner/name", ""):
        assert local_name(name) == name
