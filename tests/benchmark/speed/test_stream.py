"""A streamed file is scored whole, and what it took is told."""

from __future__ import annotations

import json

from ama.benchmark.speed.stream import stream


def test_every_image_is_scored_and_the_cost_is_told(tmp_path, capsys):
    found = stream(20_000, str(tmp_path / "results.jsonl"))
    assert found["images"] == 20_000
    assert found["peak_resident_gib"] < 4  # of the whole test process
    assert found["images_per_second"] > 100
    line = json.loads((tmp_path / "results.jsonl").read_text())
    assert line["command"] == "ama benchmark stream --n 20000"
    assert "images per second" in capsys.readouterr().out
