"""The commands on a table as a bank has it: dates, categories, missing values, a column of labels."""

from __future__ import annotations

import html
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from places import SMALL, payments

N = 240


@pytest.fixture(scope="module")
def bank(place):
    """Two tables in the shared place, and a model of the first."""
    for name, seed in (("bank", 0), ("new", 1)):
        table = payments(N, seed)
        fraud = np.arange(N) % 20 == 7
        table.loc[fraud, "country"] = "Atlantis"
        table.assign(state=np.where(fraud, "fraud", "ok")).to_csv(place / f"{name}-bank.csv", index=False)
    return place


def fit(call, *words):
    return call("fit", "bank-bank.csv", "--label-column", "state", "--normal-label", "ok", *SMALL, *words)


def test_a_table_is_fitted_scored_evaluated_and_reported_on_without_preparation(bank, call, tmp_path):
    model = tmp_path / "model"
    status, _, errors = fit(call, "--out", model)
    assert status == 0, errors
    notes = [line for line in errors.splitlines() if line.startswith("ama: note: ")]
    assert [note.partition("bank-bank.csv ")[2].partition(" ")[0] for note in notes] == [
        "become",
        "becomes",
        "has",
    ]
    assert json.loads((model / "config.json").read_text())["learned_from"].endswith("228 rows of 6 columns")
    labelled = ["--label-column", "state", "--normal-label", "ok"]
    assert call("score", model, "new-bank.csv", "--out", tmp_path / "scores.csv")[0] == 0
    assert len(pa.csv.read_csv(tmp_path / "scores.csv")) == N
    status, output, _ = call("evaluate", model, "new-bank.csv", *labelled)
    assert status == 0
    assert "AUROC" in output
    assert call("report", model, "new-bank.csv", *labelled, "--out", tmp_path / "page.html")[0] == 0
    page = html.unescape((tmp_path / "page.html").read_text())
    assert "country Atlantis (" in page
    assert "when 202" in page


def test_a_value_that_no_row_of_the_fit_lacked_is_said_once_at_the_end(bank, call, tmp_path):
    assert fit(call, "--out", tmp_path / "model", "--columns", "amount", "country")[0] == 0
    table = payments(20, 2)
    table.loc[3, "amount"] = np.nan
    table.to_csv(tmp_path / "lacking.csv", index=False)
    status, _, errors = call("score", tmp_path / "model", tmp_path / "lacking.csv")
    assert status == 0
    assert errors.count("lacks 1 value and") == 1
    status, _, errors = call("score", tmp_path / "model", tmp_path / "lacking.csv", "--strict")
    assert status == 2


def test_validation_and_known_anomalies_have_the_encoding_of_the_fit(bank, call, tmp_path):
    payments(20, 3).assign(country="Atlantis").to_csv(tmp_path / "odd.csv", index=False)
    words = ["--anomalies", tmp_path / "odd.csv", "--validation", "new-bank.csv", "--out", tmp_path / "model"]
    status, _, errors = fit(call, *words)
    assert status == 0, errors


@pytest.mark.filterwarnings("default:contamination")
def test_rows_that_may_hold_anomalies_are_left_out_with_a_word(bank, call, tmp_path):
    words = "fit", "bank-bank.csv", "--drop", "state", *SMALL
    status, _, errors = call(*words, "--contamination_share", "auto", "--out", tmp_path / "model")
    assert status == 0, errors
    assert (
        "contamination_share=0.1: of 240 rows the 24 most unusual are left out as possible anomalies"
        in errors
    )
    status, _, errors = call(*words, "--contamination_share", "0.7", "--out", tmp_path / "other")
    assert status == 2
    assert errors.endswith("contamination_share must be a number from 0 to 0.4, found 0.7\n")
