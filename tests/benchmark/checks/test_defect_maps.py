"""Defect maps: one record and one printed line for each defect."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ama.benchmark.checks.defect_maps import defect_maps
from ama.benchmark.checks.defects import DEFECTS
from places import png


@pytest.fixture
def folder(tmp_path, digits):
    """Scanned digits in place of MNIST."""
    images, labels = digits
    for split, part in (("train", slice(0, 900)), ("test", slice(900, None))):
        large = np.kron(images[part, 0], np.ones((1, 2, 2), np.uint8))
        (tmp_path / "mnist").mkdir(exist_ok=True)
        table = {"image": [{"bytes": png(x), "path": None} for x in large], "label": labels[part]}
        pq.write_table(pa.table(table), tmp_path / "mnist" / f"{split}.parquet")
    return tmp_path


def test_every_defect_has_a_record_and_a_line(folder, capsys):
    results = folder / "maps.jsonl"
    defect_maps(str(folder), str(results), max_steps=30, only="mnist, 2")
    records = [json.loads(line) for line in results.read_text().splitlines()]
    assert [record["defect"] for record in records] == list(DEFECTS)
    lines = capsys.readouterr().out.splitlines()[2:]
    for record, line in zip(records, lines, strict=True):
        assert (record["data"], record["normal"], record["steps"]) == ("mnist", "2", 30)
        assert 0 < record["images"] <= 89
        for kind in ("map", "difference"):
            assert 0 <= record[kind]["region_overlap"] <= 1
            assert 0 <= record[kind]["pixel_auroc"] <= 1
        assert line.startswith(f"mnist, 2            {record['defect']}")
        assert f"{record['map']['pixel_auroc']:.3f}" in line
