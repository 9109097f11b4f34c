"""A table with numbers, dates and durations in forms of their own is encoded as one that is plainly written."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ama import AMADetector
from ama.data.encoding import column_survey
from ama.data.encoding.column_survey import ColumnSurvey
from ama.data.encoding.learned_columns import learn_column
from ama.data.encoding.moment_columns import Moments
from ama.data.encoding.number_columns import Numbers
from ama.data.encoding.table_encoding import TableEncoding
from ama.data.encoding.written_forms import plainly, written_form
from ama.data.sources import open_source
from ama.errors import InputError

N = 60
rng = np.random.default_rng(0)
DAYS = pd.date_range("2026-01-20 00:30", periods=N, freq="37h")
MONEY = rng.normal(2000, 900, N).round(2)
HOURS = rng.integers(0, 90, N)
WRITTEN = pd.DataFrame(
    {
        "money": [f"{x:,.2f} €" for x in MONEY],
        "load": [f"{x:.1f} %".replace(".", ",") for x in MONEY],
        "day": DAYS.strftime("%d/%m/%Y %I:%M %p"),
        "took": [f"{h}:30:00" for h in HOURS],
    }
)
PLAIN = pd.DataFrame(
    {"money": MONEY, "load": [float(f"{x:.1f}") for x in MONEY], "day": DAYS, "took": HOURS * 3600.0 + 1800}
)


def learned(values):
    column = pa.array(values)
    survey = ColumnSurvey(column.type, len(column))
    survey.add(column)
    return learn_column(survey, chosen=False, n_texts=1)[0]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("missing", [False, True])
def test_an_encoding_is_that_of_the_plain_column(name, missing):
    written, plain = WRITTEN[name].tolist(), PLAIN[name].tolist()
    if missing:
        written[3] = plain[3] = None
    expected, found = learned(plain), learned(written)
    np.testing.assert_array_equal(found.encode(pa.array(written)).x, expected.encode(pa.array(plain)).x)
    np.testing.assert_array_equal(found.encode(pa.array(plain)).x, expected.encode(pa.array(plain)).x)
    assert found.form
    assert TableEncoding.from_json(TableEncoding((found,)).to_json()) == TableEncoding((found,))


def test_a_column_of_categories_is_read_alike():
    for name in PLAIN:
        encoding = learned(WRITTEN[name].tolist())
        column = pa.array(WRITTEN[name].tolist())
        np.testing.assert_array_equal(
            encoding.encode(column.dictionary_encode()).x, encoding.encode(column).x
        )


def test_a_source_says_what_it_reads_in_a_sentence_for_each_form(tmp_path):
    path = tmp_path / "a.csv"
    WRITTEN.assign(tax=WRITTEN.money).to_csv(path, index=False)
    source = open_source(path, strict=True)
    assert [remark for remark in source.remarks if "read as" in remark] == [
        f"columns 'money', 'tax' of {path} hold texts such as '{MONEY[0]:,.2f} €', read as {MONEY[0]:.2f}",
        f"column 'load' of {path} holds texts such as '{WRITTEN.load[0]}', read as {PLAIN.load[0]}",
        f"column 'day' of {path} holds texts such as '20/01/2026 12:30 AM', read as 2026-01-20 00:30:00",
        f"column 'took' of {path} holds texts such as '{WRITTEN.took[0]}', read as {PLAIN.took[0]:.0f}",
    ]
    PLAIN.to_parquet(tmp_path / "a.parquet")
    plain = open_source(tmp_path / "a.parquet").read()
    np.testing.assert_array_equal(open_source(WRITTEN).read().x, plain.x)
    np.testing.assert_array_equal(source.read().x[:, : plain.x.shape[1]], plain.x)


@pytest.mark.filterwarnings("ignore:column.* of the data frame", "ignore:a false-alarm rate of")
def test_a_saved_model_scores_both_alike_and_refuses_a_date_in_another_form(tmp_path):
    detector = AMADetector(max_steps=2, noise_steps=0, random_state=0, progress=False).fit(WRITTEN)
    detector.save(tmp_path / "model")
    loaded = type(detector).load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.score_samples(WRITTEN), detector.score_samples(WRITTEN))
    np.testing.assert_array_equal(loaded.score_samples(PLAIN), detector.score_samples(WRITTEN))
    with pytest.raises(
        InputError, match=r"'2026/01/20' in row 2 .*, expected dates or times such as 31/01/2026 09:30 AM"
    ):
        loaded.score_samples(WRITTEN.assign(day=["20/01/2026 12:30 AM", *["2026/01/20"] * (N - 1)]))
    with pytest.warns(match="1 text among numbers, which count as missing"):
        loaded.score_samples(WRITTEN.assign(money=["12 $", *WRITTEN.money[1:]]))


def test_more_kinds_than_are_counted_are_read_in_the_form_of_the_first(monkeypatch):
    monkeypatch.setattr(column_survey, "MAX_KINDS", 25)
    texts = [f"{i}.5 kg" for i in range(300)]
    survey = ColumnSurvey(pa.string(), len(texts))
    for start in range(0, len(texts), 10):
        survey.add(pa.array(texts[start : start + 10]))
    assert len(survey.counts) < 40
    encoding, changes = learn_column(survey, chosen=False, n_texts=1)
    assert (encoding, changes) == (Numbers(150.0, False, False, True, form="1.5kg"), [])


@pytest.mark.parametrize(
    "kinds",
    [["2026-01-31", None], ["1", "2.5"], ["10:00", "11:30"], ["a", "b"], [None], []],
    ids=["dates", "numbers", "times", "names", "missing", "none"],
)
def test_plain_texts_have_no_form(kinds):
    assert written_form(kinds) is None


def test_texts_of_another_form_and_other_types_stay():
    read = written_form([f"{i} %" for i in range(30)]).read
    assert plainly(pa.array(["5 %", "five", None]), read).to_pylist() == ["5", "five", None]
    assert plainly(pa.array([1.5]), read).to_pylist() == [1.5]


def test_a_model_folder_with_another_form_is_refused():
    for encoding in (
        Numbers(1.0, False, False, True, form="1.5%%%(("),
        Moments(0, 0.0, [], False, False, form="%c"),
    ):
        with pytest.raises(
            ValueError, match=r"the encoding of column 1: its form .* is none of (numbers|dates)"
        ):
            TableEncoding.from_json([encoding.to_json()])


def test_durations_in_text_are_read_by_a_model_that_learned_durations_and_the_reverse(tmp_path):
    """A CSV file has no durations: pandas writes them as "0 days 03:30:00"."""
    frame = pd.DataFrame({"took": pd.to_timedelta(PLAIN.took, unit="s"), "load": PLAIN.load})
    frame.to_csv(tmp_path / "a.csv", index=False)
    written = WRITTEN[["took"]].assign(load=PLAIN.load)
    for learned_from in (frame, written):
        samples = open_source(learned_from).read()
        wanted = {"shape": samples.x.shape[1:], "encoding": samples.encoding, "columns": samples.columns}
        for later in (frame, written, tmp_path / "a.csv"):
            found = open_source(later, **wanted)
            np.testing.assert_array_equal(found.read().x, samples.x)
            assert not [remark for remark in found.remarks if "second" in remark]
        source = open_source(PLAIN[["took", "load"]], **wanted)
        source.read()
        assert source.remarks[-1].startswith(
            "column 'took' of the data frame holds 60 numbers where fit saw durations"
        )
