"""Units that are multiples of one."""

from __future__ import annotations

import pytest

from ama.data.encoding.unit_multiples import common_unit, factor


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (["KB", "MB", "GB"], "B"),
        (["B", "kB"], "B"),
        (["MiB", "KiB"], "B"),
        (["K", "M", ""], ""),
        (["K", "B"], ""),
        (["mg", "g", "kg"], "g"),
        (["mm", "m"], "m"),
        (["kWh", "MWh"], "Wh"),
        (["kg", "lb"], None),
        (["m", "M"], None),  # minutes, metres, million?
        (["%", ""], None),
        (["min", "s"], None),
        (["€", "$"], None),
    ],
)
def test_the_unit_is_the_one_of_which_all_are_multiples(units, expected):
    assert common_unit(units) == expected


def test_factors_are_those_of_the_prefixes():
    assert [factor(unit, "B") for unit in ("B", "KB", "MiB", "XB", "A")] == [1, 1000, 2**20, None, None]
    assert [factor(unit, "") for unit in ("", "k", "B", "m")] == [1, 1000, 1e9, None]
