"""Reports on files of every kind."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

import ama
from places import png


def test_a_report_on_labelled_pictures(call, tmp_path):
    page = tmp_path / "report.html"
    words = ["report", "photos.model", "photos", "--normal-label", "cat", "dog", "--out", page]
    status, output, errors = call(*words)
    assert (status, output) == (0, "")
    assert re.fullmatch(rf"ama: wrote {page}: 120 samples, 0\.\d MB\n", errors)
    assert os.listdir(tmp_path) == ["report.html"]
    text = page.read_text(encoding="utf-8")
    flagged = ama.load("photos.model").predict("photos") < 0
    assert (
        f"{100 * flagged[80:].mean():.1f}".removesuffix(".0") + "\u00a0% of the 40 anomalies are flagged"
        in text
    )
    assert "photos: 80 images of 8 x 8 pixels, 1 channel" in text  # what it learned from
    assert "fox/" in text
    assert "data:image/png;base64," in text
    assert call(*words)[0] == 0
    assert page.read_text(encoding="utf-8") == text


def test_a_report_on_two_sources_of_rows(call, tmp_path):
    for name, shift in (("normal", 0), ("odd", 9)):
        rows = np.random.default_rng(0).normal(size=(30, 3)) + shift
        np.savetxt(tmp_path / f"{name}.csv", rows, delimiter=",", header="a,b,c", comments="")
    words = ["table.model", tmp_path / "normal.csv", "--anomalies", tmp_path / "odd.csv"]
    assert call("report", *words, "--out", tmp_path / "r.html", "--false-alarm-rate", "0.2")[0] == 0
    text = (tmp_path / "r.html").read_text()
    assert "of the 30 anomalies are flagged" in text
    assert "the guarantee is at most 20\u00a0% on average" in text
    assert "columns that contribute most" in text
    assert "<img" not in text


def test_a_report_by_another_method_has_what_there_is(call, tmp_path):
    fit = [
        "fit",
        "photos/cat",
        "--method",
        "PCAReconstruction",
        "--out",
        tmp_path / "model",
        "--held-out",
        "0.5",
    ]
    assert call(*fit)[0] == 0
    assert call("report", tmp_path / "model", "photos", "--out", tmp_path / "r.html")[0] == 0
    text = (tmp_path / "r.html").read_text()
    assert "samples (" in text
    assert "are flagged as anomalies" in text
    assert "chart-norms" not in text
    assert "chart-training" not in text
    assert "reconstruction of" not in text


def test_a_name_that_looks_like_markup_is_text(call, tmp_path):
    (tmp_path / "pictures").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    (tmp_path / "pictures" / "<script>alert(1)<.png").write_bytes(png(pixels))
    assert call("report", "photos.model", tmp_path / "pictures", "--out", tmp_path / "r.html")[0] == 0
    text = (tmp_path / "r.html").read_text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;.png" in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["photos.model", "photos", "--out", "r.pdf"],
            "cannot write r.pdf: its name must end in .html or .htm",
        ),
        (["photos.model", "photos", "--out", "nowhere/r.html"], "the folder .*nowhere does not exist"),
        (["photos.model", "table.csv", "--out", "r.html"], "table.csv holds rows"),
        (
            ["photos.model", "photos", "--normal-label", "cow", "--out", "r.html"],
            "no sample of photos has the label",
        ),
        (
            ["photos.model", "photos", "--normal-label", "cat", "--anomalies", "photos", "--out", "r.html"],
            "give either --normal-label or --anomalies",
        ),
        (
            ["photos.model", "photos", "--normal-label", "cat", "dog", "fox", "--out", "r.html"],
            "a report with labels needs normal samples and anomalies, but photos holds only normal samples",
        ),
        (
            ["photos.model", "photos", "--false-alarm-rate", "7", "--out", "r.html"],
            "must be a number between 0 and 1",
        ),
    ],
)
def test_a_report_that_cannot_be_is_refused(call, place, words, sentence):
    status, output, errors = call("report", *words)
    assert (status, output) == (2, "")
    assert re.search(sentence, errors)
    assert len(errors.splitlines()) == 1
    assert not (place / "r.html").exists()
