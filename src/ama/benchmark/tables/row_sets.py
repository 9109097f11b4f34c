"""Sets of rows whose anomalies are known: files NAME.npz with the rows ``X`` and ``y``, which is 1 for an anomaly."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ama.data.sources import open_source
from ama.errors import InputError

# Name of a set: its folder, and its file without the suffix.
ADBENCH = tuple(
    f"adbench/{name}"
    for name in (
        "2_annthyroid", "4_breastw", "6_cardio", "8_celeba", "10_cover", "12_fault", "14_glass", "16_http",
        "18_Ionosphere", "20_letter", "22_magic.gamma", "24_mnist", "26_optdigits", "28_pendigits", "30_satellite",
        "32_shuttle", "34_smtp", "38_thyroid", "40_vowels", "42_WBC", "44_Wilt", "46_WPBC",
    )
)  # fmt: skip
EMBEDDED = {"cifar10": ("airplane", "automobile", "cat", "deer"), "fashion_mnist": ("pullover", "sneaker")}
EMBEDDINGS = tuple(f"embeddings/{data}_{label}" for data, labels in EMBEDDED.items() for label in labels)


class LabelledRows(NamedTuple):
    """Rows, and which of them are anomalies."""

    x: Float[Tensor, "n d"]
    anomalous: Bool[np.ndarray, " n"]


def short_name(name: str) -> str:
    """The name of a set in a table: without its folder and its number."""
    return name.split("/")[-1].lstrip("0123456789").lstrip("_")


def folder_of(name: str) -> str:
    """The folder of a set."""
    return name.split("/")[0]


def file_of(name: str, folder: str) -> Path:
    """The file of a set."""
    return Path(folder) / f"{name}.npz"


def rows_available(name: str, folder: str | None) -> bool:
    """Whether the file of a set is in ``folder``; none is on the hub."""
    return folder is not None and file_of(name, folder).is_file()


@lru_cache(maxsize=1)
def labelled_rows(name: str, folder: str) -> LabelledRows:
    """Read the rows of a set.

    Parameters
    ----------
    name
        One of ``ADBENCH`` or ``EMBEDDINGS``.
    folder
        Folder with NAME.npz.

    Raises
    ------
    InputError
        If the file cannot be read, or its labels are not 0 for normal rows and 1 for anomalies.
    """
    samples = open_source(str(file_of(name, folder))).read()
    labels = np.array([]) if samples.labels is None else samples.labels
    found = set(labels)
    if found != {"0", "1"}:
        raise InputError(
            f"{samples.source} has {', '.join(sorted(found)) or 'nothing'} as labels, expected 0 for normal rows and "
            "1 for anomalies"
        )
    return LabelledRows(samples.x.to(torch.float64), labels == "1")
