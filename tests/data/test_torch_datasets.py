"""Data sets of PyTorch are sources."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, DataLoader, Dataset, IterableDataset, Subset, TensorDataset

import ama
from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise

IMAGES = noise(12, 9, 10, 3)


class Given(Dataset):
    """A data set of one's own, which counts how often an item is asked for."""

    def __init__(self, items, classes=None):
        self.items, self.asked = items, 0
        if classes is not None:
            self.classes = classes

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        self.asked += 1
        return self.items[i]


class Endless(IterableDataset):
    def __iter__(self):
        return iter(IMAGES)


PICTURES = [Image.fromarray(image) for image in IMAGES]
LABELLED = Given([(picture, i % 2) for i, picture in enumerate(PICTURES)], ["bad", "good"])


def test_images_of_pillow_have_the_names_of_their_classes_and_are_read_when_needed():
    data = Given(LABELLED.items, LABELLED.classes)
    source = open_source(data)
    read = source.read()
    assert np.array_equal(read.x.numpy(), IMAGES.transpose(0, 3, 1, 2))
    assert read.labels.tolist() == ["bad", "good"] * 6
    data.asked = 0
    next(iter(source.batches(2)))
    assert data.asked < len(data)
    assert torch.equal(source.part(2, 5).read().x, read.x[2:5])


@pytest.mark.parametrize(
    ("data", "x", "labels"),
    [
        (Given(PICTURES), IMAGES.transpose(0, 3, 1, 2), None),
        (Subset(LABELLED, [3, 5]), IMAGES[[3, 5]].transpose(0, 3, 1, 2), ["1", "1"]),
        (
            ConcatDataset([LABELLED, LABELLED]),
            np.tile(IMAGES.transpose(0, 3, 1, 2), (2, 1, 1, 1)),
            ["0", "1"] * 12,
        ),
        (TensorDataset(torch.from_numpy(IMAGES[..., 0])), IMAGES[:, None, :, :, 0], None),
        (TensorDataset(torch.eye(5), torch.arange(5)), np.eye(5), ["0", "1", "2", "3", "4"]),
        (Given([(row, "a", "ignored") for row in np.eye(4)]), np.eye(4), ["a"] * 4),
        (Given([(row, {"boxes": []}) for row in np.eye(4)]), np.eye(4), None),
    ],
)
def test_items_are_samples_or_begin_with_one(data, x, labels):
    read = open_source(data).read()
    assert np.array_equal(read.x.numpy(), x)
    assert (None if read.labels is None else read.labels.tolist()) == labels


def test_a_detector_learns_from_one_and_scores_another():
    rows = torch.from_numpy(np.random.default_rng(0).normal(size=(200, 3)))
    fitted = ama.AMADetector(max_steps=2, random_state=0, progress=False).fit(TensorDataset(rows))
    assert np.array_equal(
        fitted.score_samples(TensorDataset(rows[:7])), fitted.score_samples(rows[:7].numpy())
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (Endless(), r"the data set \(Endless\) has no length, expected one with __len__ and __getitem__"),
        (DataLoader(LABELLED), r"found a DataLoader, expected its data set: pass X.dataset"),
        (Given([]), r"the data set \(Given\) is empty"),
        (Given([{"image": 1}]), r"item 0 of the data set is a dict, expected an image or a row"),
        (
            Given([PICTURES[0], np.eye(3)]),
            r"item 1 of the data set is a ndarray, but item 0 an image of Pillow",
        ),
        (
            Given([np.eye(8), np.eye(9)]),
            r"item 1 of the data set has shape \(9, 9\), but item 0 \(8, 8\): resize",
        ),
        (Given([np.array(["a", "b"])] * 2), r"item 0 of the data set has 'a' in row 1 \(counted from 1\)"),
    ],
)
def test_what_is_none_of_these_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(InputError, match=sentence):
        open_source(data).read()


def test_a_column_of_labels_cannot_be_named():
    with pytest.raises(
        InputError, match=r"has no column 'y', as its labels are the second part of each item"
    ):
        open_source(LABELLED, label_column="y")
