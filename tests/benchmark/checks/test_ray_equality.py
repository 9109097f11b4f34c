"""A worker that is killed loses and doubles nothing; the comparison sees what it is for."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pyarrow as pa
import pytest

from ama.benchmark.checks.ray_equality import compared, ray_equality
from ama.errors import InputError


def test_lost_doubled_and_different_rows_are_counted():
    table = pa.table({"id": ["a", "b", "c"], "score": [1.0, 2.0, 3.0]})
    assert compared(table, table) == {"lost": 0, "doubled": 0, "equal": True, "same_order": True}
    assert compared(table, table.take([2, 0, 1])) == {
        "lost": 0,
        "doubled": 0,
        "equal": True,
        "same_order": False,
    }
    assert compared(table, table.take([0, 0, 1])) == {
        "lost": 1,
        "doubled": 1,
        "equal": False,
        "same_order": False,
    }
    other = table.set_column(1, "score", [[1.0, 2.0, 3.0000000000000004]])
    assert not compared(table, other)["equal"]


@pytest.mark.skipif(find_spec("ray") is None, reason="the extra 'ray' is not installed")
@pytest.mark.filterwarnings("ignore")  # of Ray, in threads of its own
def test_a_killed_worker_changes_no_row(tmp_path):
    ray_equality(str(tmp_path / "ray.jsonl"), 4000, 7)
    record = json.loads((tmp_path / "ray.jsonl").read_text())
    assert record["command"] == "ama benchmark ray --n 4000 --files 7"
    assert (record["images"], record["killed"], record["lost"], record["doubled"]) == (4000, 1, 0, 0)
    assert record["equal"]
    assert record["same_order"]


def test_more_files_than_images_are_refused():
    with pytest.raises(InputError, match="--files must be at most the number of images, 3, found 4"):
        ray_equality(None, 3, 4)
