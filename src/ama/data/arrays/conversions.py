"""What to pass in place of an object that is no array, such as a table that is not computed yet."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

DATA_FRAME = "pandas.DataFrame(X)"
# Methods that give the table, in xarray, Spark, Ray, polars and dask: the first that an object has is named.
METHODS = ("to_dataframe", "toPandas", "to_pandas", "collect", "compute")


def advice(X: Any) -> str:
    """The end of a message about an object that is no array: ``": pass X.collect()"``, or nothing if none is known."""
    instead = _instead(X)
    return f": pass {instead}" if instead else ""


def _instead(X: Any) -> str | None:
    for method in METHODS:
        if callable(getattr(X, method, None)):
            return f"X.{method}()"
    if isinstance(X, Mapping):
        # Of scikit-learn's data sets, NumPy's archives and the batches of a loader, one entry is the array.
        arrays = [key for key in X if getattr(X[key], "ndim", 0) > 1]
        return f"X[{arrays[0]!r}]" if arrays else DATA_FRAME
    if isinstance(X, list | tuple) and X and (isinstance(X[0], Mapping) or is_dataclass(X[0])):
        return DATA_FRAME
    if isinstance(X, io.IOBase):
        return "the path of the file, or a table that pandas has read from it"
    return "list(X)" if isinstance(X, Iterator) else None
