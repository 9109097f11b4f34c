"""Columns of several levels, as pandas has them, in memory and in files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ama.data.sources import open_source

LEVELS = pd.MultiIndex.from_tuples([("speed", "mean"), ("speed", "std"), ("label", "")])
FRAME = pd.DataFrame([[1.5, 0.5, "good"], [2.5, 0.25, "bad"]], columns=LEVELS)
IN_TEXT = FRAME.set_axis([str(name) for name in FRAME.columns], axis=1)
FORMS = {
    "pandas": lambda folder: FRAME,
    "pyarrow": lambda folder: pa.Table.from_pandas(FRAME),
    "polars": lambda folder: pl.from_pandas(FRAME),
    ".parquet": lambda folder: FRAME.to_parquet(folder / "t.parquet"),
    ".csv": lambda folder: IN_TEXT.to_csv(folder / "t.csv", index=False),
    ".jsonl": lambda folder: IN_TEXT.to_json(folder / "t.jsonl", orient="records", lines=True),
}


def given(form: str, folder):
    found = FORMS[form](folder)
    return folder / f"t{form}" if found is None else found


@pytest.mark.parametrize("form", FORMS)
def test_columns_of_several_levels_have_one_name_wherever_they_are(form, tmp_path):
    samples = open_source(given(form, tmp_path)).read()
    assert samples.columns == ["speed.mean", "speed.std"]
    assert (samples.x.tolist(), samples.labels.tolist()) == ([[1.5, 0.5], [2.5, 0.25]], ["good", "bad"])


@pytest.mark.parametrize("form", FORMS)
def test_they_are_chosen_and_dropped_by_that_name(form, tmp_path):
    source = given(form, tmp_path)
    assert open_source(source, columns=["speed.std"]).columns == ["speed.std"]
    assert open_source(source, drop=("speed.std",)).columns == ["speed.mean"]


def test_a_model_that_knows_a_column_by_the_text_of_its_levels_finds_it(tmp_path):
    name = "('speed', 'std')"
    samples = open_source(given(".parquet", tmp_path), shape=(1,), columns=[name]).read()
    assert (samples.columns, samples.x.tolist()) == ([name], [[0.5], [0.25]])


def test_a_text_of_levels_stays_text_in_a_csv_file_where_fit_saw_text(tmp_path):
    frame = pd.DataFrame({"('code', 'x')": ["07", "7", "n"] * 20, "a": np.arange(60) * 0.5})
    fitted = open_source(frame)
    frame.query("a < 1").to_csv(tmp_path / "t.csv", index=False)
    scored = {"shape": fitted.shape, "columns": fitted.columns, "encoding": fitted.encoding}
    assert open_source(tmp_path / "t.csv", **scored).read().x.tolist() == fitted.read().x[:2].tolist()


def test_a_name_that_two_columns_would_share_stays_as_it_is():
    frame = pd.DataFrame({"('a', 'b')": [1.5], "a.b": [2.5], "('a', 1, ": [3.5]})
    assert open_source(frame).columns == ["('a', 'b')", "a.b", "('a', 1, "]
