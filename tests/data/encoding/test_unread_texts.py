"""Numbers and dates in forms that are not read, of which a sentence says so."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ama.data.encoding.unread_texts import (
    date_as_text,
    duration_as_text,
    image_path,
    number_with_unit,
    vector_as_text,
)
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
def test_unread_texts_are_found(written, sign):
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


@pytest.mark.parametrize("sign", ["\N{MINUS SIGN}", "\N{NO-BREAK SPACE}", "1 ", "1'"])
def test_numbers_with_other_marks_are_found(sign):
    texts = [f"{sign}{i:03}.5" for i in range(60)]
    assert number_with_unit(texts) == texts[0]


@pytest.mark.parametrize(
    "written",
    ["%d.%m.%Y", "%m/%d/%Y", "%d-%m-%y", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y", "%d-%B-%Y", "%d.%m.%Y %H:%M"],
)
def test_dates_in_other_forms_are_found(written):
    texts = [day.strftime(written) for day in pd.date_range("2026-01-29 03:04", periods=9)]
    assert date_as_text([*texts, None, "2026-01-02"]) == texts[0]


@pytest.mark.parametrize(
    "texts",
    [
        ["2026-01-02", "2026-01-03 10:00"],
        ["1.2.3.4", "10.0.0.1"],
        ["May", "March"],
        ["1/2", "3/4"],
        [None],
        [],
    ],
)
def test_other_texts_are_no_dates(texts):
    assert date_as_text(texts) is None


def test_a_sentence_names_the_columns_and_an_example():
    """Of numbers with two units, and of dates of which every one may have day and month exchanged."""
    columns = {unit: [f"{x} {unit if i % 2 else 'km'}" for i, x in enumerate(NUMBERS)] for unit in "%€"}
    days = pd.date_range("2026-01-01", periods=len(NUMBERS), freq="MS")
    frame = pd.DataFrame({"a": NUMBERS, **columns, "day": days.strftime("%d/%m/%Y")})
    of_numbers = f"such as '{NUMBERS[0]} km', whose size does not count: write plain numbers"
    of_dates = "such as '01/01/2026', which are not read as such: write them as 2026-01-31"
    assert open_source(frame).remarks[-2:] == (
        f"columns '%', '€' of the data frame hold numbers {of_numbers}",
        f"column 'day' of the data frame holds dates {of_dates}",
    )
    with pytest.raises(InputError, match="refused by strict"):
        open_source(frame[["a", "day"]], strict=True)


def test_paths_of_images_are_pointed_out(tmp_path):
    paths = [f"photos/{i}.PNG" for i in range(30)]
    said = "holds paths such as 'photos/0.PNG', whose images are not read: as the source, name their folder or, in "
    with pytest.raises(
        InputError, match=f"no column that can be a feature: column 'path' of the data frame {said}"
    ):
        open_source(pd.DataFrame({"path": list(map(Path, paths)), "label": ["good"] * 30}))
    pd.DataFrame({"path": paths, "width": 64}).to_csv(tmp_path / "a.csv", index=False)
    assert open_source(tmp_path / "a.csv").remarks[-1].startswith(f"column 'path' of {tmp_path}/a.csv {said}")
    assert image_path([*paths, None, "photos"]) == paths[0]
    assert image_path(["a.png", "b"]) is image_path([None]) is image_path([]) is None


@pytest.mark.parametrize(
    "texts", [["25:30:00", "01:00:00.5"], ["1 days 02:00:00", None], ["0:59:59", "-100:00:00"]]
)
def test_durations_beyond_a_day_are_found(texts):
    assert duration_as_text(texts) is not None
    assert duration_as_text(["01:02:03", "23:59:59"]) is duration_as_text(["a", texts[0]]) is None


def test_durations_are_pointed_out():
    frame = pd.DataFrame({"a": range(30), "took": ["?"] + [f"{i}:30:00" for i in range(1, 30)]})
    assert open_source(frame).remarks[-1] == (
        "column 'took' of the data frame holds durations such as '24:30:00', which are not read as such: write seconds"
    )


VECTORS = NUMBERS.reshape(-1, 5)


@pytest.mark.parametrize(
    "written", [str, lambda v: str(v.tolist()), lambda v: "{" + ",".join(map(str, v)) + "}"]
)
def test_vectors_in_text_are_found(written, tmp_path):
    texts = [written(vector) for vector in VECTORS]
    assert vector_as_text([None, *texts]) == f"{texts[0][:30]}..."
    pd.DataFrame({"v": [*texts, written(VECTORS[0, :2])], "a": range(3, 16)}).to_csv(
        tmp_path / "a.csv", index=False
    )
    remarks = open_source(tmp_path / "a.csv").remarks
    assert remarks[-1].endswith(
        "...', which are not read as such: expected one of the same length in each row"
    )


@pytest.mark.parametrize("texts", [["[1]", "[2]"], ["[a, b]"] * 3, ["1, 2"], ["{}"], [None], ["[1, 2]", "x"]])
def test_other_texts_hold_no_vectors(texts):
    assert vector_as_text(texts) is None
