"""The data sets of the paper's tables by name, from a folder or from the hub."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from ama.benchmark.tables.published import DIGITS, GARMENTS, OBJECTS
from ama.data.sources import open_source
from ama.errors import InputError

JPEG_QUALITY = 90


@dataclass(frozen=True)
class DataSet:
    """Where a data set comes from, and how its images are made comparable with those of the other data sets.

    Parameters
    ----------
    hub
        Hub id, if the data set is on the hub.
    classes
        Names of the labels 0, 1, ...
    label_column
        Column of the labels, if it is not the default one.
    side
        Side in pixels to which images are resized.
    inverted
        Whether to invert the images, for dark strokes on a light background.
    """

    hub: str | None = None
    classes: tuple[str, ...] = ()
    label_column: str | None = None
    side: int | None = None
    inverted: bool = False


DATASETS = {
    "mnist": DataSet("ylecun/mnist", DIGITS),
    "fashion_mnist": DataSet("zalando-datasets/fashion_mnist", GARMENTS),
    "omniglot": DataSet(side=28, inverted=True),
    "cifar10": DataSet("uoft-cs/cifar10", OBJECTS),
    "cifar100": DataSet("uoft-cs/cifar100", label_column="fine_label"),
    "svhn": DataSet("ufldl-stanford/svhn:cropped_digits", DIGITS),
    "tiny_imagenet32": DataSet(side=32),
    "digits": DataSet(classes=DIGITS),
}


@dataclass(frozen=True, eq=False)
class Images:
    """Images of shape (n, channels, height, width), and the name of the class of each."""

    x: UInt8[Tensor, "n c h w"]
    labels: np.ndarray

    def of(self, chosen: np.ndarray) -> UInt8[Tensor, "m c h w"]:
        """The images selected by a boolean mask or by indices."""
        return self.x[torch.from_numpy(np.arange(len(self.x))[chosen])]


def available(name: str, split: str, folder: str | None) -> bool:
    """Whether a split is in ``folder`` as NAME/SPLIT or, if ``folder`` is None, on the hub."""
    if name == "digits":
        return True
    if folder is None:
        return DATASETS[name].hub is not None
    place = Path(folder) / name
    return (place / split).exists() or any(place.glob(f"{split}.*"))


def check_folder(folder: str | None) -> None:
    """Refuse a folder of data sets that does not exist.

    Raises
    ------
    InputError
        The message names it.
    """
    if folder is not None and not Path(folder).is_dir():
        raise InputError(
            f"there is no folder {folder}, expected NAME/train and NAME/test of each data set in it"
        )


@lru_cache(maxsize=4)
def images(name: str, split: str, folder: str | None, jpeg: bool = False) -> Images:
    """The decoded images of a split.

    Parameters
    ----------
    name
        A key of :data:`DATASETS`.
    split
        "train" or "test". scikit-learn's digits have no splits; every fifth image is in the test split.
    folder
        Folder with NAME/SPLIT, or None for the hub.
    jpeg
        Whether to encode the images as JPEG first, so that two data sets share the artefacts of one encoding.

    Raises
    ------
    InputError
        If there is no such data set, or it does not hold 8-bit images.
    """
    if name not in DATASETS:
        raise InputError(f"there is no data set {name!r} here, expected one of {', '.join(DATASETS)}")
    chosen = DATASETS[name]
    source = f"{folder}/{name}/{split}" if folder is not None else f"hf://{chosen.hub}:{split}"
    if name == "digits":
        source = "digits"
    samples = open_source(source, image_size=chosen.side, label_column=chosen.label_column).read()
    x = samples.x
    if x.ndim != 4 or x.dtype != torch.uint8:
        raise InputError(
            f"{source} holds {x.dtype} samples of shape {tuple(x.shape[1:])}, expected 8-bit images"
        )
    labels = samples.labels if samples.labels is not None else np.full(len(x), "")
    if chosen.classes and all(label.isdigit() for label in set(labels)):
        labels = np.array(chosen.classes)[labels.astype(int)]
    if name == "digits":
        in_split = (np.arange(len(x)) % 5 == 0) == (split == "test")
        x, labels = x[torch.from_numpy(in_split)], labels[in_split]
    if chosen.inverted:
        x = 255 - x
    return Images(torch.stack([_through_jpeg(image) for image in x]) if jpeg else x, labels)


def _through_jpeg(image: UInt8[Tensor, "c h w"]) -> UInt8[Tensor, "c h w"]:
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).squeeze(2).numpy()).save(file, "JPEG", quality=JPEG_QUALITY)
    pixels = np.atleast_3d(np.asarray(Image.open(file)))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)
