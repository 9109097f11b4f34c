"""Numbers with units, currencies and other marks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.written_numbers import number_form, plain_number

NUMBERS = np.random.default_rng(0).normal(0, 9000, 60).round(2).tolist()


def german(x: float) -> str:
    return f"{x:,.2f}".translate(str.maketrans(",.", ".,"))


WRITTEN = {
    "1.5%": lambda x: f"{x} %",
    "$1.5": lambda x: f"-${-x:,.2f}" if x < 0 else f"${x:,.2f}",
    "€1.5": lambda x: f"€ {x:.2f}",
    "USD1.5": lambda x: f"USD {x:.2f}",
    "1,5€": lambda x: f"{german(x)} €",
    "1,5": german,
    "1.5°C": lambda x: f"{x}°C".replace("-", "\N{MINUS SIGN}"),
    "1.5kWh/m²": lambda x: f"{x:,.2f} kWh/m²".replace(",", "\N{NO-BREAK SPACE}"),
    "1.5CHF": lambda x: f"{x:,.2f} CHF".replace(",", "'"),
    "1.5m/s": lambda x: f" {x:e} m/s ",
    "1.5": lambda x: f"({-x})" if x < 0 else f"{x}",
}
OTHER = {
    "minus behind": ("1.5", lambda x: f"{-x}-" if x < 0 else f"{x}"),
    "minus behind, comma": ("1,5", lambda x: f"{german(-x)}-" if x < 0 else german(x)),
    "minus behind, unit": ("1.5EUR", lambda x: f"{abs(x):.2f}{'-' if x < 0 else ''} EUR"),
    "fortran": ("1.5", lambda x: f"{x:.8E}".replace("E", "D")),
    "power": ("1.5", lambda x: f"{x:.8e}".replace("e+0", "x10^").replace("e-0", "x10^-")),
    "power, spaces": ("1.5", lambda x: f"{x:.8e}".replace("e", " \u00d7 10^")),
    "power, stars": ("1.5V", lambda x: f"{x:.8e} V".replace("e", "*10**")),
    "power, comma": ("1,5", lambda x: f"{x:.8e}".replace(".", ",").replace("e", "\u00b710^")),
}


@pytest.mark.parametrize(("form", "written"), OTHER.values(), ids=OTHER)
def test_signs_behind_and_powers_of_ten_are_read(form, written):
    texts = [written(x) for x in NUMBERS]
    assert number_form([None, *texts, "-", "n/a"]) == form
    assert [float(plain_number(text, form)) for text in texts] == pytest.approx(NUMBERS, rel=1e-6)


def test_powers_may_be_superscripts():
    assert plain_number("1.5\u00d710\u207b\u00b9\u00b2", "1.5") == "1.5e-12"
    assert plain_number("2 \u22c5 10\u00b3 m", "1.5m") == "2e3"


@pytest.mark.parametrize(
    "text",
    [
        *("-5-", "(5-)", "5--", "5-6", "5-%-", "1.5x103", "1.5x10^", "1.5x10^1234", "1.5D3", "12D+0"),
        *("x10^3", "1e3x10^3", "<5-", "5-inch", "5-%"),
    ],
)
def test_what_is_no_sign_behind_and_no_power_is_not_read(text):
    assert plain_number(text, "1.5") is None


@pytest.mark.parametrize(("form", "written"), WRITTEN.items(), ids=WRITTEN)
def test_numbers_are_read_in_their_form(form, written):
    texts = [written(x) for x in NUMBERS]
    assert number_form([None, *texts, "-", "n/a"]) == form
    assert [float(plain_number(text, form)) for text in texts] == pytest.approx(NUMBERS, rel=1e-6)


@given(
    st.lists(st.floats(-1e12, 1e12).map(lambda x: round(x, 2)), min_size=25, max_size=40, unique=True),
    st.sampled_from(["{:,.2f} %", "{:.2f}kg", "{:_.2f} MB"]),
)
def test_whatever_is_written_is_read(numbers, written):
    texts = [written.format(x).replace("_", " ") for x in numbers]
    form = number_form(texts)
    assert form is not None
    assert [float(plain_number(text, form)) for text in texts] == numbers


@pytest.mark.parametrize("unit", ["sq ft", "kWh/m2", "kr.", "m3", "days ago", "%vol"])
def test_units_may_have_two_words_and_a_power(unit):
    numbers = [f"{abs(x):.1f}" for x in NUMBERS]
    texts = [f"{number} {unit}" for number in numbers]
    assert number_form(texts) == f"1.5{unit}"
    assert [plain_number(text, f"1.5{unit}") for text in texts] == numbers


def test_units_may_be_multiples_of_one():
    texts = [f"{x} {('kB', 'MB', 'B')[i % 3]}" for i, x in enumerate(NUMBERS)]
    assert number_form(texts) == "1.5…B"
    read = [float(plain_number(text, "1.5…B")) for text in texts]
    assert read == pytest.approx([x * (1e3, 1e6, 1)[i % 3] for i, x in enumerate(NUMBERS)])
    assert plain_number("3 GiB", "1.5…B") == str(3 * 2**30)
    assert (
        plain_number("3 g", "1.5…B") is plain_number("3 xB", "1.5…B") is plain_number("€3 B", "1.5…B") is None
    )
    dollars = [f"${abs(x)}{'KMB'[i % 3]}" for i, x in enumerate(NUMBERS)]
    assert number_form([*dollars, "$870"]) == "$1.5…"
    assert [plain_number(text, "$1.5…") for text in ("$1.2B", "$870", "€3K")] == ["1200000000", "870", None]


def test_with_one_mark_in_each_number_a_point_is_decimal_and_a_comma_is_not():
    """Both readings differ by a factor that is the same for all."""
    assert number_form([f"{i}.{i:03} kg" for i in range(10, 60)]) == "1.5kg"
    assert plain_number("¥98,707", number_form([f"¥{i},{i:03}" for i in range(10, 60)])) == "98707"


def test_a_bound_counts_as_its_number():
    texts = ["<0.5", "≤ 0.50", "> 9", *(str(i / 4) for i in range(3, 30))]
    assert number_form(texts) == "1.5"
    assert [plain_number(text, "1.5") for text in texts[:3]] == ["0.5", "0.50", "9"]


@pytest.mark.parametrize(
    "texts",
    [
        [f"{x}" for x in NUMBERS],
        [f"{i} {'kg' if i % 2 else 'lb'}" for i in range(60)],
        [f"{i} €" for i in range(60)] + [f"{i}.{i:03} €" for i in range(1, 60)],
        [f"{i} %" for i in range(20)],
        [f"{i} %" for i in range(30)] + [f"sensor {i}" for i in range(9)],
        [f"555 123 {i}" for i in range(100, 160)],
        [f"192.168.0.{i}" for i in range(60)],
        [f"{i}/{i + 1} Hz" for i in range(60)],
        [f"A{i}" for i in range(60)],
        [f"{i:02}h{i:02}" for i in range(60)],
        [f"{i}:30:00" for i in range(60)],
        [f"12 {'ab'[i % 2]}{i} road" for i in range(60)],
        [f"5.{i:02} (" for i in range(60)],
        [f"{x}-" for x in NUMBERS],
        [f"{abs(x)}{'-' if i % 2 else ' '}inch" for i, x in enumerate(NUMBERS)],
        [f"{i}-" for i in range(60)],
        [f"{i}D{i % 7}" for i in range(60)],
        [f"{i}D+{i % 7:02}" for i in range(60)],
        [f"{i}-{i + 1}" for i in range(60)],
        [f"{i}x10" for i in range(60)],
        [f"{i} x {i + 1}" for i in range(60)],
        [None],
        [],
    ],
    ids=[
        "plain",
        "two units",
        "thousands or decimals",
        "few",
        "others",
        "telephone",
        "address",
        "fractions",
        "names",
        "hours",
        "durations",
        "addresses",
        "open",
        "minus behind all",
        "hyphens before a unit",
        "minus behind counts",
        "codes with D",
        "codes like powers",
        "ranges",
        "products",
        "sizes",
        "missing",
        "none",
    ],
)
def test_what_is_no_number_or_has_two_readings_has_no_form(texts):
    assert number_form(texts) is None


@pytest.mark.parametrize("text", ["5 kg", "$5 %", "5,5 %", "(5 %", "1,23,456 %", "€ 5 €", "%", "", "five"])
def test_a_text_of_another_form_is_not_read(text):
    assert plain_number(text, "1.5%") is None


def test_a_number_without_its_unit_is_one():
    assert plain_number("5", "1.5%") == "5"
    assert plain_number("1.200,5", "1,5€") == "1200.5"


@given(
    st.text(alphabet="0123456789.,' eEdD+-()%$€kgm²<\u00a0x^*", max_size=30),
    st.sampled_from(["1.5", "1,5kg", "$1.5", "1,5%"]),
)
def test_what_is_read_is_a_number(text, form):
    number = plain_number(text, form)
    assert number is None or np.isfinite(float(number)) or "e" in number.lower()
