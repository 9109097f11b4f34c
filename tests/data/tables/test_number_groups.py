"""Groups of numbers in text, such as blood pressures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ama import AMADetector
from ama.data.sources import open_source
from ama.data.tables.number_groups import EXAMINED
from ama.errors import InputError

N = 60
PRESSURES = np.random.default_rng(0).integers([90, 50], [180, 110], size=(N, 2))
TEXTS = [f"{upper}/{lower}" for upper, lower in PRESSURES]
FRAME = pd.DataFrame({"age": np.arange(N) * 1.5, "bp": TEXTS, "label": ["good"] * N})
READ = "column 'bp' of {} holds texts such as {!r}, read as 2 numbers, bp.1 and so on"


def test_each_number_is_a_column_whatever_holds_the_texts(tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    FRAME.to_parquet(tmp_path / "a.parquet")
    FRAME.to_excel(tmp_path / "a.xlsx", index=False)
    for source in (
        *sorted(tmp_path.iterdir()),
        FRAME,
        FRAME.astype({"bp": "category"}),
        pl.from_pandas(FRAME),
    ):
        opened = open_source(source, label_column="label")
        samples = opened.read()
        assert samples.columns == ["age", "bp.1", "bp.2"]
        np.testing.assert_array_equal(samples.x[:, 1:], PRESSURES)
        assert [r for r in opened.remarks if r.endswith(READ.split("{}")[1].format(TEXTS[0]))]


def test_the_column_is_named_as_it_is_stored_or_by_one_of_its_numbers():
    columns = {
        ("age",): {"columns": ["age"]},
        ("bp.1", "bp.2"): {"columns": ["bp"]},
        ("age", "bp.2"): {"drop": ["bp.1"]},
    }
    for found, wanted in columns.items():
        source = open_source(FRAME, label_column="label", **wanted)
        assert tuple(source.columns) == found
        assert any("read as 2 numbers" in remark for remark in source.remarks) == (found != ("age",))
    assert not any("bp" in remark for remark in open_source(FRAME, drop=["bp", "label"]).remarks)
    assert open_source(FRAME, label_column="bp", drop=["label"]).read().labels.tolist() == TEXTS


def test_a_missing_one_is_a_missing_number_of_each_column():
    frame = FRAME.drop(columns="label")
    frame.loc[[3, 50], "bp"] = [None, "refused"]
    source = open_source(frame)
    assert any("columns 'bp.1', 'bp.2' of the data frame have missing values" in r for r in source.remarks)
    assert source.read().x.shape == (N, 5)


@pytest.mark.parametrize("odd", ["1/2/3", "120", "n/a"])
def test_texts_that_begin_otherwise_stay_texts(odd):
    frame = FRAME.assign(bp=[*TEXTS[: EXAMINED - 1], odd, *TEXTS[EXAMINED:]])
    assert not any("read as 2 numbers" in remark for remark in open_source(frame).remarks)


@pytest.mark.filterwarnings("ignore:column", "ignore:a false-alarm rate of")
def test_a_model_takes_texts_and_columns_of_numbers(tmp_path):
    frame = FRAME.drop(columns="label")
    detector = AMADetector(max_steps=2, noise_steps=0, random_state=0, progress=False).fit(frame)
    scores = detector.score_samples(frame)
    numbers = pd.DataFrame({"age": frame.age, "bp.1": PRESSURES[:, 0], "bp.2": PRESSURES[:, 1]})
    np.testing.assert_array_equal(detector.score_samples(numbers), scores)
    # A product of matrices rounds by how many rows it has.
    np.testing.assert_allclose(detector.score_samples(frame.iloc[5:6]), scores[5:6], rtol=1e-12)
    with pytest.raises(InputError, match=r"bp.1"):
        detector.score_samples(frame.assign(bp=["1/2/3", *TEXTS[1:]]))
    detector.save(tmp_path / "model")
    np.testing.assert_array_equal(AMADetector.load(tmp_path / "model").score_samples(frame), scores)
