"""Encoded images: pixels, channels, depth, size, labels, and broken files."""

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


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(path, **options)
    return path


def png(pixels, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 10**10 pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b""))
    coded = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(coded)


@pytest.mark.parametrize("suffix", ["png", "PNG", "bmp", "tif", "tiff", "gif", "webp"])
@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
def test_pixels_of_lossless_files_survive(tmp_path, suffix, shape):
    if suffix == "gif":
        images = [(noise(*shape, seed=i) // 128 * 255) for i in range(3)]  # few enough colours for a palette
    else:
        images = [noise(*shape, seed=i) for i in range(3)]
    for i, image in enumerate(images):
        save(tmp_path / f"{i}.{suffix}", image, **({"lossless": True} if suffix == "webp" else {}))
    samples = open_source(tmp_path).read()
    expected = np.stack(images).reshape(3, 9, 12, -1).transpose(0, 3, 1, 2)
    assert samples.x.dtype == torch.uint8
    if suffix == "webp":  # which knows colour only
        expected = np.broadcast_to(expected, (3, 3, 9, 12))
    assert np.array_equal(samples.x.numpy(), expected)


def test_jpegs_are_as_pillow_decodes_them(tmp_path):
    path = save(tmp_path / "a.jpeg", noise(16, 16, 3))
    with Image.open(path) as image:
        assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), np.asarray(image).transpose(2, 0, 1))


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


def test_linked_folders_are_followed_but_not_in_circles(tmp_path):
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


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("LA", 1), ("P", 3), ("RGB", 3), ("RGBA", 3), ("CMYK", 3)],
)
def test_channels_by_mode(tmp_path, mode, channels):
    image = Image.fromarray(noise(8, 8, 3)).convert(mode)
    save(tmp_path / "a.tif", image)
    expected = np.asarray(image.convert("L" if channels == 1 else "RGB")).reshape(8, 8, channels)
    assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), expected.transpose(2, 0, 1))


def test_one_colour_image_makes_all_colour_and_the_grey_ones_stay_grey(tmp_path):
    grey, colour = noise(8, 8), noise(8, 8, 3)
    save(tmp_path / "a.png", grey)
    save(tmp_path / "b.png", colour)
    x = open_source(tmp_path).read().x
    assert np.array_equal(x[0].numpy(), np.stack([grey] * 3))
    assert np.array_equal(x[1].numpy(), colour.transpose(2, 0, 1))


def test_transparency_is_dropped(tmp_path):
    colour, alpha = noise(8, 8, 3), noise(8, 8, 1)
    save(tmp_path / "a.png", np.concatenate([colour, alpha], 2))
    assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), colour.transpose(2, 0, 1))
    palette = Image.fromarray(noise(8, 8) % 4).convert("P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    save(tmp_path / "a.png", palette, transparency=bytes([0, 128, 255, 255]))
    expected = np.asarray(palette.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), expected)


def test_exif_orientation_is_applied_before_the_size_is_judged(tmp_path):
    upright = noise(8, 12)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by a quarter
    save(tmp_path / "turned.png", np.rot90(upright).copy(), exif=exif)
    save(tmp_path / "upright.png", upright)
    source = open_source(tmp_path)
    assert source.shape == (1, 8, 12)
    assert np.array_equal(source.read().x[:, 0].numpy(), np.stack([upright] * 2))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_greys_keep_their_depth(tmp_path, suffix):
    deep = np.random.default_rng(0).integers(0, 65536, (8, 9), dtype=np.uint16)
    save(tmp_path / f"a.{suffix}", deep)
    x = open_source(tmp_path).read().x
    assert x.dtype == torch.float32
    assert np.array_equal(x[0, 0].numpy(), deep.astype(np.float32) / 65535)
    shallow = noise(8, 9)
    save(tmp_path / "b.png", shallow)
    x = open_source(tmp_path).read().x
    assert np.array_equal(x[1, 0].numpy(), shallow.astype(np.float32) / 255)
    for dtype, levels in ((torch.uint8, 255), (torch.float32, 1)):
        small = open_source(tmp_path, shape=(3, 16, 16), dtype=dtype).read().x
        assert small.shape == (2, 3, 16, 16)
        assert small.dtype == dtype
        resized = Image.fromarray(deep.astype(np.float32) / 65535).resize((16, 16), Image.Resampling.BILINEAR)
        assert np.abs(small[0, 2].numpy() / levels - np.asarray(resized)).max() <= 0.51 / levels


def test_floating_point_images_must_lie_in_0_to_1(tmp_path):
    image = np.random.default_rng(0).random((8, 8), dtype=np.float32)
    save(tmp_path / "a.tif", image)
    assert np.array_equal(open_source(tmp_path).read().x[0, 0].numpy(), image)
    save(tmp_path / "b.tif", image * 300 - 1)
    with pytest.raises(
        InputError, match=rf"in {tmp_path}, b.tif has pixel values from -.* to .*, expected 0 to 1"
    ):
        open_source(tmp_path).read()


def test_a_size_within_8_to_256_is_kept(tmp_path):
    for name, shape in (("low", (8, 256)), ("high", (256, 8))):
        image = noise(*shape)
        save(tmp_path / name / "a.png", image)
        assert np.array_equal(open_source(tmp_path / name).read().x[0, 0].numpy(), image)


def test_mixed_and_large_sizes_become_64_by_64_with_pillows_bilinear_filter(tmp_path):
    images = [noise(40, 30, seed=1), noise(8, 100, seed=2), noise(1, 1)]
    for i, image in enumerate(images):
        save(tmp_path / "mixed" / f"{i}.png", image)
    save(tmp_path / "large" / "a.png", noise(257, 20))
    expected = [Image.fromarray(image).resize((64, 64), Image.Resampling.BILINEAR) for image in images]
    assert np.array_equal(open_source(tmp_path / "mixed").read().x[:, 0].numpy(), np.stack(expected))
    assert open_source(tmp_path / "large").shape == (1, 64, 64)


def test_a_named_size_goes_before_the_rule_and_a_models_shape_before_both(tmp_path):
    save(tmp_path / "a.png", noise(8, 9, 3))
    assert open_source(tmp_path, image_size=32).shape == (3, 32, 32)
    assert open_source(tmp_path, image_size=(16, 24)).read().x.shape == (1, 3, 16, 24)
    x = open_source(tmp_path, shape=(1, 10, 12), image_size=32).read().x
    with Image.open(tmp_path / "a.png") as image:
        expected = image.convert("L").resize((12, 10), Image.Resampling.BILINEAR)
    assert np.array_equal(x[0, 0].numpy(), np.asarray(expected))
    with pytest.raises(InputError, match="image_size must be 8 to 256 pixels a side, found 300 x 300"):
        open_source(tmp_path, image_size=300)


def test_images_that_are_all_too_small_are_refused_with_the_remedy(tmp_path):
    path = save(tmp_path / "a.png", noise(1, 1))
    sentence = f"images must be 8 to 256 pixels a side, found 1 x 1 in {path}; --image-size 32 resizes them"
    with pytest.raises(InputError) as error:
        open_source(tmp_path)
    assert str(error.value) == sentence
    assert open_source(tmp_path, image_size=32).shape == (1, 32, 32)


def test_a_model_of_other_channels_is_told_so(tmp_path):
    save(tmp_path / "a.png", noise(8, 8))
    with pytest.raises(InputError, match="have 1 or 3 channels, expected 5"):
        open_source(tmp_path, shape=(5, 8, 8))


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
    assert "it is no PNG, JPEG" in skipped[4]
    assert len(source) == 8
    assert source.read().skipped == skipped


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
