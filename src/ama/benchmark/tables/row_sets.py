"""Sets of rows whose anomalies are known: tables of KEEL, or files NAME.npz with ``X`` and ``y``, 1 for an anomaly."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ama.benchmark.tables.keel_tables import FOLDER, LABEL, keel_file, keel_table
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
    """Whether the file of a set is in ``folder`` or in an installed package; none is on the hub."""
    if folder_of(name) == FOLDER:
        return keel_file(short_name(name)) is not None
    return folder is not None and file_of(name, folder).is_file()


@lru_cache(maxsize=1)
def labelled_rows(name: str, folder: str | None) -> LabelledRows:
    """Read the rows of a set.

    The columns of a table of KEEL become numbers as those of a user's table do, by what its normal rows have.

    Parameters
    ----------
    name
        One of ``ADBENCH``, ``EMBEDDINGS`` or ``KEEL``.
    folder
        Folder with NAME.npz, which tables of KEEL do not need.

    Raises
    ------
    InputError
        If the file cannot be read, or its labels are not 0 for normal rows and 1 for anomalies.
    """
    if folder_of(name) == FOLDER:
        table = keel_table(short_name(name))
        samples = open_source(table, learn_from=(table[LABEL] == "0").to_numpy()).read()
    else:
        assert folder is not None
        samples = open_source(str(file_of(name, folder))).read()
    labels = np.array([]) if samples.labels is None else samples.labels
    found = set(labels)
    if found != {"0", "1"}:
        raise InputError(
            f"{samples.source} has {', '.join(sorted(found)) or 'nothing'} as labels, expected 0 for normal rows and "
            "1 for anomalies"
        )
    return LabelledRows(samples.x.to(torch.float64), labels == "1")
