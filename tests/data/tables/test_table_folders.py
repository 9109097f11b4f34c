"""Folders of files that are one table together."""

import gzip

import numpy as np
import pandas as pd
import pytest
import torch

from ama.data.sources import open_source
from ama.errors import InputError

WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, double_precision=15),
    "feather": lambda frame, path: frame.to_feather(path),
    "parquet": lambda frame, path: frame.to_parquet(path),
}


def frame(rng, n=60):
    return pd.DataFrame(
        {"flow": rng.normal(size=n), "state": rng.choice(["on", "off"], n), "label": rng.choice([0, 1], n)}
    )


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.mark.parametrize("kind", WRITERS)
def test_the_files_of_a_folder_are_one_table(tmp_path, rng, kind):
    whole = frame(rng)
    (tmp_path / "parts").mkdir()
    WRITERS[kind](whole, tmp_path / f"whole.{kind}")
    for i, (start, stop) in enumerate([(0, 25), (25, 26), (26, 60)]):
        WRITERS[kind](whole[start:stop].reset_index(drop=True), tmp_path / "parts" / f"part-{i}.{kind}")
    (tmp_path / "parts" / "_SUCCESS").touch()
    (tmp_path / "parts" / f".part-0.{kind}.crc").write_text("crc")
    one, several = (open_source(tmp_path / name) for name in (f"whole.{kind}", "parts"))
    expected, found = one.read(), several.read()
    assert torch.equal(found.x, expected.x)
    assert (found.ids, found.labels.tolist()) == (expected.ids, expected.labels.tolist())
    assert [said.replace("parts", f"whole.{kind}") for said in several.remarks] == list(one.remarks)
    assert torch.equal(several.part(20, 40).read().x, expected.x[20:40])


def test_a_word_in_one_csv_file_makes_text_of_the_column_in_all(tmp_path):
    folder = write(tmp_path, a="x,y\n1,1.0\n2,2.0\n", b="x,y\n3,1.0\n4,broken\n", c="x,y\n5,\n6,\n")
    batches = open_source(folder, columns=["x", "y"]).batches()
    assert [values for samples in batches for values in samples.values["y"].to_pylist()] == [
        *("1.0", "2.0", "1.0", "broken", "", "")
    ]


def test_labels_are_texts_as_they_are_written(tmp_path):
    folder = write(tmp_path, a="x,label\n1,007\n2,8\n", b="x,label\n3,9\n4,none\n")
    assert open_source(folder).read().labels.tolist() == ["007", "8", "9", "none"]
    write(tmp_path, b="x,label\n3,9\n4,10.0\n")
    assert open_source(folder).read().labels.tolist() == ["007", "8", "9", "10"]


def test_files_without_rows_are_left_out_with_a_word(tmp_path):
    folder = write(tmp_path, a="x,y\n1,2\n", b="", c="x,y\n")
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(b""))
    source = open_source(folder)
    assert source.read().x.tolist() == [[1, 2]]
    assert f"{folder}: left out b.csv, c.csv, d.csv.gz, without a row" in source.remarks
    with pytest.raises(InputError, match=r"left out b.csv, .* \(refused by strict\)"):
        open_source(folder, strict=True)
    (tmp_path / "a.csv").write_text("x,y\n")
    with pytest.raises(InputError, match=r"none of the 4 files of .* has a row"):
        open_source(folder)


def test_what_holds_for_several_files_is_said_once(tmp_path):
    folder = write(tmp_path, **{name: "x;y\n1,5;2\n2,5;3\n" for name in "abc"})
    (tmp_path / "notes.txt").touch()
    source = open_source(folder)
    assert source.remarks == (
        f"{folder} is read from its 3 shards (.csv), without notes.txt",
        f"{folder}/a.csv is taken as separated by semicolons, with decimal commas; 2 more files like it",
    )
    assert source.read().x.tolist() == [[1.5, 2], [2.5, 3]] * 3


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_a_file_that_leaves_the_decimal_sign_open_follows_the_others(tmp_path, names):
    texts = ["x;y\n1,5;2\n1.234;3\n", "x;y\n1.234;7\n2.345;8\n"]
    folder = write(tmp_path, **dict(zip(names, texts, strict=True)))
    x = open_source(folder).read().x
    assert sorted(x.tolist()) == [[1.5, 2], [1234, 3], [1234, 7], [2345, 8]]
    alone = open_source(folder / f"{names[1]}.csv")
    assert alone.remarks == (f"{alone.name} is taken as separated by semicolons, with decimal points",)
    assert alone.read().x.tolist() == [[1.234, 7], [2.345, 8]]


def test_files_with_decimal_points_for_sure_keep_them_beside_others(tmp_path):
    folder = write(tmp_path, a="x;y\n1,5;2\n", b="x;y\n1.5;2\n1.234;3\n")
    source = open_source(folder)
    assert source.read().x.tolist() == [[1.5, 2], [1.5, 2], [1.234, 3]]
    assert source.remarks == (
        f"{folder}/a.csv is taken as separated by semicolons, with decimal commas",
        f"{folder}/b.csv is taken as separated by semicolons",
    )


def test_a_folder_of_several_kinds_and_other_columns_are_refused(tmp_path):
    folder = write(tmp_path, a="x,y\n1,2\n", b="x,z\n1,2\n")
    with pytest.raises(InputError, match=r"b.csv has no column 'y', expected the columns of a.csv"):
        open_source(folder)
    (tmp_path / "c.jsonl").write_text('{"x": 1}')
    sentence = r"holds tables of several kinds, a.csv and c.jsonl, expected one: name a file"
    with pytest.raises(InputError, match=sentence):
        open_source(folder)


def test_a_table_among_other_files_is_to_be_named(tmp_path):
    write(tmp_path, a="x\n1\n")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(
        InputError, match=r"holds 1 .csv, 1 .txt, expected images .*: name a file, such as a.csv"
    ):
        open_source(tmp_path)


def test_the_files_are_read_in_constant_memory(tmp_path):
    import pyarrow as pa

    values = np.arange(300_000).reshape(-1, 3)
    for i in range(6):
        np.savetxt(tmp_path / f"{i}.csv", values + i, "%d", ",", header="a,b,c", comments="")
    source = open_source(tmp_path)
    default, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(counted)
    try:
        assert sum(len(samples) for samples in source.batches(10_000)) == 600_000
    finally:
        pa.set_memory_pool(default)
    assert 0 < counted.max_memory() < 6 * values.nbytes


@pytest.mark.parametrize("part", ["", "year=2026"])
@pytest.mark.parametrize("url", [False, True])
def test_a_table_of_delta_lake_is_refused_as_some_files_may_be_of_earlier_versions(tmp_path, rng, part, url):
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    (tmp_path / "t" / "_delta_log" / "0.json").write_text("{}")
    (tmp_path / "t" / part).mkdir(exist_ok=True)
    frame(rng).to_parquet(tmp_path / "t" / part / "a.parquet")
    source = f"file://{tmp_path}/t" if url else tmp_path / "t"
    with pytest.raises(
        InputError, match=r"/t is a table of Delta Lake, whose files may be of several versions"
    ):
        open_source(source)
