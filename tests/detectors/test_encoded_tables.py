"""Detectors on tables of text, dates and missing values: fitted, saved, loaded, and explained by original columns."""

from __future__ import annotations

import json
import shutil
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

import ama
from ama.baselines import NearestNeighbours, SkipGANomaly
from ama.data.samples import Source
from ama.data.sources import open_source
from ama.errors import InputError, ModelFolderError
from places import payments

FEATURES = ["amount", "balance", "country", "shop", "when", "online"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return payments(500)


@pytest.fixture(scope="module")
def detector(table) -> ama.AMADetector:
    return ama.AMADetector(max_steps=60, random_state=0).fit(open_source(table).read())


@pytest.fixture(scope="module")
def folder(detector, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    detector.save(folder)
    return folder


def test_what_scikit_learn_knows_of_are_the_original_columns(detector, folder):
    for known in (detector, ama.load(folder)):
        assert known.feature_names_in_.tolist() == known.columns_ == FEATURES
        assert known.n_features_in_ == len(FEATURES)
        assert known.shape_ == (known.encoding_.width,)
        assert known.learned_from_ == "500 rows of 6 columns"
    assert ama.load(folder).encoding_ == detector.encoding_


def test_a_frame_of_polars_has_the_scores_of_one_of_pandas(detector, table):
    expected = detector.score_samples(table)
    frame = pl.from_pandas(table).with_columns(pl.col("country").cast(pl.Categorical))
    for same in (
        frame,
        frame[:, ::-1],
        frame.rechunk(),
        pl.concat([frame[:100], frame[100:]], rechunk=False),
    ):
        assert np.array_equal(detector.score_samples(same), expected)
    never_seen = frame.with_columns(country=pl.lit("Atlantis", pl.Categorical))
    assert np.median(detector.score_samples(never_seen)) < np.median(expected)


def test_a_source_is_scored_a_part_at_a_time(detector, tmp_path, monkeypatch):
    new = payments(10_000, seed=2)
    new.to_parquet(tmp_path / "a.parquet", index=False)
    samples = detector.open(new).read()
    expected, terms = detector.score_samples(samples), detector.scores(samples).terms
    lengths = detector.encoding_lengths(samples)
    sizes, score = [], type(detector.model_)._values

    def noted(model, raw, names):
        sizes.append(len(raw))
        return score(model, raw, names)

    monkeypatch.setattr(type(detector.model_), "_values", noted)
    for source in (new, tmp_path / "a.parquet"):
        assert np.allclose(detector.score_samples(source), expected)
        found = detector.scores(source).terms
        assert all(np.allclose(found[name], terms[name]) for name in terms)
        assert np.allclose(detector.encoding_lengths(source), lengths)
    assert sizes == [4096, 4096, 1808] * 4


def test_a_sparse_matrix_is_scored_without_being_dense_as_a_whole(monkeypatch):
    rows = scipy.sparse.random_array((200, 30), density=0.3, format="csr", rng=np.random.default_rng(0))
    nearest = NearestNeighbours(random_state=0).fit(rows)
    many = scipy.sparse.vstack([rows[:50]] * 40)
    expected = nearest.score_samples(many.toarray())
    monkeypatch.delattr(Source, "read")
    assert np.allclose(nearest.score_samples(many), expected)


def test_a_table_has_equal_scores_from_every_source_and_after_loading(detector, folder, tmp_path):
    new = payments(60, seed=1)
    new.to_csv(tmp_path / "a.csv", index=False)
    new.to_parquet(tmp_path / "a.parquet", index=False)
    expected = detector.score_samples(new)
    loaded = ama.load(folder)
    for source in (
        new,
        pa.Table.from_pandas(new),
        tmp_path / "a.csv",
        tmp_path / "a.parquet",
        new[FEATURES[::-1]],
    ):
        assert np.array_equal(loaded.score_samples(source), expected)
    assert np.array_equal(loaded.score_samples(loaded.open(new).read()), expected)


def test_unknown_kinds_are_unusual(detector):
    new = payments(60, seed=1)
    assert (detector.predict(new) == -1).mean() < 0.3
    assert (detector.predict(new.assign(country="Atlantis")) == -1).mean() > 0.9


def test_a_baseline_takes_the_same_tables(table, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        neighbours = NearestNeighbours().fit(table)
    assert [str(warning.message) for warning in caught] == list(open_source(table).remarks)
    new = payments(60, seed=1)
    neighbours.save(tmp_path / "model")
    assert np.array_equal(ama.load(tmp_path / "model").score_samples(new), neighbours.score_samples(new))
    assert (neighbours.predict(new.assign(country="Atlantis")) == -1).mean() > 0.5


def test_an_explanation_speaks_of_the_original_columns(detector):
    odd = payments(30, seed=1).assign(country="Atlantis")
    found = detector.explain(odd)
    assert found.anomaly_map.shape == found.expected.shape == (30, len(FEATURES))
    assert np.array_equal(found.anomaly_map, detector.anomaly_map(odd))
    highest = found.anomaly_map.argmax(1)
    assert (highest == FEATURES.index("country")).mean() > 0.9
    expected = dict(zip(FEATURES, found.expected.T, strict=True))
    assert set(expected["country"]) <= {"AT", "CH", "DE", "missing"}
    assert all(isinstance(value, float) for value in expected["amount"])
    assert pd.to_datetime(pd.Series(expected["when"])).dt.year.between(2023, 2026).all()
    assert set(expected["online"]) <= {"true", "false"}


def test_known_anomalies_and_validation_samples_are_encoded_alike(table):
    odd = payments(20, seed=2).assign(country="Atlantis")
    both, y = pd.concat([table, odd]), np.repeat([1, -1], [len(table), len(odd)])
    samples = open_source(both).read()
    fitted = ama.AMADetector(max_steps=20, random_state=0).fit(samples, y, validation=(both[-60:], y[-60:]))
    assert fitted.validation_auroc_ > 0.5


@pytest.mark.filterwarnings("ignore:column")
def test_messages_count_the_columns_of_the_table(detector, table):
    with pytest.raises(InputError, match=f"this detector scores rows of {table.shape[1]} columns"):
        detector.regions(table)
    found = rf"^SkipGANomaly is for images, found rows of {table.shape[1]} columns$"
    with pytest.raises(InputError, match=found):
        SkipGANomaly().fit(table)
    with pytest.raises(InputError, match=rf"cuts tiles of images, found rows of {table.shape[1]} columns$"):
        ama.AMADetector(tile_size=32).fit(table)


def test_samples_of_another_encoding_and_arrays_are_refused(detector, table):
    with pytest.raises(
        InputError, match=r"encoded otherwise than at fit: read them by detector.open\(source\)"
    ):
        detector.predict(open_source(table[FEATURES][:80]).read())
    with pytest.raises(InputError, match="X is an array, expected a table such as a DataFrame"):
        detector.predict(np.zeros((3, 6)))
    with pytest.raises(InputError, match="is an array, expected a table such as a DataFrame"):
        detector.predict(scipy.sparse.eye(6))


HOSTILE = [
    (lambda c: c.pop(0), "its encoding makes .* numbers of a row, expected its shape"),
    (lambda c: c.clear(), r"its encoding makes 0 numbers of a row, expected its shape"),
    (lambda c: c[0].pop("median"), "the encoding of column 1: the key median is missing"),
    (lambda c: c[0].update(median="x"), "the encoding of column 1: median is 'x', expected a number"),
    (
        lambda c: c[2].update(kind="pickle"),
        "the encoding of column 3 is of the kind 'pickle', expected one of",
    ),
    (lambda c: c[2]["kinds"].append("x"), "its encoding makes .* numbers of a row, expected its shape"),
    (lambda c: c[3].update(n_rows=0), "the encoding of column 4: its rows are not from 1 to 0"),
    (lambda c: c[4].update(parts=["eon"] * 3), "the encoding of column 5: parts is"),
    (lambda c: c.append(3), "encoding is.*, expected a list of which each item is an object"),
]


@pytest.mark.parametrize(("change", "sentence"), HOSTILE)
def test_a_folder_with_an_altered_encoding_is_refused_in_a_sentence(folder, tmp_path, change, sentence):
    shutil.copytree(folder, tmp_path / "model")
    path = tmp_path / "model" / "config.json"
    config = json.loads(path.read_text())
    change(config["encoding"])
    path.write_text(json.dumps(config))
    with pytest.raises(ModelFolderError, match=sentence):
        ama.load(tmp_path / "model")


def test_a_model_of_numbers_has_no_encoding_in_its_folder(row_detector, tmp_path):
    row_detector.save(tmp_path / "model")
    assert "encoding" not in json.loads((tmp_path / "model" / "config.json").read_text())
    assert ama.load(tmp_path / "model").encoding_ is None


def test_sparse_rows_have_the_scores_of_dense_ones():
    X = scipy.sparse.random(300, 12, 0.3, random_state=0, format="csr")
    neighbours = NearestNeighbours().fit(X)
    assert neighbours.n_features_in_ == 12
    assert np.array_equal(neighbours.score_samples(X), neighbours.score_samples(X.toarray()))


@pytest.mark.parametrize(("column", "expected"), [("amount", "numbers"), ("when", "dates or times")])
def test_a_value_of_another_kind_is_named_with_its_row(detector, column, expected):
    new = payments(6, seed=4).astype({column: object})
    new[column] = new[column].astype(str)
    new.loc[5, column] = "abc"
    with pytest.raises(InputError, match=f"column '{column}' of .* 'abc' in row 6 .* expected {expected}"):
        detector.score_samples(new)


def test_known_anomalies_take_no_part_in_the_encoding(table):
    odd = table.head(5).assign(country="AQ", amount=1e6)
    y = np.r_[np.ones(len(table)), -np.ones(len(odd))]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        both = NearestNeighbours(random_state=0).fit(pd.concat([table, odd], ignore_index=True), y)
        alone = NearestNeighbours(random_state=0).fit(table)
    [known] = {str(warning.message) for warning in said if "column" not in str(warning.message)}
    assert known == "y marks 5 of 505 samples as anomalies, from which NearestNeighbours does not learn"
    assert both.encoding_ == alone.encoding_
    assert both.learned_from_ == "500 rows of 6 columns"
    assert np.array_equal(both.score_samples(table), alone.score_samples(table))


def test_labels_of_another_length_than_a_table_are_refused(table):
    with pytest.raises(InputError, match="the data frame has 500 rows, expected 3, as many as y has labels"):
        NearestNeighbours().fit(table, [1, 1, -1])


@pytest.mark.filterwarnings("ignore:column", "ignore:y marks 500 of 500 samples")
def test_a_table_of_known_anomalies_alone_is_refused_as_such(table):
    with pytest.raises(InputError, match="normal sample"):
        NearestNeighbours().fit(table, -np.ones(500))


@pytest.mark.filterwarnings("ignore:column")
def test_a_refused_refit_leaves_a_detector_as_it_was(table, tmp_path):
    fitted = NearestNeighbours(random_state=0, progress=False).fit(table)
    fitted.save(tmp_path / "model")
    before, rows = vars(fitted).copy(), table[["amount", "balance"]].to_numpy()
    for X, y in (
        (rows[:3], None),
        (rows, np.ones(3)),
        (table[["amount"]][:2], None),
        (np.zeros((2, 8, 8)), None),
    ):
        with pytest.raises(InputError):
            fitted.fit(X, y)
        assert vars(fitted) == before
    fitted.save(tmp_path / "model")
    assert ama.load(tmp_path / "model").feature_names_in_.tolist() == FEATURES
