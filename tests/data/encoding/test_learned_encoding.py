"""A table as users have it, from every kind of source."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ama.data.encoding.category_columns import Categories
from ama.data.encoding.column_encoding import ColumnEncoding
from ama.data.encoding.moment_columns import Moments
from ama.data.sources import open_source
from ama.errors import InputError

N = 300


def people(seed: int = 0, n: int = N) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    amount = np.where(random.random(n) < 0.1, np.nan, random.normal(50, 9, n))
    country = random.choice(np.array(["AT", "DE", "CH", None], dtype=object), n)
    seconds = random.integers(0, 900 * 86_400, n)
    return pd.DataFrame(
        {
            "age": random.integers(18, 90, n),
            "amount": amount,
            "country": country,
            "shop": [f"shop {i}" for i in np.minimum(random.zipf(1.4, n), 60)],
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, unit="s"),
            "paid": random.random(n) < 0.7,
            "constant": "EUR",
            "note": [f"note {i} of {seed}" for i in range(n)],
            "empty": pd.Series([None] * n, dtype=object),
            "label": random.choice(["good", "bad"], n),
        }
    )


FEATURES = ["age", "amount", "country", "shop", "when", "paid", "constant"]


@pytest.fixture(params=["frame", "categorical", "arrow", "csv", "parquet"])
def stored(request, tmp_path):
    """A frame in each form of a source."""

    def stored(frame):
        if request.param == "frame":
            return frame
        if request.param == "categorical":
            return frame.astype({"country": "category", "shop": "category"})
        if request.param == "arrow":
            return pa.Table.from_pandas(frame)
        path = tmp_path / f"a.{request.param}"
        getattr(frame, f"to_{request.param}")(path, index=False)
        return path

    return stored


def test_every_source_of_a_table_has_the_same_encoding_and_rows(stored):
    frame = people()
    samples, expected = open_source(stored(frame)).read(), open_source(frame).read()
    assert samples.columns == FEATURES
    assert samples.encoding == expected.encoding
    assert np.array_equal(samples.x, expected.x)
    assert set(samples.labels) == {"good", "bad"}
    new = open_source(
        stored(people(1, 40)), shape=samples.x.shape[1:], columns=samples.columns, encoding=samples.encoding
    )
    like = open_source(people(1, 40), shape=(new.shape[0],), columns=FEATURES, encoding=expected.encoding)
    assert np.array_equal(new.read().x, like.read().x)


def test_batches_of_any_size_are_encoded_alike(stored):
    source = open_source(stored(people()))
    parts = list(source.batches(7))
    assert np.array_equal(np.concatenate([part.x for part in parts]), source.read().x)
    assert parts[0].values.schema.names == FEATURES
    assert parts[0].select([2, 0]).values["age"].to_pylist() == people()["age"].to_numpy()[[2, 0]].tolist()


def test_what_is_made_of_the_columns_is_said_in_a_sentence_for_each_kind_of_change():
    assert open_source(people()).remarks == (
        "column 'empty' of the data frame is left out, as it holds no value",
        "column 'note' of the data frame is left out, as almost every row has a text of its own: --columns makes it a "
        "feature",
        "columns 'country', 'constant' of the data frame become an indicator for each kind, and one for all others",
        "column 'shop' of the data frame becomes the frequency of its kind",
        "column 'when' of the data frame becomes elapsed time and parts of day, week and year: far later rows are "
        "unusual by that alone, and --drop leaves it out",
        "column 'amount' of the data frame has missing values, in whose place it gets the median and an indicator",
    )
    kept = people().drop(columns=["empty", "note"])
    assert open_source(kept, strict=True).columns == FEATURES
    with pytest.raises(InputError, match=r"'note' of .* left out, .* \(refused by strict\)"):
        open_source(people().drop(columns="empty"), strict=True)


def test_times_of_a_day_and_durations_have_sentences_of_their_own():
    times = pd.Series(["09:00", "12:30", "23:59"] * 5)
    frame = pd.DataFrame({"at": times, "until": times, "took": pd.to_timedelta(range(15), unit="min")})
    assert open_source(frame, strict=True).remarks == (
        "columns 'at', 'until' of the data frame become the time since the earliest, and sine and cosine of the time "
        "of the day",
        "column 'took' of the data frame is a duration, and becomes seconds",
    )


def test_columns_are_chosen_and_dropped_before_their_encoding():
    source = open_source(people(), columns=["country", "note"])
    assert source.columns == ["country", "note"]
    assert source.shape == (4 + 1 + 1,)
    assert open_source(people(), drop=["country", "note", "empty"], label_column="paid").columns == [
        "age", "amount", "shop", "when", "constant", "label",
    ]  # fmt: skip


def test_numbers_alone_have_no_encoding():
    samples = open_source(people()[["age", "paid"]]).read()
    assert samples.encoding is None
    assert np.array_equal(samples.x, people()[["age", "paid"]].to_numpy(float))
    assert samples.remarks == ()


def like_people(frame: pd.DataFrame):
    fitted = open_source(people())
    return open_source(frame, shape=fitted.shape, columns=fitted.columns, encoding=fitted.encoding)


def test_a_kind_that_fit_never_saw_is_unusual_and_no_error():
    fitted = open_source(people())
    x = like_people(people(1, 5).assign(country="FR", constant="USD", shop="new shop")).read().x
    groups = dict(zip(FEATURES, fitted.encoding.groups, strict=True))
    for name in ("country", "constant"):
        assert (x[:, groups[name]] == np.eye(len(groups[name]))[-1]).all()
    assert (x[:, groups["shop"]] < fitted.read().x[:, groups["shop"]].min() + 1e-9).all()


def test_a_value_that_is_missing_where_none_was_gets_the_median_and_that_is_said():
    frame = people(1, 9).astype({"age": float})
    frame.loc[[2, 5], "age"] = np.nan
    source = like_people(frame)
    median = np.median(people()["age"])
    for samples in (source.read(), source.read()):
        assert samples.x[[2, 5], 0].tolist() == [median] * 2
        assert samples.remarks[-1] == (
            "column 'age' of the data frame lacks 2 values and lacked none at fit: medians are in their place"
        )
    assert len(source.remarks) == len(set(source.remarks))


def test_a_text_that_is_missing_where_none_was_is_said_and_refused_by_strict():
    frame = people(1, 9).assign(constant=None)
    assert like_people(frame).read().remarks[-1] == (
        "column 'constant' of the data frame lacks 9 values: missing ones count as an unknown kind"
    )
    fitted = open_source(people())
    wanted = {"shape": fitted.shape, "columns": fitted.columns, "encoding": fitted.encoding, "strict": True}
    with pytest.raises(InputError, match=r"an unknown kind \(refused by strict\)$"):
        open_source(frame[fitted.columns], **wanted).read()


@pytest.mark.parametrize("written", [False, True])
def test_times_with_a_zone_are_said_if_fit_saw_none(written, tmp_path):
    naive = people(1, 9)
    aware = naive.assign(when=naive["when"].dt.tz_localize("Europe/Berlin"))
    said = "holds 9 times with a zone, of which fit saw none: UTC counts"
    if written:
        aware.to_csv(tmp_path / "a.csv", index=False)
        naive.to_csv(tmp_path / "b.csv", index=False)
    sources = (tmp_path / "a.csv", tmp_path / "b.csv") if written else (aware, naive)
    with_zone, without = (like_people(source).read().remarks for source in sources)
    assert [said in remark for remark in with_zone][-1]
    assert not any(said in remark for remark in without)
    fitted = open_source(aware)
    again, otherwise = (
        open_source(source, shape=fitted.shape, columns=fitted.columns, encoding=fitted.encoding).read()
        for source in sources
    )
    said_of_naive = "holds 9 times without a zone, of which fit saw none: UTC counts"
    assert not any(said in remark or said_of_naive in remark for remark in again.remarks)
    assert [said_of_naive in remark for remark in otherwise.remarks][-1]


def test_a_rare_missing_text_is_not_said_at_fit():
    frame = people().assign(constant=["USD"] * (len(people()) - 1) + [None])
    assert not any("unknown kind" in remark for remark in open_source(frame).read().remarks)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"age": "old"},
            r"column 'age' of .* holds 'old' in row 1 \(counted from 1\), expected numbers: encode",
        ),
        (
            {"age": pd.Timestamp("2026-01-01")},
            r"column 'age' of .* is of type timestamp.*, expected numbers, as at fit",
        ),
        ({"when": 7}, "column 'when' of .* is of type int64, expected dates or times, as at fit"),
        (
            {"amount": np.inf},
            r"has inf in row 1 \(counted from 1\), column 'amount', expected a finite number",
        ),
    ],
)
def test_values_of_another_kind_are_refused_in_a_sentence(changed, sentence):
    with pytest.raises(InputError, match=sentence):
        like_people(people(1, 9).assign(**changed)).read()


def test_a_table_without_names_is_encoded_by_position():
    frame = people()[FEATURES]
    numbered = frame.set_axis(range(len(FEATURES)), axis=1)
    fitted = open_source(numbered)
    assert fitted.columns is None
    new = open_source(numbered[:9], shape=fitted.shape, encoding=fitted.encoding).read()
    assert np.array_equal(new.x, open_source(frame).read().x[:9])


def test_an_array_is_refused_where_a_table_was_encoded():
    fitted = open_source(people())
    for rows in (np.zeros((3, 7)), np.zeros((3, fitted.shape[0]))):
        with pytest.raises(InputError, match="is an array, expected a table such as a DataFrame"):
            open_source(rows, shape=fitted.shape, columns=fitted.columns, encoding=fitted.encoding)


def test_polars_frames_are_tables():
    frame = pl.from_pandas(people().drop(columns="empty"))
    assert np.array_equal(open_source(frame).read().x, open_source(people()).read().x)


def test_every_kind_of_column_says_what_it_encodes():
    kinds = {type(column) for column in open_source(people()).encoding.columns}
    assert kinds == set(ColumnEncoding.__subclasses__())
    assert {Categories.kind, Moments.kind} <= {kind.kind for kind in kinds}
