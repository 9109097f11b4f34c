"""Data sets of PyTorch as sources, such as those of torchvision: of samples, or of tuples (sample, label, ...)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from ama.data.arrays.array_sources import open_array
from ama.data.arrays.plain_arrays import plain_array
from ama.data.images.encoded_images import EncodedImages
from ama.data.images.image_folders import EncodedImage
from ama.data.labels import as_labels
from ama.data.samples import Source, Wanted
from ama.errors import InputError

NAME = "the data set"


def is_torch_dataset(source: Any) -> bool:
    """Whether it is a data set of PyTorch, or a loader of one."""
    return isinstance(source, Dataset | DataLoader)


def open_torch_dataset(dataset: Any, wanted: Wanted) -> Source:
    """A data set whose items have numbers: images of Pillow are read when they are needed, arrays and tensors at once.

    Raises
    ------
    InputError
        If it is a loader, has no length or no items, or these are neither images nor rows.
    """
    if isinstance(dataset, DataLoader):
        raise InputError("found a DataLoader, expected its data set: pass X.dataset")
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise InputError(
            f"{NAME} ({type(dataset).__name__}) has no length, expected one with __len__ and __getitem__"
        )
    if len(dataset) == 0:
        raise InputError(f"{NAME} ({type(dataset).__name__}) is empty, expected images or rows")
    wanted.check_no_label_column(NAME, "its labels are the second part of each item")
    first = _item(dataset, 0)
    if isinstance(first[0], Image.Image):
        return EncodedImages(DatasetImages(dataset, range(len(dataset))), wanted)
    samples, labels = zip(first, *(_item(dataset, i) for i in range(1, len(dataset))), strict=True)
    arrays = [plain_array(sample, f"item {i} of {NAME}") for i, sample in enumerate(samples)]
    for i, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            raise InputError(
                f"item {i} of {NAME} has shape {array.shape}, but item 0 {arrays[0].shape}: resize them in its "
                "transform, or let it return images of Pillow, which may differ in size"
            )
    texts = None if labels[0] is None else as_labels(labels, _classes(dataset))
    return open_array(np.stack(arrays), NAME, wanted, texts)


class DatasetImages:
    """Images of Pillow that a data set makes one by one; see :class:`ama.data.images.encoded_images.Encoded`.

    Parameters
    ----------
    dataset
        The data set.
    positions
        Numbers of the items.
    """

    name = NAME
    read_at_once = 1

    def __init__(self, dataset: Any, positions: range):
        self.dataset, self.positions = dataset, positions

    def __len__(self) -> int:
        return len(self.positions)

    def part(self, start: int, stop: int) -> DatasetImages:
        """See :class:`ama.data.images.encoded_images.Encoded`."""
        return DatasetImages(self.dataset, self.positions[start:stop])

    def __iter__(self) -> Iterator[EncodedImage]:
        classes = _classes(self.dataset)
        for i in self.positions:
            image, label = _item(self.dataset, i)
            if not isinstance(image, Image.Image):
                raise InputError(
                    f"item {i} of {NAME} is a {type(image).__name__}, but item 0 an image of Pillow"
                )
            yield EncodedImage(str(i), image, None if label is None else as_labels([label], classes)[0])


def _item(dataset: Any, i: int) -> tuple[Any, str | float | None]:
    """A sample and its label, None if it has none or one that is more than a word or a number."""
    item = dataset[i]
    sample, *others = item if isinstance(item, tuple | list) else (item,)
    if isinstance(sample, dict | str | bytes) or sample is None:
        raise InputError(
            f"item {i} of {NAME} is a {type(sample).__name__}, expected an image or a row, or one with its label"
        )
    label = others[0] if others else None
    if isinstance(label, Tensor | np.ndarray) and label.ndim == 0:
        label = label.item()
    return sample, label if isinstance(label, str | int | float) else None


def _classes(dataset: Any) -> list[str] | None:
    """Names of the labels 0, 1, ..., as torchvision's data sets have them."""
    classes = getattr(dataset, "classes", None)
    return list(map(str, classes)) if isinstance(classes, list | tuple) else None
