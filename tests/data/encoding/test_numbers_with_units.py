"""Numbers with signs or units are text, of which a sentence says that their size does not count."""

import numpy as np
import pandas as pd
import pytest

from ama.data.encoding.numbers_with_units import number_with_unit
from ama.data.sources import open_source
from ama.errors import InputError

NUMBERS = np.random.default_rng(0).normal(0, 900, 60).round(2)


@pytest.mark.parametrize(
    "written",
    [
        "{:.1f} %",
        "{:.0f}%",
        "${:,.2f}",
        "€ {:.2f}",
        "USD {:.2f}",
        "{:.2f} €",
        "{:.1f} °C",
        "{:.1f}kWh",
        "{:.2f} m/s",
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_with_units_are_found(written, sign):
    texts = [written.format(sign * abs(x)) for x in NUMBERS]
    assert number_with_unit([None, *texts]) == texts[0]


@pytest.mark.parametrize("currency", ["", "$"])
def test_negative_numbers_in_parentheses_are_found(currency):
    texts = [f"({currency}{-x})" if x < 0 else f"{currency}{x}" for x in NUMBERS]
    assert number_with_unit(texts) in texts


@pytest.mark.parametrize(
    "texts",
    [
        [f"{x}" for x in NUMBERS],
        [f"{i}{'ABCD'[i % 4]}" for i in range(60)],
        [f"sensor {i}" for i in range(60)],
        [f"192.168.0.{i}" for i in range(60)],
        [f"2026-01-{i:02}" for i in range(1, 31)],
        [f"{i}%" for i in range(5)],
        [f"{i % 7} times" for i in range(60)],
        [f"A{i}" for i in range(60)],
        [None],
    ],
)
def test_other_texts_are_none(texts):
    assert number_with_unit(dict.fromkeys(texts)) is None


def test_a_sentence_names_the_columns_and_an_example():
    frame = pd.DataFrame(
        {"a": NUMBERS, "share": [f"{x} %" for x in NUMBERS], "b": [f"{x} €" for x in NUMBERS]}
    )
    said = (
        "columns 'share', 'b' of the data frame hold numbers with signs or units such as '113.16 %', whose size does "
        "not count: write plain numbers"
    )
    assert said in open_source(frame).remarks
    with pytest.raises(InputError, match="refused by strict"):
        open_source(frame[["a", "b"]], strict=True)
