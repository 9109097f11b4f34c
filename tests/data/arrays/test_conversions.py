"""Objects that are no arrays are refused with what to pass in their place."""

import io
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_wine

from ama import AMADetector
from ama.data.arrays.conversions import advice
from ama.errors import InputError


@dataclass
class Measurement:
    speed: float
    force: float


class LazyTable:
    """As a DataFrame of dask: it has the columns, rows by position, and no values until they are computed."""

    iloc = None

    @property
    def columns(self) -> list[str]:
        return ["speed", "force"]

    def compute(self) -> pd.DataFrame:
        return pd.DataFrame({"speed": [1.0], "force": [2.0]})


ROWS = np.zeros((5, 2))


@pytest.mark.parametrize(
    ("X", "instead"),
    [
        (pl.DataFrame({"speed": [1.0]}).lazy(), "X.collect()"),
        (LazyTable(), "X.compute()"),
        (load_wine(), "X['data']"),
        ({"speed": [1.0, 2.0], "force": [3.0, 4.0]}, "pandas.DataFrame(X)"),
        ([{"speed": 1.0}, {"speed": 2.0}], "pandas.DataFrame(X)"),
        ([Measurement(1.0, 2.0)], "pandas.DataFrame(X)"),
        (np.zeros(3, [("speed", "f8"), ("force", "f8")]), "pandas.DataFrame(X)"),
        (zip([1.0], [2.0], strict=True), "list(X)"),
        ((row for row in ROWS), "list(X)"),
        (io.StringIO("speed,force\n1,2"), "the path of the file, or a table that pandas has read from it"),
    ],
    ids=[
        "lazy polars",
        "lazy",
        "Bunch",
        "columns",
        "dictionaries",
        "dataclasses",
        "fields",
        "zip",
        "generator",
        "file",
    ],
)
def test_what_is_no_array_is_refused_with_what_to_pass(X, instead):
    with pytest.raises(InputError, match=re.escape(f": pass {instead}") + "$"):
        AMADetector(max_steps=1).fit(X)


def test_of_an_archive_of_numpy_the_entry_with_rows_is_named(tmp_path):
    np.savez(tmp_path / "rows.npz", names=np.array(["speed", "force"]), rows=ROWS)
    with (
        np.load(tmp_path / "rows.npz") as archive,
        pytest.raises(InputError, match=r"type NpzFile, .*: pass X\['rows'\]$"),
    ):
        AMADetector(max_steps=1).fit(archive)


def test_what_is_advised_is_taken():
    """Each expression, evaluated, is something of five rows and two columns."""
    frame = pd.DataFrame(ROWS, columns=["speed", "force"])
    for X in (
        pl.from_pandas(frame).lazy(),
        frame.to_dict("list"),
        frame.to_dict("records"),
        frame.to_records(index=False),
        iter(ROWS.tolist()),
    ):
        expression = (
            advice(X).removeprefix(": pass ") or "pandas.DataFrame(X)"
        )  # of named fields, said elsewhere
        assert np.shape(eval(expression, {"X": X, "pandas": pd})) == (5, 2)


def test_nothing_is_advised_for_an_object_that_is_no_data():
    assert advice(object()) == ""
    assert advice(np.zeros(3)) == ""
