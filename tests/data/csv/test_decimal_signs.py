"""The decimal sign of the numbers in a text file."""

import pytest

from ama.data.csv.decimal_signs import decimal_sign, has_groups


@pytest.mark.parametrize(
    ("fields", "separator", "expected"),
    [
        (["1", "a", ""], ";", None),
        (["1.234", "-12.345.678"], ";", None),
        (["1.234", "2,5"], ";", ","),
        (["1.234", "0.5"], ";", "."),
        (["2,5", "0.123"], ";", "."),
        (["1.234"], ",", "."),
        (["1,234"], ",", None),
        (["1,5"], ",", ","),
    ],
)
def test_points_and_commas_between_thousands_leave_it_open(fields, separator, expected):
    assert decimal_sign(fields, separator) == expected


def test_points_may_stand_between_thousands_unless_a_comma_separates():
    assert has_groups("1.234", ";")
    assert not has_groups("1.234", ",")
    assert not any(has_groups(field, ";") for field in ("0.234", "1.23", "1,234", "1234"))
