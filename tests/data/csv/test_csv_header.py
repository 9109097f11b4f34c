"""Which first lines of a CSV file are no column names."""

import numpy as np
import pytest
import torch

from ama.data.csv.csv_header import check_header, check_spaces, is_number, lacks_names
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
    check_spaces(["my flow"], [["1"], ["2"]], "x.csv")
    check_spaces(["my text"], [["1 a"], ["2 b"]], "x.csv")
    check_spaces(["my flow", "b"], [["1 2", "3"]], "x.csv")
    with pytest.raises(
        InputError, match=r"the first line of x.csv holds the numbers 1.5, 2, expected column names"
    ):
        check_header(["1.5", "2"], "x.csv")


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n", True),  # UCI's iris.data
        ("vhigh,vhigh,2,small\nvhigh,med,2,big\nlow,vhigh,3,small\n", True),  # UCI's car.data
        ("14.23,1.71,2.43\n13.2,1.78,2.14\n", True),
        ("1,-0.78\n2,-0.77\n", True),
        ("0,0,12\n0,3,4\n", True),
        ("7,7,7\n0,3,4\n", True),
        ("5.1,3.5,1.4,0.2\n4.9,3,1.4,0.2\n", True),
        ("5.1,,3.5\n4.9,2,3.0\n", True),  # with a missing value
        ("2026-01-01 10:00:00,1.5\n2026-01-01 10:00:05,1.7\n", True),  # a log
        ("31.1.2026;25,5 kg;S001\n1.2.2026;7,5 kg;S002\n", True),
        ("5-Jan-2026,3\n6-Jan-2026,4\n", True),
        ("item1,item2\n1,2\n", False),
        ("day,2026-01-01,2026-01-02\na,5,3\n", False),  # days side by side
        ("0.5,1.5\n1,2\n", False),  # they may be wavelengths
        ("2500.5,2498.5,2496.5\n0,1,2\n", False),
        ("12,7,45\n3,4,5\n", False),  # or numbers of shops
        ("2019,2020,2021\n5,3,8\n", False),  # or years
        ("315.58\n316.4\n", False),
        ("0,1,2\n5,3,8\n", False),  # pandas's names of the columns of an array
        (",0,1,2\n0,5,3,8\n", False),
        ("country,1960,1961\nAT,5,3\n", False),
        ("a,b\n1,2\na,b\n3,4\n", False),  # two files, one below the other
        ("flow,kind\n1,kind\n2,other\n", False),
        ("a,b\n", False),
    ],
)
def test_a_first_line_that_is_like_the_others_is_a_row(text, lacking):
    first, *rows = (line.split(",") for line in text.splitlines())
    assert lacks_names(first, rows) == lacking


def test_a_file_without_column_names_is_fitted_and_scored_whole_and_its_columns_have_numbers(tmp_path):
    rng = np.random.default_rng(0)
    kinds = np.array(["in", "out"])[(np.arange(60) % 2)]
    rows = [f"{a:.3f},{b:.3f},{kind}" for (a, b), kind in zip(rng.normal(size=(60, 2)), kinds, strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(rows))
    (tmp_path / "named.csv").write_text("\n".join(["a,b,kind", *rows]))
    source = open_source(tmp_path / "x.csv")
    assert source.columns == ["1", "2", "3"]
    assert source.remarks[0] == (
        f"{tmp_path}/x.csv: the first line is like the others, so it is not taken for column names, which are 1 to 3"
    )
    assert torch.equal(source.read().x, open_source(tmp_path / "named.csv").read().x)
    labelled = open_source(tmp_path / "x.csv", label_column="3", columns=["2"])
    assert (labelled.columns, len(labelled)) == (["2"], 60)
    assert labelled.read().labels.tolist() == kinds.tolist()
    with pytest.raises(InputError, match=r"the first line is like the others.*\(refused by strict\)"):
        open_source(tmp_path / "x.csv", strict=True)


def test_a_number_may_have_either_decimal_sign():
    assert [is_number(text) for text in ("1.5", "1,5", "-1e3", "a", "")] == [True, True, True, False, False]
