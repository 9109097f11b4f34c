"""Files of tables that are named one by one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ama.data.sources import open_source
from ama.detectors.inputs import is_source
from ama.errors import InputError

WRITERS = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, double_precision=15),
    ".parquet": lambda frame, path: frame.to_parquet(path),
    ".xlsx": lambda frame, path: frame.to_excel(path, index=False),
}


@pytest.fixture
def months(rng):
    return [
        pd.DataFrame({"flow": rng.normal(size=30).round(3), "state": rng.choice(["on", "off"], 30)})
        for _ in range(2)
    ]


@pytest.mark.parametrize("suffixes", [(suffix, suffix) for suffix in WRITERS] + [(".csv", ".parquet")])
def test_tables_are_one_in_the_order_in_which_they_are_named(tmp_path, months, suffixes):
    paths = []
    for name, month, suffix in zip("ba", months, suffixes, strict=True):
        paths.append(tmp_path / f"{name}{suffix}")
        WRITERS[suffix](month, paths[-1])
    source = open_source(paths)
    expected = open_source(pd.concat(months, ignore_index=True)).read()
    assert torch.equal(source.read().x, expected.x)
    assert source.named == source.name == f"{paths[0]} and 1 more"
    assert torch.equal(source.part(25, 35).read().x, expected.x[25:35])


@pytest.mark.parametrize("form", [list, tuple, np.array, pd.Series])
def test_any_list_of_paths_names_tables(tmp_path, months, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    for name, month in zip("ab", months, strict=True):
        month.to_csv(f"{name}.csv", index=False)
    names = form(["a.csv", "b.csv"])
    assert is_source(names)
    assert len(open_source(names).read()) == 60
    assert len(open_source(["a.csv"]).read()) == 30
    assert len(open_source(["a.csv", Path("a.csv")]).read()) == 60


def test_csv_files_have_one_decimal_sign(tmp_path):
    for name, text in {"a": "x;y\n1,5;a\n2,5;b\n", "b": "x;y\n1;a\n2;b\n"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    samples = open_source([tmp_path / "b.csv", tmp_path / "a.csv"], columns=["x"]).read()
    assert samples.x[:, 0].tolist() == [1, 2, 1.5, 2.5]


def test_what_is_no_table_is_refused_by_its_place(tmp_path, months):
    months[0].to_csv(tmp_path / "a.csv", index=False)
    table = str(tmp_path / "a.csv")
    for other, shown in (("a.png", "'a.png'"), (str(tmp_path), f"'{tmp_path}'"), (3, "'int'")):
        with pytest.raises(
            InputError, match=rf"^the list has {shown} at position 2 .*, expected paths of tables"
        ):
            open_source([table, other])
    with pytest.raises(
        InputError, match=r"^the list has '.*a\.csv' at position 2 .*images \(.*\), or of tables"
    ):
        open_source(["a.png", table])
    with pytest.raises(InputError, match=r"^the list has '.*a\.csv' at position 2"):
        open_source([str(tmp_path), table])


def test_a_file_that_cannot_be_read_is_named(tmp_path, months):
    months[0].to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "folder.csv").mkdir()
    for name, why in (("none.csv", "No such file"), ("folder.csv", "a folder")):
        with pytest.raises(InputError, match=rf"{name} cannot be read: .*{why}"):
            open_source([tmp_path / "a.csv", tmp_path / name])


def test_a_file_with_other_columns_is_named(tmp_path, months):
    months[0].to_csv(tmp_path / "a.csv", index=False)
    months[1].rename(columns={"flow": "speed"}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(InputError, match=r"b\.csv"):
        open_source([tmp_path / "a.csv", tmp_path / "b.csv"])
