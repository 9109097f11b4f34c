"""Which first lines of a CSV file are no column names."""

import numpy as np
import pytest

from ama.data.csv.csv_header import check_header, is_number
from ama.data.sources import open_source
from ama.errors import InputError


@pytest.mark.parametrize("header", ["", "a b"])
def test_spaces_between_numbers_are_refused_with_a_remedy(tmp_path, header):
    np.savetxt(tmp_path / "x.csv", np.arange(6.0).reshape(3, 2), header=header)
    with pytest.raises(InputError) as error:
        open_source(tmp_path / "x.csv")
    assert str(error.value) == (
        f"the fields of {tmp_path}/x.csv are separated by spaces, expected commas, semicolons, tabs or vertical bars: "
        "name it .txt, which is read as numbers without column names"
    )


def test_names_and_texts_may_have_spaces():
    check_header(["my flow"], [["1"], ["2"]], "x.csv")
    check_header(["my text"], [["1 a"], ["2 b"]], "x.csv")
    check_header(["my flow", "b"], [["1 2", "3"]], "x.csv")
    with pytest.raises(
        InputError, match=r"the first line of x.csv holds the numbers 1.5, 2, expected column names"
    ):
        check_header(["1.5", "2"], [], "x.csv")


def test_a_number_may_have_either_decimal_sign():
    assert [is_number(text) for text in ("1.5", "1,5", "-1e3", "a", "")] == [True, True, True, False, False]
