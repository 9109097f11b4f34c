"""Sources of encoded images: order, ids, labels, and unreadable files."""

from __future__ import annotations

import io
import os
import shutil
import struct
import zlib

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save
from places import png


def test_sub_folders_are_labels_and_paths_are_sorted_ids(tmp_path):
    for i, name in enumerate(["dog/2.png", "cat/b/1.png", "cat/a.PNG", "dog/10.png"]):
        save(tmp_path / name, np.full((8, 8), i, np.uint8))
    for ignored in ("notes.txt", "labels.csv", ".hidden.png", ".cache/x.png", "cat/readme.md"):
        (tmp_path / ignored).parent.mkdir(exist_ok=True)
        (tmp_path / ignored).write_text("x")
    source = open_source(tmp_path)
    samples = source.read()
    assert samples.ids == ["cat/a.PNG", "cat/b/1.png", "dog/10.png", "dog/2.png"]
    assert samples.labels.tolist() == ["cat", "cat", "dog", "dog"]
    assert samples.x[:, 0, 0, 0].tolist() == [2, 1, 3, 0]
    assert samples.skipped == []
    assert samples.columns is source.columns is None


def test_a_flat_folder_has_no_labels_and_a_single_file_is_a_source(tmp_path):
    path = save(tmp_path / "a.png", noise(8, 8))
    assert open_source(tmp_path).read().labels is None
    samples = open_source(str(path)).read()
    assert (samples.ids, samples.labels) == (["a.png"], None)


def test_linked_folders_are_followed_but_not_back_to_a_parent(tmp_path):
    save(tmp_path / "elsewhere" / "a.png", noise(8, 8))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "elsewhere")
    assert open_source(tmp_path / "set").read().ids == ["cat/a.png"]


def test_a_name_that_is_no_utf8_has_an_id_that_is(tmp_path):
    try:
        shutil.copy(save(tmp_path / "a.png", noise(8, 8)), os.fsencode(tmp_path) + b"/b\xff.png")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    samples = open_source(tmp_path).read()
    assert len(samples) == 2
    assert samples.ids == ["a.png", "b\N{REPLACEMENT CHARACTER}.png"]


def test_a_model_of_other_channels_is_refused(tmp_path):
    save(tmp_path / "a.png", noise(8, 8))
    with pytest.raises(InputError, match="have 1 or 3 channels, expected 5"):
        open_source(tmp_path, shape=(5, 8, 8))


def bomb() -> bytes:
    """A PNG of a few bytes whose header declares 10**10 pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b""))
    coded = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(coded)


@pytest.fixture
def broken(tmp_path):
    """Three good images among five that cannot be read."""
    for i in range(3):
        save(tmp_path / "good" / f"{i}.png", np.full((8, 8), i, np.uint8))
    whole = png(noise(8, 8))
    contents = {
        "bomb": bomb(),
        "cut": whole[:-30],
        "empty": b"",
        "jpeg_cut": None,
        "text": b"no image at all",
    }
    jpeg = save(tmp_path / "bad" / "jpeg_cut.png", Image.fromarray(noise(8, 8)), format="JPEG")
    contents["jpeg_cut"] = jpeg.read_bytes()[:-30]
    for name, content in contents.items():
        (tmp_path / "bad" / f"{name}.png").write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("batch_size", [1, 2, 5, 1024])
def test_broken_files_are_skipped_and_named_and_the_others_kept(broken, batch_size):
    source = open_source(broken)
    parts = list(source.batches(batch_size))
    assert all(0 < len(part) <= batch_size for part in parts)
    assert [i for part in parts for i in part.ids] == ["good/0.png", "good/1.png", "good/2.png"]
    assert torch.cat([part.x for part in parts])[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert [label for part in parts for label in part.labels] == ["good"] * 3
    skipped = [sentence for part in parts for sentence in part.skipped]
    assert [s.split(" cannot be read: ")[0] for s in skipped] == [
        f"bad/{name}.png" for name in ("bomb", "cut", "empty", "jpeg_cut", "text")
    ]
    assert "pixels" in skipped[0]
    assert "it is empty" in skipped[2]
    assert "truncated" in skipped[3]
    assert "it is not an image, or its format" in skipped[4]
    assert len(source) == 8
    assert source.read().skipped == skipped


@pytest.mark.parametrize("n_threads", [1, 3])
def test_photographs_are_decoded_in_threads_in_their_order(tmp_path, n_threads):
    for i in range(9):
        save(tmp_path / f"{i}.png", np.full((300, 260), 20 * i, np.uint8))
    (tmp_path / "4.png").write_bytes((tmp_path / "4.png").read_bytes()[:200])
    pages = [Image.fromarray(np.full((300, 260), level, np.uint8)) for level in (201, 202)]
    save(tmp_path / "6.tif", pages[0], save_all=True, append_images=pages[1:])
    source = open_source(tmp_path, image_size=64)
    source._n_threads = n_threads  # whatever the processors of this machine
    chunks = list(source.batches(4))
    assert [i for chunk in chunks for i in chunk.ids] == [
        *("0.png", "1.png", "2.png", "3.png", "5.png", "6.png", "6.tif[0]", "6.tif[1]", "7.png", "8.png")
    ]
    levels = torch.cat([chunk.x[:, 0, 5, 5] for chunk in chunks]).tolist()
    assert levels == [0, 20, 40, 60, 100, 120, 201, 202, 140, 160]
    assert [text for chunk in chunks for text in chunk.skipped] == [
        "4.png cannot be read: image file is truncated"
    ]


def test_values_of_a_photograph_out_of_range_are_refused_by_its_name(tmp_path):
    for name, top in (("a", 1.0), ("b", 7.0)):
        save(tmp_path / f"{name}.tif", Image.fromarray(np.full((300, 300), top, np.float32)))
    with pytest.raises(InputError, match=r"in .*, b\.tif has pixel values from 7 to 7, expected 0 to 1"):
        open_source(tmp_path, image_size=64).read()


@pytest.mark.parametrize(("lost", "left"), [("set", ""), ("set", "set"), ("set/b", "")])
def test_a_folder_that_vanishes_while_it_is_read_is_no_folder_of_unreadable_images(tmp_path, lost, left):
    for i in range(9):
        save(tmp_path / "set" / "ab"[i // 6] / f"{i}.png", noise(8, 8))
    batches = open_source(tmp_path / "set").batches(3)
    assert next(batches).ids == [f"a/{i}.png" for i in range(3)]  # and the next three are read
    (tmp_path / lost).rename(tmp_path / "elsewhere")
    if left:  # as where a disk was mounted
        (tmp_path / left).mkdir()
    with pytest.raises(InputError, match=r"set can no longer be read, from b/6\.png on: the folder is gone"):
        next(batches)


def test_a_file_that_vanishes_while_its_folder_is_read_is_skipped(tmp_path):
    paths = [save(tmp_path / f"{i}.png", noise(8, 8)) for i in range(8)]
    source = open_source(tmp_path)
    paths[5].unlink()
    samples = source.read()
    assert samples.ids == [f"{i}.png" for i in (0, 1, 2, 3, 4, 6, 7)]
    assert samples.skipped == ["5.png cannot be read: No such file or directory"]


def test_strict_refuses_a_broken_file_by_name(broken):
    with pytest.raises(InputError, match=rf"in {broken}, bad/bomb.png cannot be read"):
        open_source(broken, strict=True)
    for name in ("bomb", "empty", "text"):
        (broken / "bad" / f"{name}.png").unlink()
    with pytest.raises(InputError, match=rf"in {broken}, bad/cut.png cannot be read"):
        open_source(broken, strict=True).read()


def test_when_no_file_can_be_read_there_is_an_error(broken):
    with pytest.raises(
        InputError, match=rf"none of the samples of {broken / 'bad'} can be read; the first: bomb"
    ):
        open_source(broken / "bad").read()
    for name in ("bomb", "cut", "jpeg_cut"):
        (broken / "bad" / f"{name}.png").unlink()
    with pytest.raises(
        InputError, match=r"none of the samples of .* the first: empty.png cannot be read: it is empty"
    ):
        open_source(broken / "bad")


HUB_IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})


@pytest.fixture(params=["struct", "bytes", "large", "shards", "dataset"])
def column(request, tmp_path):
    """Stores encoded images and labels in one of the forms of a table."""

    def column(contents, labels):
        encoded = {
            "bytes": pa.array(contents, pa.binary()),
            "large": pa.array(contents, pa.large_binary()),
        }.get(request.param)
        if encoded is None:
            rows = [{"bytes": content, "path": f"{i}.png"} for i, content in enumerate(contents)]
            encoded = pa.array(rows, HUB_IMAGE)
        table = pa.table({"picture" if request.param == "bytes" else "image": encoded, "label": labels})
        if request.param == "dataset":
            features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
            return datasets.Dataset(table, info=datasets.DatasetInfo(features=features))
        if request.param == "shards":
            for i in range(len(contents)):
                pq.write_table(table[i : i + 1], tmp_path / f"train-{i:05}.parquet")
            return tmp_path
        pq.write_table(table, tmp_path / "train.parquet", row_group_size=2)
        return str(tmp_path / "train")

    return column


def test_images_in_a_table(column):
    images = [noise(8, 8, seed=i) for i in range(5)]
    source = open_source(column([png(i) for i in images], [3, 1, 4, 1, 5]))
    assert (source.kind, source.shape, len(source)) == ("images", (1, 8, 8), 5)
    samples = source.read()
    assert np.array_equal(samples.x[:, 0].numpy(), np.stack(images))
    assert samples.labels.tolist() == ["3", "1", "4", "1", "5"]
    assert [i.removesuffix(".png") for i in samples.ids] == ["0", "1", "2", "3", "4"]
    parts = list(source.batches(2))
    assert [i for part in parts for i in part.ids] == samples.ids
    assert torch.equal(torch.cat([part.x for part in parts]), samples.x)


def test_broken_images_of_a_table_are_skipped_and_named(column):
    samples = open_source(
        column([png(noise(8, 8)), b"", b"text", None, png(noise(8, 8))], [0, 1, 2, 3, 4])
    ).read()
    assert samples.labels.tolist() == ["0", "4"]
    assert [s.split(" cannot")[0].removeprefix("row ").removesuffix(".png") for s in samples.skipped] == list(
        "123"
    )


def test_the_label_column_of_a_table_may_be_named_and_must_exist(column):
    source = column([png(noise(8, 8))], [7])
    assert open_source(source, label_column="label").read().labels.tolist() == ["7"]
    with pytest.raises(InputError, match=r"has no column 'fine_label'; its columns are .*, label"):
        open_source(source, label_column="fine_label")


def test_class_labels_of_the_hub_go_by_their_names(tmp_path):
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])}
    )
    rows = {"image": [{"bytes": png(noise(8, 8)), "path": None}] * 3, "label": [1, 0, -1]}
    dataset = datasets.Dataset.from_dict(rows, features=features)
    dataset.to_parquet(tmp_path / "a.parquet")
    assert open_source(dataset).read().labels.tolist() == ["dog", "cat", "-1"]
    assert open_source(dataset.select([2, 1])).read().labels.tolist() == ["-1", "cat"]
    samples = open_source(tmp_path / "a.parquet").read()
    assert samples.labels.tolist() == ["dog", "cat", "-1"]
    assert samples.ids == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("name", "shape", "labels"),
    [
        ("mnist/test", (1, 28, 28), [str(i) for i in range(10)]),
        ("omniglot/test", (1, 105, 105), [str(i) for i in range(8)]),
    ],
)
def test_real_images(shared_data, name, shape, labels):
    source = open_source(str(shared_data / name))
    samples = source.read()
    assert source.shape == samples.x.shape[1:] == shape
    assert sorted(set(samples.labels.tolist())) == labels
    assert samples.skipped == []
    assert len(samples) == len(source)
    first = pq.read_table(shared_data / f"{name}.parquet")["image"][0].as_py()
    assert samples.ids[0] == first["path"]
    with Image.open(io.BytesIO(first["bytes"])) as image:
        assert np.array_equal(samples.x[0, 0].numpy(), np.asarray(image.convert("L")))
