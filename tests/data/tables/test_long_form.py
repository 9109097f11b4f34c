"""Tables with one value a row are told to be such."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ama.data.sources import open_source

KINDS = ["temp", "flow", "ph"]
TIMES = pd.date_range("2026-01-01", periods=40, freq="min")


def long(n_left_out=0):
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), TIMES, KINDS)
    frame = wide.rename_axis("time").reset_index().melt("time", var_name="sensor")
    return frame.sort_values("time", kind="stable", ignore_index=True).drop(index=range(5, 5 + n_left_out))


def said(source, **words):
    return [remark for remark in open_source(source, **words).remarks if "one value a row" in remark]


@pytest.mark.parametrize("n_left_out", [0, 8])
def test_the_value_and_its_kind_are_named(tmp_path, n_left_out):
    (frame := long(n_left_out)).to_csv(path := tmp_path / "a.csv", index=False)
    [sentence] = said(path)
    assert sentence.startswith(f"{path} may hold one value a row: 'value', for each of 3 'sensor'. ")
    assert "DataFrame.pivot makes a row of those that belong together" in sentence
    assert len(said(frame)) == len(said(frame, strict=True, drop=[])) == 1


@pytest.mark.parametrize(
    "frame",
    [
        long().drop(index=range(0, 120, 5)),
        long().assign(sensor=np.random.default_rng(0).choice(KINDS, 120)),
        long().pivot(index="time", columns="sensor", values="value").reset_index(),
        long().assign(a=1, b=2, c=3),
    ],
    ids=["incomplete", "drawn", "wide", "columns"],
)
def test_other_tables_are_not(frame):
    assert said(frame) == []


def test_chosen_columns_are_meant(tmp_path):
    assert said(long(), columns=["sensor", "value"]) == []
