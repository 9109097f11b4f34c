"""Which files of a folder are one table together."""

import pytest

from ama.data.tables.table_files import TABLES
from ama.data.tables.table_names import STORED, TEXTS, shards


def test_every_kind_of_table_is_known_by_its_name():
    assert set(TABLES) == {*STORED, *TEXTS}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["b.csv", "a.csv", "_SUCCESS", ".a.csv.crc", ".b.csv"], ["a.csv", "b.csv"]),
        (["b.CSV.gz", "a.csv", "read.me"], ["a.csv", "b.CSV.gz"]),
        (["a.csv", "b.txt"], []),
        (["0.parquet", "a.csv", "b.csv"], ["0.parquet"]),
        (["data-0.arrow", "state.json", "dataset_info.json"], ["data-0.arrow"]),
        (["a.csv", "b.jsonl"], ["a.csv", "b.jsonl"]),
        ([], []),
    ],
)
def test_a_folder_is_read_from_its_tables(names, found):
    assert shards(names) == found
