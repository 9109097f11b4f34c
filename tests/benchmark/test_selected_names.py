"""``--only`` of the benchmarks."""

from __future__ import annotations

import pytest

from ama.benchmark.checks.defect_maps import defect_maps
from ama.benchmark.checks.exported_scores import exported_scores
from ama.benchmark.checks.false_alarms import false_alarms
from ama.benchmark.checks.swapped_columns import swapped_columns
from ama.benchmark.figures.gallery import gallery
from ama.benchmark.selected_names import selected
from ama.benchmark.speed.measure_speed import measure_speed
from ama.errors import InputError


def test_names_with_the_text_in_their_order():
    assert selected(["mnist, 2", "cifar10, cat", "mnist, 8"], "mnist") == ["mnist, 2", "mnist, 8"]
    assert selected({"a": 1, "b": 2}, None) == ["a", "b"]


@pytest.mark.parametrize(
    ("measure", "name"),
    [
        (lambda folder: defect_maps(folder, None, None, "dogs"), "mnist, 2"),
        (lambda folder: false_alarms(folder, None, None, "dogs"), "0, 1, 2"),
        (lambda folder: swapped_columns(None, None, "dogs"), "benign tumours"),
        (lambda folder: exported_scores(None, "dogs"), "digits, every term"),
        (lambda folder: measure_speed("dogs", None), "preset, 8x8x1, batch 64"),
        (lambda folder: gallery(folder, folder, None, "dogs"), "digits, mnist"),
    ],
    ids=["maps", "false-alarms", "columns", "export", "speed", "gallery"],
)
def test_every_benchmark_refuses_a_text_that_no_name_has(tmp_path, measure, name):
    with pytest.raises(
        InputError, match=r"^--only: nothing has 'dogs' in its name, expected a part of one of "
    ) as refusal:
        measure(str(tmp_path))
    assert name in str(refusal.value)
    assert list(tmp_path.iterdir()) == []
