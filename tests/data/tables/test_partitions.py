"""Columns that are in the names of folders."""

import pickle
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import torch

from ama.data.sources import open_source
from ama.data.tables.partitions import Partitions, is_partition
from ama.errors import InputError

TABLE = pa.table(
    {"x": [1.0, 2.0, 3.0], "year": [2023, 2024, 2024], "site": ["a b", None, "c"], "label": [1, 0, 1]}
)


WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "feather": lambda frame, path: frame.to_feather(path),
    "parquet": lambda frame, path: frame.to_parquet(path),
}


def write(folder, kind="parquet"):
    columns = ds.partitioning(TABLE.select(["year", "site"]).schema, flavor="hive")
    ds.write_dataset(TABLE, folder, format=kind, partitioning=columns)
    (folder / "_SUCCESS").touch()
    (folder / "year=2023" / ".part-0.crc").touch()
    return folder


@pytest.mark.parametrize("kind", ["parquet", "csv", "feather"])
@pytest.mark.parametrize("url", [False, True])
def test_the_folders_of_a_partitioned_table_are_columns(tmp_path, kind, url):
    folder = write(tmp_path / "t", kind)
    name = f"file://{folder}" if url else folder
    source = open_source(name, columns=["x", "year", "site"])
    said = f"{name}: the names of its folders make columns 'year', 'site', which --drop leaves out"
    assert source.remarks[0] == said
    found = [(row["x"], row["year"], row["site"]) for s in source.batches() for row in s.values.to_pylist()]
    assert found == [(1.0, 2023, "a b"), (2.0, 2024, None), (3.0, 2024, "c")]
    assert source.read().labels.tolist() == ["1", "0", "1"]
    assert not open_source(name, drop=["year", "site"]).remarks


def test_a_part_begins_where_it_should_and_can_be_pickled(tmp_path):
    for year in (1, 2):
        (tmp_path / f"year={year}").mkdir()
        (tmp_path / f"year={year}" / "a.csv").write_text("x\n" + "".join(f"{i}\n" for i in range(10)))
    source = open_source(tmp_path)
    part = pickle.loads(pickle.dumps(source.part(8, 13)))
    assert part.read().x.tolist() == [[8, 1], [9, 1], [0, 2], [1, 2], [2, 2]]
    assert torch.equal(part.read().x, source.read().x[8:13])
    only = open_source(tmp_path, columns=["year"]).read()
    assert only.x[:, 0].tolist() == [1.0] * 10 + [2.0] * 10
    assert open_source(tmp_path, label_column="year").read().labels.tolist() == ["1"] * 10 + ["2"] * 10


@pytest.mark.parametrize("kind", ["parquet", "csv", "feather", "jsonl"])
def test_files_may_hold_the_columns_of_their_folders_too(tmp_path, kind):
    write(tmp_path / "t")
    expected = open_source(tmp_path / "t", columns=["x", "year", "site"]).read()
    for path in list((tmp_path / "t").rglob("*.parquet")):
        [site, year] = (part.partition("=")[2] for part in path.relative_to(tmp_path / "t").parts[1::-1])
        whole = pq.read_table(pa.BufferReader(path.read_bytes())).to_pandas()
        whole["site"] = None if site == "__HIVE_DEFAULT_PARTITION__" else site.replace("%20", " ")
        whole["year"] = int(year)
        path.unlink()
        WRITERS[kind](whole, path.with_suffix(f".{kind}"))
    found = open_source(tmp_path / "t", columns=["x", "year", "site"])
    assert torch.equal(found.read().x, expected.x)
    assert torch.equal(found.part(1, 3).read().x, expected.x[1:])


@pytest.mark.parametrize(
    ("folder", "held", "odd"),
    [
        ("k=1", [1.0, None], "''"),
        ("k=true", [True, False], "'false'"),
        ("k=2026-01-02", [date(2026, 1, 2), date(2026, 1, 3)], "'2026-01-03'"),
        ("k=__HIVE_DEFAULT_PARTITION__", [None, "a"], "'a'"),
    ],
)
def test_values_that_differ_from_the_name_of_the_folder_are_refused(tmp_path, folder, held, odd):
    (tmp_path / folder).mkdir()
    for values in (held[:1], held):
        pq.write_table(pa.table({"x": [1.0] * len(values), "k": values}), tmp_path / folder / "a.parquet")
        if len(values) == 1:
            assert open_source(tmp_path, drop=["k"]).columns == ["x"]
    with pytest.raises(InputError, match=rf"a.parquet holds {odd} in row 2 \(counted from 1\), expected '"):
        open_source(tmp_path)


def test_what_does_not_fit_is_refused(tmp_path):
    for name in ("year=1/a.csv", "year=2/b.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x\n1\n")
    (tmp_path / "year=2" / "b.csv").write_text("x,year\n1,2\n1,3\n")
    found = r"'3' in row 2 \(counted from 1\), expected '2' as in the name of its folder"
    with pytest.raises(InputError, match=rf"^column 'year' of \S+b.csv holds {found}$"):
        open_source(tmp_path)
    (tmp_path / "year=2" / "b.csv").rename(tmp_path / "year=2" / "b.jsonl")
    with pytest.raises(InputError, match=r"tables of several kinds, year=1/a.csv and year=2/b.jsonl"):
        open_source(tmp_path)
    (tmp_path / "year=2" / "month=1").mkdir()
    (tmp_path / "year=2" / "b.jsonl").unlink()
    (tmp_path / "year=2" / "month=1" / "b.csv").write_text("x\n1\n")
    with pytest.raises(InputError, match=r"b.csv has a column 'month', expected the columns of a.csv"):
        open_source(tmp_path)


def test_values_are_whole_numbers_or_else_text():
    files = [
        "a=01/b=x%2Fy/1.csv",
        "a=-2/b=__HIVE_DEFAULT_PARTITION__/1.csv",
        "a=3/1.csv",
        "c/a=1/1.csv",
        "1.csv",
    ]
    found = Partitions(files)
    assert found.files == files[:3]
    assert found.columns == {"a": pa.int64(), "b": pa.string()}
    assert [{k: v.as_py() for k, v in found.of_file(file).items()} for file in found.files] == [
        {"a": 1, "b": "x/y"},
        {"a": -2, "b": None},
        {"a": 3},
    ]
    assert [is_partition(name) for name in ("a=1", "a=", "=1", ".a=1", "_a=1", "a")] == [True] * 2 + [
        False
    ] * 4
