"""Structures, such as nested objects of JSON, are a column for each of their fields."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ama import AMADetector
from ama.data.sources import open_source
from ama.data.tables.nested_columns import stored_names
from ama.errors import InputError
from image_files import noise
from places import png

rng = np.random.default_rng(0)
ROWS = [
    {"t": i * 1.5, "sensor": {"no": i % 7, "place": {"x": float(x), "y": float(y)}}, "kind": "ab"[i % 2]}
    for i, (x, y) in enumerate(rng.normal(size=(60, 2)))
]
NAMES = ["t", "sensor.no", "sensor.place.x", "sensor.place.y", "kind"]
FLAT = pd.json_normalize(ROWS)[NAMES]
SENTENCE = "holds structures: each of their fields is a column, sensor.no and so on"


def saved(folder) -> list:
    """The rows in every form that has structures."""
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (folder / "a.json").write_text(json.dumps(ROWS))
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table, folder / "a.parquet")
    return [
        folder / "a.jsonl",
        folder / "a.json",
        folder / "a.parquet",
        table,
        pl.DataFrame(ROWS),
        pd.DataFrame(ROWS),
    ]


def test_fields_are_the_columns_of_json_normalize(tmp_path):
    expected = open_source(FLAT).read()
    for source in saved(tmp_path):
        opened = open_source(source)
        samples = opened.read()
        assert samples.columns == NAMES
        np.testing.assert_array_equal(samples.x, expected.x)
        assert sum(SENTENCE in remark for remark in opened.remarks) == 1


@pytest.mark.filterwarnings("ignore:column", "ignore:a false-alarm rate of")
def test_a_model_takes_rows_of_any_form(tmp_path):
    sources = saved(tmp_path)
    detector = AMADetector(max_steps=2, noise_steps=0, random_state=0, progress=False).fit(sources[0])
    assert detector.columns_ == NAMES
    scores = detector.score_samples(FLAT)
    for source in sources:
        np.testing.assert_array_equal(detector.score_samples(source), scores)


def test_a_missing_structure_lacks_all_of_its_fields():
    rows = [
        *ROWS,
        {"t": 3.0, "sensor": None, "kind": "a"},
        {"t": 3.0, "kind": "a", "sensor": {"place": {"x": 1.0}}},
    ]
    expected = open_source(pd.json_normalize([{**row, "sensor": row["sensor"] or {}} for row in rows])[NAMES])
    np.testing.assert_array_equal(open_source(pa.Table.from_pylist(rows)).read().x, expected.read().x)


def test_structures_are_chosen_and_dropped_whole_or_by_field():
    table = pa.Table.from_pylist(ROWS)
    assert open_source(table, columns=["sensor"]).read().columns == NAMES[1:4]
    assert open_source(table, columns=["sensor.no", "t"]).read().columns == ["sensor.no", "t"]
    dropped = open_source(table, drop=["sensor"])
    assert dropped.read().columns == ["t", "kind"]
    assert not any("structures" in remark for remark in dropped.remarks)
    assert open_source(table, drop=["sensor.place.x"]).read().columns == [
        "t",
        "sensor.no",
        "sensor.place.y",
        "kind",
    ]


def test_vectors_in_structures_are_vectors():
    table = pa.table({"a": range(9), "s": [{"v": [i + 0.5, i * 2.0], "n": i % 4} for i in range(9)]})
    assert open_source(table).read().columns == ["a", "s.v[0]", "s.v[1]", "s.n"]


def test_beside_images_structures_are_no_columns_to_speak_of():
    images = pa.array([png(noise(8, 8, seed=i)) for i in range(6)], pa.binary())
    boxes = [{"box": [1, 2, 3, 4], "kind": "dent"}] * 6
    source = open_source(pa.table({"image": images, "found": boxes}))
    assert source.read().x.shape == (6, 1, 8, 8)
    assert not any("structures" in remark for remark in source.remarks)


def test_structures_stay_where_two_columns_would_have_one_name_and_are_refused():
    table = pa.Table.from_pylist([{"s.a": 1.0, "s": {"a": i}} for i in range(9)])
    with pytest.raises(
        InputError, match=r"column 's' of the data frame holds a value of type struct<a: int64>"
    ):
        open_source(table)


def test_a_column_may_be_a_field_of_any_structure_above_it():
    assert list(stored_names("a.b.c")) == ["a", "a.b", "a.b.c"]
    assert list(stored_names("a")) == ["a"]
