"""A function of record batches: the scores of a file, with the ids, and nothing lost without a word."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

import ama
from ama.detectors.score_tables import score_table
from ama.distributed.record_batches import BatchScorer
from ama.errors import InputError

KIND = pa.struct({"bytes": pa.binary(), "path": pa.string()})


def encoded(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def images(digits) -> pa.Table:
    contents = [b"bad" if i in (3, 1500) else encoded(pixels[0]) for i, pixels in enumerate(digits[0])]
    rows = [{"bytes": content, "path": f"{i}.png"} for i, content in enumerate(contents)]
    numbers = pa.array(np.arange(len(rows)) + 100)
    return pa.table({"image": pa.array(rows, KIND), "number": numbers})


def scored(scorer, table: pa.Table, size: int = 300) -> pa.Table:
    scorer = pickle.loads(pickle.dumps(scorer))
    return pa.Table.from_batches(scorer(iter(table.to_batches(max_chunksize=size))), scorer.schema)


def test_the_scores_of_images_are_those_of_a_file(tmp_path, digit_detector, images):
    digit_detector.save(tmp_path / "model")
    scorer = BatchScorer(tmp_path / "model", device="cpu")
    found = scored(scorer, images)
    whole = [score_table(digit_detector, samples) for samples in digit_detector.open(images).batches()]
    of_samples = found.filter(pa.compute.is_null(found["note"]))
    assert of_samples.drop_columns("note").equals(pa.concat_tables(whole))
    notes = found["note"].drop_null().to_pylist()
    reason = "it is not an image, or its format or its kind of pixels is not supported"
    assert notes == [f"{i}.png cannot be read: {reason}" for i in (3, 1500)]
    assert scorer.ddl.startswith("`id` string, `r_score` double, ")
    assert scorer.ddl.endswith("`p_value` double, `anomaly` boolean, `note` string")


def test_a_model_in_bfloat16_scores_in_float32_if_asked(tmp_path, digits, images):
    detector = ama.AMADetector(max_steps=2, scoring_precision="bfloat16", random_state=0, progress=False)
    detector.fit(digits[0][:300]).save(tmp_path / "model")
    found = scored(BatchScorer(tmp_path / "model", device="cpu", float32=True), images[:3])
    expected = ama.load(tmp_path / "model", "cpu", float32=True).score_samples(digits[0][:3])
    assert found["score"].to_pylist() == expected.tolist()
    assert found["score"].to_pylist() != detector.score_samples(digits[0][:3]).tolist()


def test_ids_come_from_a_column_and_paths_are_not_followed(tmp_path, digit_detector, images):
    digit_detector.save(tmp_path / "model")
    (tmp_path / "0.png").write_bytes(images["image"][0].as_py()["bytes"])
    scorer = BatchScorer(tmp_path / "model", id_column="number", false_alarm_rate=0.3, device="cpu")
    found = scored(scorer, images[:9])
    assert found["id"].drop_null().to_pylist() == [str(100 + i) for i in range(9) if i != 3]
    assert found["note"].drop_null().to_pylist()[0].startswith("row 103 cannot be read")
    path = pa.array([{"bytes": None, "path": str(tmp_path / "0.png")}], KIND)
    found = scored(BatchScorer(tmp_path / "model", device="cpu"), pa.table({"image": path}))
    assert found["note"].to_pylist() == [f"{tmp_path}/0.png cannot be read: it has no bytes"]
    with pytest.raises(InputError, match="the table has no column 'name', which id_column names"):
        scored(BatchScorer(tmp_path / "model", id_column="name", device="cpu"), images)


@pytest.mark.filterwarnings("ignore:column 'kind' of the data frame becomes an indicator")
def test_rows_keep_their_ids_and_what_was_assumed_is_said_once(tmp_path, rng):
    rows = pd.DataFrame(rng.normal(size=(3000, 3)), columns=list("abc"))
    rows["kind"] = rng.choice(["u", "v"], len(rows))
    detector = ama.AMADetector(max_steps=5, random_state=0).fit(rows[:300])
    detector.save(tmp_path / "model")
    rows.loc[[7, 2900], "b"] = np.nan
    rows.loc[9, "kind"] = None
    rows["extra"], rows["id"] = 1, [f"r{i}" for i in range(len(rows))]
    table = pa.table(rows)
    for id_column in (None, "id"):
        found = scored(BatchScorer(tmp_path / "model", id_column=id_column, device="cpu"), table)
        whole = [score_table(detector, samples) for samples in detector.open(table).batches()]
        of_samples = found.filter(pa.compute.is_null(found["note"]))
        assert of_samples.drop_columns("note").equals(pa.concat_tables(whole))
        assert found["note"].drop_null().to_pylist() == [
            "column 'extra' of the table is left out, as the model does not use it",
            "column 'b' of the table lacks 2 values and lacked none at fit: medians are in their place",
            "column 'kind' of the table lacks 1 value: missing ones count as an unknown kind",
        ]
