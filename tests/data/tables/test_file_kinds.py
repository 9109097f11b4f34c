"""Files whose suffix says another kind than they hold."""

from __future__ import annotations

import gzip

import pandas as pd
import pyarrow.feather
import pytest

from ama.data.sources import open_source
from ama.errors import InputError

FRAME = pd.DataFrame({"x": [1.5, 2.0, 3.0], "y": [4.0, 5.0, 6.5]})


def write(frame, path, kind):
    if kind == "xlsx":
        frame.to_excel(path, index=False, engine="openpyxl")
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "feather":
        pyarrow.feather.write_feather(frame, path, "uncompressed")
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif kind == "json":
        frame.to_json(path, orient="records", indent=1)
    elif kind == "utf-16":
        frame.to_csv(path, index=False, sep="\t", encoding="utf-16")
    else:
        frame.to_csv(path, index=False, sep=kind)


@pytest.mark.parametrize(
    ("kind", "name", "held"),
    [
        ("xlsx", "a.csv", "a workbook of Excel"),
        ("xlsx", "a.xls", "a workbook of Excel"),
        ("parquet", "part-00000", "a Parquet file"),
        ("parquet", "a.txt", "a Parquet file"),
        ("feather", "a.parquet", "an Arrow file"),
        ("jsonl", "a.csv", "JSON"),
        ("json", "a.log", "JSON"),
        ("\t", "a.xls", "text"),
        ("utf-16", "a.xls", "text"),
        (",", "a.xlsx", "text"),
    ],
)
def test_a_file_is_read_as_what_it_holds_with_a_word(tmp_path, kind, name, held):
    path = tmp_path / name
    write(FRAME, made := tmp_path / "made.xlsx", kind)
    made.replace(path)
    source = open_source(path)
    assert source.read().x.tolist() == FRAME.to_numpy().tolist()
    assert source.columns == ["x", "y"]
    assert source.remarks[0] == f"{path} holds {held}, and is read as such"
    with pytest.raises(InputError, match=r"holds .*, and is read as such \(refused by strict\)"):
        open_source(path, strict=True)


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        (b"<?xml version='1.0'?>\n<rows><a>1,2</a></rows>\n", "a.csv", "holds HTML or XML, expected a table"),
        (b"\n<TABLE><tr><td>x</td></tr></TABLE>", "a.xls", "holds HTML or XML, expected a table"),
        (gzip.compress(b"x,y\n1,2\n", mtime=0), "a.csv", r"is compressed by gzip, .*: add \.gz to it"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a.xls", r"of a kind that is not read \(\.xls\): save its sheet"),
        (b"x,y\n1,2\n", "notes", "has the unknown suffix"),
        (b"x,y\n1,2\n", "a.parquet", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(tmp_path, content, name, refusal):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=refusal):
        open_source(tmp_path / name)


@pytest.mark.parametrize(
    "text", ["[mV];[mA]\n1;2\n3;4\n", '"[1, 2]";b\n"[3, 4]";6\n', "<a>,b\n1,2\n3,4\n", "{a},b\n1,2\n3,4\n"]
)
def test_names_and_vectors_in_brackets_are_text(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    assert not any("is read as such" in said for said in open_source(tmp_path / "a.csv").remarks)
