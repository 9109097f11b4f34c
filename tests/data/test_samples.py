"""Samples: selection, description, labels as strings, and batches that add up to the whole."""

from __future__ import annotations

from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.data.labels import as_labels
from ama.data.samples import Samples
from ama.data.sources import open_source
from image_files import noise, save


@pytest.fixture
def samples() -> Samples:
    return Samples(
        torch.arange(8.0, dtype=torch.float64).reshape(4, 2),
        ["a", "b", "c", "d"],
        np.array(["x", "y", "x", "y"]),
        ["p", "q"],
        ["e cannot be read: it is empty"],
    )


@pytest.mark.parametrize(
    ("indices", "ids"),
    [
        ([2, 0], ["c", "a"]),
        (np.array([True, False, False, True]), ["a", "d"]),
        (torch.tensor([False, True, False, False]), ["b"]),
        (torch.tensor([3, 3]), ["d", "d"]),
        ([], []),
    ],
)
def test_select_takes_positions_or_a_mask(samples, indices, ids):
    chosen = samples.select(indices)
    places = ["abcd".index(i) for i in ids]
    assert chosen.ids == ids
    assert len(chosen) == len(ids)
    assert torch.equal(chosen.x, samples.x[places])
    assert chosen.labels.tolist() == [samples.labels[i] for i in places]
    assert (chosen.columns, chosen.skipped) == (samples.columns, samples.skipped)


def test_images_keep_the_size_that_they_had_in_their_file_or_array(tmp_path):
    for i, shape in enumerate([(40, 30), (9, 300), (20, 20), (500, 8)]):
        save(tmp_path / f"{i}.png", noise(*shape))
    for samples in (open_source(tmp_path).read(), *open_source(tmp_path).batches(4)):
        assert samples.x.shape[2:] == (64, 64)
        assert samples.sizes.tolist() == [[40, 30], [9, 300], [20, 20], [500, 8]]
        assert samples.select([3, 0]).sizes.tolist() == [[500, 8], [40, 30]]
    assert [b.sizes.tolist() for b in open_source(tmp_path).batches(3)][1] == [[500, 8]]
    assert open_source(noise(3, 400, 300, 3)).read().sizes.tolist() == [[400, 300]] * 3
    assert open_source(noise(3, 5)).read().sizes is None


def test_select_refuses_a_mask_of_another_length(samples):
    with pytest.raises(IndexError):
        samples.select(np.array([True, False]))


def test_labels_are_strings_and_whole_numbers_print_as_such():
    values = [2, 2.0, np.float32(3), np.int64(-1), 1.5, "cat", b"dog", True, None, float("nan")]
    expected = ["2", "2", "3", "-1", "1.5", "cat", "dog", "True", "", ""]
    assert as_labels(values).tolist() == expected


def test_label_names_replace_the_numbers_they_stand_for():
    assert as_labels([1, 0, -1, 2, None], ["cat", "dog"]).tolist() == ["dog", "cat", "-1", "2", ""]


@given(n=st.integers(1, 40), batch_size=st.integers(1, 50))
def test_batches_of_any_size_add_up_to_the_whole(n, batch_size):
    source = open_source(np.random.default_rng(n).integers(0, 256, (n, 9, 8), dtype=np.uint8))
    whole, parts = source.read(), list(source.batches(batch_size))
    assert all(0 < len(part) <= batch_size for part in parts)
    assert torch.equal(torch.cat([part.x for part in parts]), whole.x)
    assert [i for part in parts for i in part.ids] == whole.ids
    assert len(whole) == len(source) == n


def test_a_source_can_be_read_twice_and_progress_keeps_off_standard_output(capsys):
    source = open_source("digits")
    assert torch.equal(source.read(progress=True).x, source.read().x)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("shape", "kind", "description"),
    [
        ((60, 1, 28, 28), "images", "60 images of 28 x 28 pixels, 1 channel"),
        ((1, 3, 8, 9), "images", "1 image of 8 x 9 pixels, 3 channels"),
        ((100, 3), "rows", "100 rows of 3 columns"),
        ((1, 1), "rows", "1 row of 1 column"),
    ],
)
def test_samples_are_described_by_number_and_size(shape, kind, description):
    samples = open_source(np.zeros(shape)).read()
    assert open_source(np.zeros(shape)).kind == kind
    assert samples.describe() == samples.summary() == description


def test_samples_record_the_source_as_the_user_named_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("images.npy", np.zeros((3, 8, 8), np.uint8))
    Path("table.csv").write_text("a,b\n1,2\n")
    save(Path("photos/a.png"), noise(8, 8))
    for name in ("images", "images.npy", "table.csv", Path("table.csv"), "photos", "digits"):
        source = open_source(name)
        samples = source.read()
        assert samples.source == str(name)
        assert samples.summary() == f"{name}: {samples.describe()}"
        assert samples.select([0]).source == str(name)
        assert {part.source for part in source.batches(2)} == {str(name)}
    for unnamed in (np.zeros((3, 4)), datasets.Dataset.from_dict({"a": [1.0]})):
        assert open_source(unnamed).read().source == ""


def test_labels_of_bytes_are_cleaned_as_those_of_text_are():
    assert as_labels([b"a\x1b", "a\x1b", b"caf\xc3\xa9"]).tolist() == ["a\ufffd", "a\ufffd", "café"]
