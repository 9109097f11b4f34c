"""CSV files in the dialects that programs write, and sentences for those that cannot be read."""

from __future__ import annotations

import gzip
import os
import pickle

import numpy as np
import pandas as pd
import pytest

from ama.data.csv.csv_dialect import MAX_LINE
from ama.data.grouping import Grouping
from ama.data.sources import open_source
from ama.errors import InputError

NUMBERS = [[1.5, 2], [3, 4.25]]
PLAIN = "a,b\n1.5,2\n3,4.25\n"
GERMAN = PLAIN.replace(",", ";").replace(".", ",")
DIALECTS = {
    "plain": (PLAIN, ""),
    "blank lines first": (f"\n  \n{PLAIN}", ""),
    "line ends of Windows": (PLAIN.replace("\n", "\r\n"), ""),
    "line ends of old": (PLAIN.replace("\n", "\r"), ""),
    "quotes": ('"a","b"\n"1.5","2"\n"3","4.25"\n', ""),
    "a further comma in each line": (PLAIN.replace("\n", ",\n"), ""),
    "several further commas": (PLAIN.replace("\n", ",,,\n"), ""),
    "a further comma in each row": ("a,b\n1.5,2,\n3,4.25,\n", ""),
    "a further comma in the header": ("a,b,\n1.5,2\n3,4.25\n", ""),
    "semicolons": (PLAIN.replace(",", ";"), "separated by semicolons"),
    "tabs": (PLAIN.replace(",", "\t"), "separated by tabs"),
    "bars": (PLAIN.replace(",", "|"), "separated by vertical bars"),
    "decimal commas": (GERMAN, "separated by semicolons, with decimal commas"),
    "decimal commas in quotes": ('a,b\n"1,5",2\n3,"4,25"\n', "with decimal commas"),
    "Excel's line": (f"sep=;\n{PLAIN.replace(',', ';')}", "separated by semicolons"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separator_decimal_sign_and_encoding_are_found_and_said(tmp_path, dialect, encoding):
    text, said = DIALECTS[dialect]
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    samples = open_source(path, strict=True).read()  # nothing here is a guess
    assert (samples.x.tolist(), samples.columns, samples.ids) == (NUMBERS, ["a", "b"], ["0", "1"])
    assert said in " ".join(samples.remarks)
    assert len(samples.remarks) == bool(said)


ABOVE = {
    "Report of 2026\n\n": "the first line is",
    "Report of 2026,\n,\n": "the first 2 lines are",
    "# logger 3, version 2, 2026\n# 1\n": "the first 2 lines are",
    '"Report, of 2026"\n': "the first line is",
}


@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("units", ["", "°C,bar\n", "[m/s],\n"])
def test_what_stands_above_and_below_the_column_names_is_left_out_with_a_word(tmp_path, above, units):
    path = tmp_path / "x.csv"
    path.write_text(above + PLAIN.replace("\n", f"\n{units}", 1), encoding="utf-8")
    source = open_source(path)
    assert (source.columns, source.read().x.tolist()) == (["a", "b"], NUMBERS)
    said = [f"{path}: {ABOVE[above]} left out: the column names are below"]
    if units:
        shown = units.strip(",\n").replace(",", ", ")
        said.append(f"{path}: the line below the column names is taken for units and left out: {shown}")
    assert list(source.remarks) == said
    with pytest.raises(InputError, match="refused by strict"):
        open_source(path, strict=True)
    path.write_text(path.read_text("utf-8") + "5,6\n" * 60 + "5,6,7\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"has 3 fields in row 63 \(counted from 1\), expected 2"):
        open_source(path)


def test_properties_of_the_whole_above_the_column_names_are_left_out(tmp_path):
    (tmp_path / "x.csv").write_text(
        "Device;ABC\nSerial;7\n\ntime;a;b;c\ns;V;°C;\n1;2;3;4\n2;3;4;5\n", "utf-8"
    )
    assert open_source(tmp_path / "x.csv").read().x.tolist() == [[1, 2, 3, 4], [2, 3, 4, 5]]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("below", "said"),
    [
        (",\n\n,\n", ["the last 2 lines are left out, without a value"]),
        (" , \r\n", ["the last line is left out, without a value"]),
        ("\n  \n", []),
        ("", []),
    ],
)
def test_lines_without_a_value_below_a_table_are_no_rows(tmp_path, below, said, compressed):
    path = tmp_path / ("x.csv.gz" if compressed else "x.csv")
    content = (PLAIN + below).encode()
    path.write_bytes(gzip.compress(content) if compressed else content)
    source = open_source(path)
    assert source.read().x.tolist() == NUMBERS
    assert list(source.remarks) == [f"{path}: {words}" for words in said]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_lines_without_a_value_are_no_rows_of_a_large_file_either(tmp_path, encoding):
    path = tmp_path / "x.csv"
    text = "a,ü\n" + "1.5,2\n" * (MAX_LINE // 4) + ",\n" * 100_000
    path.write_bytes(text.encode(encoding))
    source = open_source(path)
    assert len(source) == MAX_LINE // 4
    assert f"{path}: the last 100000 lines are left out, without a value" in source.remarks


def test_a_last_row_with_one_value_is_a_row(tmp_path):
    for text in ("a,b\n1,2\n3,", "a,b\n1,2\n3,\n", 'a,b\n1,2\n"",\n', "a\tb\n1\t2\n3\t\n"):
        (tmp_path / "x.csv").write_text(text)
        assert len(open_source(tmp_path / "x.csv")) == 2


@pytest.mark.parametrize(
    "text",
    [
        ",city,age\nr1,rome,NA\nr2,oslo,4\n",
        "city,age\nrome,none\noslo,4\n",
        "a,b\n?,-\n1,2\n",
        "a,b\n--,.\n1,2\n",
        "a,b\nx,1\ny,2\n",
        "a,b\nx,y\nz,1\n",
        "when,kind\n2026-01-01,a\n2026-01-02,1\n",
    ],
)
def test_a_row_is_no_title_and_holds_no_units(tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    names, *rows = text.splitlines()
    chosen = names.strip(",").split(",")
    assert len(open_source(tmp_path / "x.csv", columns=chosen)) == len(rows)


@pytest.mark.parametrize("name", ["temperature, outside", "a;b,c"])
def test_the_name_of_the_only_column_of_a_tsv_file_may_hold_a_comma(tmp_path, name):
    (tmp_path / "x.tsv").write_text(f"{name}\n1.5\n2\n")
    source = open_source(tmp_path / "x.tsv")
    assert (source.columns, source.read().x.tolist(), source.remarks) == ([name], [[1.5], [2]], ())


def test_a_single_column_may_have_decimal_commas(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1,5\n2,5\n")
    assert open_source(tmp_path / "a.csv").read().x.tolist() == [[1.5], [2.5]]


@pytest.mark.parametrize("rows_before", [0, 600_000])
def test_text_that_is_no_utf8_is_read_as_windows_writes_it_and_that_is_said(tmp_path, rows_before):
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,b\n" + b"number,2\n" * rows_before + "grün,3\n".encode("cp1252"))
    samples = open_source(path).read()
    assert samples.ids[-1] == "grün"
    assert "in the encoding Windows-1252" in samples.remarks[0]
    with pytest.raises(InputError, match="refused by strict"):
        open_source(path, strict=True)


@pytest.mark.parametrize(
    ("names", "encoding", "shown"),
    [
        ("a,Größe", "cp1252", " (a column is 'Größe')"),
        ("온도,압력", "euc_kr", " (a column is '¿Âµµ')"),
        ("a,b", "cp1252", ""),
    ],
)
def test_names_that_may_be_garbled_are_shown_with_the_remedy(tmp_path, names, encoding, shown):
    path = tmp_path / "a.csv"
    path.write_bytes(f"{names}\n1,2\n3,4\n5,é\n".encode(encoding, "replace").replace(b",?", b",\xe9"))
    assert open_source(path).remarks[0] == (
        f"{path} is taken in the encoding Windows-1252, as it is not UTF-8{shown}: if its text is garbled, save it as "
        "UTF-8"
    )


def test_hexadecimal_numbers_are_text(tmp_path):
    (tmp_path / "x.csv").write_text("a,address\n" + "".join(f"{i},0x{i % 4 * 37:04X}\n" for i in range(9)))
    assert open_source(tmp_path / "x.csv").encoding.columns[1].kinds == [
        "0x0000",
        "0x0025",
        "0x004A",
        "0x006F",
    ]


def test_a_quoted_value_may_hold_a_line_end(tmp_path):
    (tmp_path / "a.csv").write_text('id,a\n"x\ny",1\nz,2\n')
    assert open_source(tmp_path / "a.csv").read().ids == ["x y", "z"]


def test_a_column_without_a_name_is_no_id_unless_it_is_first(tmp_path):
    (tmp_path / "a.csv").write_text("a,,b\n1,7,2\n3,8,4\n")
    samples = open_source(tmp_path / "a.csv").read()
    assert (samples.ids, samples.columns) == (["0", "1"], ["a", "b"])
    assert samples.remarks == (f"column 'Unnamed: 1' of {tmp_path / 'a.csv'} is left out, as it has no name",)


def test_a_csv_column_of_integers_may_have_fractions_after_the_first_block(tmp_path):
    path = tmp_path / "a.csv"
    n, row = 250_000, f"{10**15},2,3\n"  # more than the block from which pyarrow infers types
    path.write_text("a,b,label\n" + row * n + "0.5,2,3\n")
    source = open_source(path)
    samples = source.read()
    assert len(source) == len(samples) == n + 1
    assert samples.x[-1].tolist() == [0.5, 2]
    assert set(samples.labels.tolist()) == {"3"}


def test_a_csv_header_of_consecutive_numbers_is_a_header_and_others_are_a_missing_one(tmp_path):
    path = tmp_path / "a.csv"
    pd.DataFrame(np.eye(3)).to_csv(path, index=False)
    assert len(open_source(path)) == 3
    path.write_text("0.5,1.5\n1,2\n")
    with pytest.raises(
        InputError, match=rf"first line of {path} holds the numbers 0.5, 1.5, expected column names"
    ):
        open_source(path)


REFUSED = {
    "": "is an empty file, expected CSV",
    "\n\n": "is an empty file, expected CSV",
    "a,b\n": "has no rows",
    "a,a\n1,2\n": "has two columns named 'a'",
    "a,b\n1,2\n3\n": r"has 1 field in row 2 \(counted from 1\), expected 2$",
    "a,b\n" + "1,2\n" * 1_100_000 + "3,4,5\n": r"has 3 fields in row 1100001 \(counted from 1\), expected 2$",
    'a,b\n"1,2\n3,4\n': r"has 1 field in row 1 \(counted from 1\), expected 2$",
    "a,b\n1,2\n3,inf\n": r"has inf in row 2 \(counted from 1\), column 'b', expected a finite number",
    "a,b\n1,\0\n": "holds zero bytes, expected CSV as text",
    "a,b\n1," + "2" * 3 * MAX_LINE: "has a line or a value in quotes of more than 4 MiB",
    "a" * (MAX_LINE + 1): "has a line longer than 4 MiB, expected CSV",
    ",".join(f"{i:x}" for i in range(70_000)) + "\n": "has 70,000 columns, expected at most 65,536",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:12]))
def test_csv_files_that_cannot_be_used_are_refused(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=f"^{path} {REFUSED[text]}"):
        open_source(path).read()


ODD = {
    "a,b\n1,2\n3,?\n": r"'b' of .* holds '\?' in row 2",
    "a,b\n" + f"{10**15},2\n" * 300_000 + "1,?\n": r"'b' of .* holds '\?' in row 300001",
    "a,b\n" + f"{10**15},true\n" * 250_000 + "1,yes\n": "'b' of .* holds 'yes' in row 250001",
    "a;b\n1,5;2\n3,5;x\n": "'b' of .* holds 'x' in row 2",
    'a,b\n"1,234",2\n"2,345",3\n': "'a' of .* holds '1,234' in row 1",
    "a,b\n1,2026-01-01\n": "'b' of .* holds '2026-01-01' in row 1",
}


@pytest.mark.parametrize("text", ODD, ids=lambda text: repr(text[:12]))
def test_a_model_of_numbers_names_the_first_value_that_is_none_by_column_and_row(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"column {ODD[text]} \(counted from 1\), expected numbers: encode"):
        open_source(path, shape=(2,), columns=["a", "b"]).read()


def test_a_column_of_numbers_is_text_if_a_later_value_is_none(tmp_path):
    path = tmp_path / "a.csv"
    n = 250_000  # more than the block from which pyarrow infers types
    path.write_text("a,b\n" + "".join(f"{10**15 + i},true\n" for i in range(n)) + "?,yes\n")
    samples = open_source(path).read()
    assert samples.x.shape == (n + 1, 2 + 2)  # a number and its indicator; "true" and other kinds
    assert samples.x[-1, 1:].tolist() == [1, 0, 1]
    assert "column 'a' of " in samples.remarks[1]
    assert samples.remarks[1].endswith("holds texts among its numbers, which count as missing")


def test_a_file_without_a_separator_has_no_feature(tmp_path):
    (tmp_path / "a.csv").write_text("a:b\n1:2\n")
    with pytest.raises(
        InputError, match=r"has no column that can be a feature: column 'a:b' of .* is left out, as"
    ):
        open_source(tmp_path / "a.csv")


def test_hundreds_of_gigabytes_of_nothing_are_refused_at_once(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    os.truncate(path, 200 * 2**30)
    with pytest.raises(InputError, match="holds zero bytes"):
        open_source(path)


def test_text_that_is_no_utf8_is_not_taken_for_images(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("a,note\n1,é\n2,é\n".encode("latin-1"))
    assert open_source(path).columns == ["a", "note"]


def test_a_row_with_a_field_too_few_that_is_no_utf8_is_named_and_nothing_is_printed(tmp_path, capfd):
    rows = b"a,b,label\n" + b"1.5,2.5,good\n" * 40 + b"1.5,\xac\xff\n" + b"1.5,2.5,good\n"
    (tmp_path / "x.csv").write_bytes(rows)
    with pytest.raises(InputError, match=r"x.csv has 2 fields in row 41 \(counted from 1\), expected 3$"):
        open_source(tmp_path / "x.csv")
    assert capfd.readouterr() == ("", "")


def test_labels_ids_and_groups_are_texts_as_written_and_whole_numbers_have_no_fraction(tmp_path):
    rows = ["9007199254740993,007,1.0,1", "9007199254740992,+7,0,2", "nan,7.,,3", '5," 7 ",-1,4']
    (tmp_path / "a.csv").write_text("\n".join(["serial,part,label,a", *rows]) + "\n")
    by = {"group_by": Grouping.parsed("column:part", "--group-by "), "drop": ("serial",)}
    samples = open_source(tmp_path / "a.csv", **by).read()
    assert samples.columns == ["a"]
    assert samples.labels.tolist() == ["1", "0", "", "-1"]
    assert list(samples.group_values) == ["007", "7", "7", "7"]
    labelled = open_source(tmp_path / "a.csv", label_column="serial", columns=["a"]).read()
    assert labelled.labels.tolist() == ["9007199254740993", "9007199254740992", "", "5"]
    (tmp_path / "b.csv").write_text("id,a,label\n007,1.5,1\n08,2.5,1\n")
    assert open_source(tmp_path / "b.csv", columns=["a"]).read().ids == ["007", "08"]


def test_ids_with_points_keep_them_where_commas_are_decimal(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id;a;label\n123.456.789;0,5;1.000\n12,5 kg;1,5;b\n")
    samples = open_source(path).read()
    assert samples.ids == ["123.456.789", "12,5 kg"]
    assert samples.labels.tolist() == ["1.000", "b"]
    assert samples.x[:, 0].tolist() == [0.5, 1.5]


def test_a_labelled_table_with_numbers_as_labels_can_be_divided_and_pickled(tmp_path):
    (tmp_path / "a.csv").write_text("a,label\n" + "".join(f"{i},{i % 2}.0\n" for i in range(100)))
    part = pickle.loads(pickle.dumps(open_source(tmp_path / "a.csv").part(10, 20)))
    assert part.read().labels.tolist() == ["0", "1"] * 5


def test_texts_among_numbers_are_said_at_fit_and_afterwards(tmp_path):
    numbers = [f"{i}.5" for i in range(40)]
    (tmp_path / "fit.csv").write_text("\n".join(["a,b", *(f"{x},1" for x in [*numbers, "?"])]))
    fitted = open_source(tmp_path / "fit.csv")
    (tmp_path / "new.csv").write_text('a,b\n"1,000",1\nbroken,1\n,1\n?,1\n')
    new = open_source(
        tmp_path / "new.csv", shape=fitted.shape, columns=fitted.columns, encoding=fitted.encoding
    )
    samples = new.read()
    assert samples.x[:, :2].tolist() == [[1000, 0], [20, 1], [20, 1], [20, 1]]
    [said] = [remark for remark in samples.remarks if "texts" in remark]
    assert said == f"column 'a' of {tmp_path}/new.csv holds 2 texts among numbers, which count as missing"


def test_text_in_another_encoding_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "a.csv"
    for text in ("a,b\n" + "1,x\n" * 9 + "2,丂\n", "丂,b\n1,2\n", "a,b\n" + "1,x\n" * 2**21 + "2,丂\n"):
        path.write_bytes(text.encode("gb18030"))
        with pytest.raises(
            InputError, match=r"a.csv is text in neither UTF-8 nor Windows-1252, expected UTF-8"
        ):
            open_source(path)


def test_points_between_thousands_belong_to_the_number_where_commas_are_decimal(tmp_path):
    (tmp_path / "a.csv").write_text("a;b\n1.234.567,5;1,5\n2,5;-1.000\n")
    assert open_source(tmp_path / "a.csv").read().x.tolist() == [[1234567.5, 1.5], [2.5, -1000]]


def test_a_fraction_of_three_digits_is_no_thousand(tmp_path):
    (tmp_path / "a.csv").write_text("a;b\n0.123;2,5\n0.250;3,5\n")
    samples = open_source(tmp_path / "a.csv", columns=["a"]).read()
    assert samples.x.tolist() == [[0.123], [0.25]]
