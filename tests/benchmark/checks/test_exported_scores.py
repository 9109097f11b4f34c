"""``ama benchmark export``: a detector beside its file, and what is recorded of them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="pip install '.[onnx]'")

from ama.benchmark.checks.exported_scores import CASES, Case, as_text, crops, floating, grey, measured, table


def test_a_detector_is_compared_with_its_file():
    record = measured("rows", Case(lambda n, random: random.normal(size=(n, 2)), {"scoring": "r_score"}, 300))
    assert record["samples"] == 300
    assert record["batches"] == [1, 7, 256]
    assert record["difference"] <= record["bound"]
    assert record["smaller"] == record["labels"] == 0
    assert set(record["terms"]) == {"r_score", "a_score"}
    assert as_text(record).endswith("of 300 samples 0 have a smaller p-value, 0 another label")


@pytest.mark.parametrize(
    ("draw", "shape", "dtype"),
    [
        (grey, (1, 8, 8), "uint8"),
        (floating, (1, 8, 8), "float32"),
        (crops(9, 7), (3, 9, 7), "uint8"),
        (table, (30,), "float64"),
    ],
)
def test_samples_are_drawn(draw, shape, dtype):
    x = draw(5, np.random.default_rng(0))
    assert x.shape == (5, *shape)
    assert x.dtype == dtype
    assert len(np.unique(x)) > 5


def test_every_preset_and_kind_is_there():
    given = [case.given for case in CASES.values()]
    assert {"paper", "authors"} <= {one.get("preset") for one in given}
    assert {"lite0"} <= {one.get("features") for one in given}
