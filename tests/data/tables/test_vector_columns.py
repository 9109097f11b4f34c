"""Columns of vectors: the same rows from whatever holds them."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from ama.data.sources import open_source
from ama.data.tables import vector_columns
from ama.errors import InputError
from image_files import noise
from places import png

N, D = 30, 4
VECTORS = np.random.default_rng(0).normal(size=(N, D)).astype(np.float32)
PRICES = np.arange(N) / 7
NAMES = ["price", *(f"v[{j}]" for j in range(D)), "rank"]
ROWS = np.column_stack([PRICES, VECTORS, -PRICES])
LISTS = pa.array(VECTORS.tolist(), pa.list_(pa.float32()))
FLAT = pa.array(VECTORS.ravel())


def table(vectors=LISTS) -> pa.Table:
    ids = pa.array([f"r{i}" for i in range(N)])
    return pa.table({"id": ids, "price": PRICES, "v": vectors, "rank": -PRICES})


FORMS = {
    "lists": table(),
    "large lists": table(LISTS.cast(pa.large_list(pa.float32()))),
    "lists of one size": table(pa.FixedSizeListArray.from_arrays(FLAT, D)),
    "tensors": table(
        pa.ExtensionArray.from_storage(
            pa.fixed_shape_tensor(pa.float32(), [D]), pa.FixedSizeListArray.from_arrays(FLAT, D)
        )
    ),
    "arrays in a DataFrame": table().to_pandas(),
    "lists in a DataFrame": table().to_pandas().assign(v=VECTORS.tolist()),
    "lists of pyarrow in a DataFrame": table().to_pandas(types_mapper=pd.ArrowDtype),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_number_of_a_vector_is_a_column(form):
    source = open_source(FORMS[form])
    what = "holds vectors of length 4: each of their numbers is a column, v[0] and so on"
    assert source.remarks == (f"column 'v' of the data frame {what}",)
    samples = source.read()
    assert (samples.columns, samples.ids[:2]) == (NAMES, ["r0", "r1"])
    assert np.array_equal(samples.x, ROWS)


def written(folder, kind):
    if kind == "parquet":
        pq.write_table(table(), folder / "t.parquet", row_group_size=7)
    elif kind == "feather":
        pf.write_feather(table(), folder / "t.feather", chunksize=7)
    elif kind == "jsonl":
        rows = table().to_pylist()
        (folder / "t.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:  # a folder of parts, whose types differ where they may
        (folder / "t").mkdir()
        for i, start in enumerate(range(0, N, 11)):
            doubles = i == 1 and kind == "parts of feather"
            part = (table(LISTS.cast(pa.list_(pa.float64()))) if doubles else table()).slice(start, 11)
            if kind == "parts":
                pq.write_table(part, folder / "t" / f"{i}.parquet")
            else:
                pf.write_feather(part, folder / "t" / f"{i}.feather")
        return folder / "t"
    return next(folder.glob("t.*"))


@pytest.mark.parametrize("kind", ["parquet", "feather", "jsonl", "parts", "parts of feather"])
def test_files_hold_the_same_and_are_read_in_parts(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(
        vector_columns, "MOST_NUMBERS", 3 * D
    )  # so a batch has fewer rows than were asked for
    source = open_source(written(tmp_path, kind))
    assert np.array_equal(source.read().x, ROWS)
    for start, stop in ((0, 5), (5, 29), (29, 30)):
        part = pickle.loads(pickle.dumps(source.part(start, stop))).read()
        assert np.array_equal(part.x, ROWS[start:stop])
        assert part.ids == [f"r{i}" for i in range(start, stop)]


def test_a_data_set_holds_the_same():
    datasets = pytest.importorskip("datasets")
    for length in (-1, D):
        vectors = datasets.Sequence(datasets.Value("float32"), length=length)
        kinds = {name: datasets.Value("float64") for name in ("price", "rank")}
        features = datasets.Features({"id": datasets.Value("string"), **kinds, "v": vectors})
        data = datasets.Dataset.from_dict(table().to_pydict(), features=features)
        columns = ["price", "v", "rank"]
        assert np.array_equal(open_source(data, columns=columns).read().x, ROWS)
        assert np.array_equal(open_source(data["v"]).read().x, VECTORS)


def test_a_model_selects_the_numbers_by_their_names():
    shuffled = table().select(["v", "rank", "price"]).append_column("w", LISTS)
    source = open_source(shuffled, shape=(6,), columns=NAMES)
    assert source.remarks == ("column 'w' of the data frame is left out, as the model does not use it",)
    assert np.array_equal(source.read().x, ROWS)
    spread = pd.DataFrame(ROWS, columns=NAMES)
    assert np.array_equal(open_source(spread, shape=(6,), columns=NAMES).read().x, ROWS)
    with pytest.raises(InputError, match=r"^the data frame has no column 'v\[0\]', which the model needs$"):
        open_source(table().drop(["v"]), shape=(6,), columns=NAMES)


def test_a_table_without_names_is_taken_by_position():
    numbered = table().to_pandas()[["price", "v", "rank"]].set_axis(range(3), axis=1)
    assert open_source(numbered).columns is None
    for columns in (NAMES, None):
        assert np.array_equal(open_source(numbered, shape=(6,), columns=columns).read().x, ROWS)


def test_columns_are_chosen_and_dropped_as_they_are_stored():
    assert open_source(table(), columns=["v", "price"]).columns == [*NAMES[1:5], "price"]
    assert open_source(table(), drop=["v"]).columns == ["price", "rank"]
    assert open_source(table(), columns=["price"]).remarks == ()
    for chosen in ({"columns": ["v", "prize"]}, {"label_column": "prize"}, {"drop": ["prize"]}):
        with pytest.raises(InputError, match=r"has no column 'prize'; its columns are id, price, v, rank$"):
            open_source(table(), **chosen)


def test_missing_values_beside_a_vector_are_encoded():
    frame = table().to_pandas()
    frame.loc[3, "price"] = None
    samples = open_source(frame).read()
    assert (samples.columns, samples.x.shape) == (NAMES, (N, 7))
    assert np.array_equal(samples.x[:, 2:6], VECTORS)


@pytest.mark.parametrize(
    ("odd", "found"),
    [
        (None, r"no vector in row 18 \(counted from 1\)"),
        ([], r"no vector in row 18 \(counted from 1\)"),
        ([1.0], r"a vector of 1 number in row 18 \(counted from 1\)"),
        ([1.0] * 5, r"a vector of 5 numbers in row 18 \(counted from 1\)"),
        ([1.0, None, 2.0, 3.0], r"a vector with a missing number in row 18 \(counted from 1\)"),
        ([1.0, np.nan, 2.0, 3.0], r"a vector with a missing number in row 18 \(counted from 1\)"),
    ],
)
def test_vectors_that_differ_in_length_or_lack_a_number_are_refused(odd, found):
    vectors = VECTORS.tolist()
    vectors[17] = odd
    given = table(pa.array(vectors, pa.list_(pa.float32())))
    expected = rf"^column 'v' of the data frame holds {found}, expected 4 numbers as"
    with pytest.raises(InputError, match=rf"{expected} in row 1: drop the row or the column$"):
        open_source(given)
    source = open_source(given, shape=(6,), columns=NAMES)
    with pytest.raises(InputError, match=rf"{expected} at fit$"):
        source.read()
    with pytest.raises(InputError, match=rf"{expected} at fit$"):
        source.part(17, 30).read()


@pytest.mark.parametrize("first", [None, []])
def test_a_table_without_a_vector_in_its_first_row_is_refused(first):
    given = table(pa.array([first, *VECTORS.tolist()[1:]], pa.list_(pa.float32())))
    with pytest.raises(InputError, match=r"^column 'v' of the data frame holds no vector in row 1 \("):
        open_source(given)


def test_vectors_of_another_length_than_at_fit_are_refused():
    short = table(pa.array(VECTORS[:, :3].tolist()))
    with pytest.raises(InputError, match=r"holds a vector of 3 numbers in row 1 .* expected 4 numbers as at"):
        open_source(short, shape=(6,), columns=NAMES).read()


def test_a_name_may_be_that_of_a_number_of_another_vector():
    samples = open_source(pa.table({"v": [[1, 2]] * 9, "v[0]": [[3]] * 9})).read()
    assert (samples.columns, samples.x[0].tolist()) == (["v[0]", "v[1]", "v[0][0]"], [1, 2, 3])
    with pytest.raises(InputError, match=r"has two columns named 'v\[0\]', expected unique names"):
        open_source(pa.table({"v": [[1, 2]] * 9, "v[0]": [3] * 9}))


def test_very_long_vectors_are_refused():
    with pytest.raises(
        InputError, match=r"holds vectors of 70,000 numbers, expected at most 65,536: drop it"
    ):
        open_source(pa.table({"v": pa.array([np.zeros(70_000, np.float32)] * 2)}))


def test_another_type_than_at_fit_is_refused():
    sentence = r"^column 'v' of the data frame is of type string, expected vectors of 4 numbers, as at fit$"
    with pytest.raises(InputError, match=sentence):
        open_source(table(pa.array(["x"] * N)), shape=(6,), columns=NAMES)
    beside = pa.table({**dict(zip(NAMES, ROWS.T, strict=True)), "v": ["x"] * N})
    assert np.array_equal(open_source(beside, shape=(6,), columns=NAMES).read().x, ROWS)


def test_lists_of_lists_and_of_text_are_refused():
    for values, kind in ((VECTORS.reshape(N, 2, 2).tolist(), "list"), ([["a"]] * N, "string")):
        with pytest.raises(
            InputError, match=rf"column 'v' of the data frame holds a value of type list.*{kind}"
        ):
            open_source(table(pa.array(values)))


def test_vectors_beside_images_are_said():
    images = pa.array([png(noise(8, 8, seed=i)) for i in range(6)], pa.binary())
    source = open_source(pa.table({"image": images, "v": LISTS[:6]}))
    end = "is not read, as 'image' holds images: --drop image makes rows of the others"
    assert source.remarks == (f"column 'v' of the data frame {end}",)
