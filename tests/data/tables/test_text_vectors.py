"""Vectors that are texts, as CSV files hold embeddings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ama import AMADetector
from ama.data.sources import open_source
from ama.data.tables.text_vectors import EXAMINED
from ama.errors import InputError

N = 40
X = np.random.default_rng(0).normal(size=(N, 3)).round(4)
WRITTEN = {
    "list": lambda v: str(v.tolist()),
    "array": str,
    "set": lambda v: "{" + ",".join(map(str, v)) + "}",
    "lines": lambda v: "[" + "\n ".join(f"{x:e};" for x in v) + "]",
}


def frame_of(written) -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(N) * 1.5, "v": [written(v) for v in X], "label": ["good"] * N})


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_vectors_in_text_are_those_of_a_column_of_lists(written, tmp_path):
    frame = frame_of(written)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    frame.assign(v=X.tolist()).to_parquet(tmp_path / "a.parquet")
    expected = open_source(tmp_path / "a.parquet").read()
    for source in (tmp_path / "a.csv", tmp_path / "a.jsonl", frame, pl.from_pandas(frame)):
        opened = open_source(source)
        samples = opened.read()
        assert samples.columns == ["a", "v[0]", "v[1]", "v[2]"]
        np.testing.assert_allclose(samples.x, expected.x, rtol=1e-12)
        assert any(
            "holds vectors of length 3: each of their numbers is a column" in r for r in opened.remarks
        )


@pytest.mark.filterwarnings("ignore:column", "ignore:a false-alarm rate of")
def test_a_model_takes_vectors_in_text_and_in_lists(tmp_path):
    texts, lists = frame_of(WRITTEN["list"]), frame_of(WRITTEN["list"]).assign(v=X.tolist())
    detector = AMADetector(max_steps=2, noise_steps=0, random_state=0, progress=False).fit(texts)
    scores = detector.score_samples(texts)
    np.testing.assert_array_equal(detector.score_samples(lists), scores)
    of_lists = AMADetector(max_steps=2, noise_steps=0, random_state=0, progress=False).fit(lists)
    np.testing.assert_array_equal(of_lists.score_samples(texts), scores)
    with pytest.raises(
        InputError, match=r"holds no vector in row 3 \(counted from 1\), expected 3 numbers as at fit"
    ):
        detector.score_samples(texts.assign(v=[*texts.v[:2], "soon", *texts.v[3:]]))
    with pytest.raises(
        InputError, match=r"holds a vector of 2 numbers in row 1 .*, expected 3 numbers as at fit"
    ):
        detector.score_samples(texts.assign(v="[1, 2]"))


def test_a_later_row_without_a_vector_is_named():
    frame = frame_of(WRITTEN["list"])
    frame.loc[EXAMINED + 1, "v"] = None
    with pytest.raises(
        InputError, match=r"holds no vector in row 22 .*, expected 3 numbers as in row 1: drop the row"
    ):
        open_source(frame).read()


@pytest.mark.parametrize(
    "texts",
    [
        [f"[{', '.join(map(str, range(i % 4 + 2)))}]" for i in range(N)],
        ["[1, 2]"] * 3 + [None] * (N - 3),
        ["[1, 2]", "soon"] * (N // 2),
        ["[1.2.3, 4]"] * N,
        ["(1, 2)"] * N,
    ],
    ids=["several lengths", "missing", "texts", "no numbers", "points"],
)
def test_other_texts_stay_texts(texts):
    frame = pd.DataFrame({"a": np.arange(N) * 1.5, "v": texts})
    assert "v[0]" not in open_source(frame, columns=["a", "v"]).read().columns


def test_labels_and_columns_that_are_dropped_are_no_vectors():
    frame = frame_of(WRITTEN["list"]).assign(label="[1, 2]", w="[1, 2]")
    samples = open_source(frame, drop=["w"], normal_labels=["[1, 2]"]).read()
    assert samples.columns == ["a", "v[0]", "v[1]", "v[2]"]
    assert set(samples.labels) == {"[1, 2]"}
