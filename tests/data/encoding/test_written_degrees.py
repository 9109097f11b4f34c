"""Latitudes and longitudes in text."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ama
from ama.data.encoding.written_degrees import degrees_form, plain_degrees
from ama.data.sources import open_source

LATITUDES = np.random.default_rng(0).uniform(-90, 90, 60).round(4).tolist()
LONGITUDES = np.random.default_rng(1).uniform(-180, 180, 60).round(4).tolist()


def sixtieths(x: float) -> tuple[int, int, float]:
    seconds = round(abs(x) * 3600, 2)
    return int(seconds // 3600), int(seconds % 3600 // 60), seconds % 60


def marked(x: float, letters: str) -> str:
    degrees, minutes, seconds = sixtieths(x)
    return f"{degrees}\u00b0{minutes:02}'{seconds:05.2f}\"{letters[x < 0]}"


def primed(x: float, letters: str) -> str:
    degrees, minutes, seconds = sixtieths(x)
    return f"{degrees}\u00b0 {minutes}\u2032 {seconds:.2f}\u2033 {letters[x < 0]}"


def in_minutes(x: float, letters: str) -> str:
    return f"{letters[x < 0]} {int(abs(x))}\u00b0 {abs(x) % 1 * 60:.6f}'"


WRITTEN = {
    "marks": marked,
    "primes": primed,
    "minutes": in_minutes,
    "letters": lambda x, letters: f"{abs(x)}{letters[x < 0]}",
    "letters before": lambda x, letters: f"{letters[x < 0]}{abs(x)}",
    "exiftool": lambda x, letters: (
        marked(x, letters).replace("\u00b0", " deg ").replace("'", "' ").replace('"', '" ')
    ),
    "degrees": lambda x, letters: f"{abs(x)}\u00b0 {letters[x < 0]}".replace(".", ","),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize(
    ("form", "values", "letters"), [("\u00b0N", LATITUDES, "NS"), ("\u00b0E", LONGITUDES, "EW")]
)
def test_degrees_are_read_in_each_form(written, form, values, letters):
    texts = [written(x, letters) for x in values]
    assert degrees_form([None, *texts, "-", "n/a"]) == form
    assert [float(plain_degrees(text, form)) for text in texts] == pytest.approx(values, abs=1e-5)


def test_signs_may_take_the_place_of_letters():
    texts = [f"{'-' if x < 0 else ''}{int(abs(x))}\u00b0{int(abs(x) % 1 * 60)}'" for x in LONGITUDES]
    assert degrees_form(texts) == "\u00b0"
    assert plain_degrees("-12\u00b030'", "\u00b0") == "-12.5"


@pytest.mark.parametrize(
    "texts",
    [
        [f"{i} N" for i in range(60)],
        [f"{i} W" for i in range(60)],
        [f"{i / 2}{'NE'[i % 2]}" for i in range(60)],
        [f"{i / 2}{'OW'[i % 2]}" for i in range(60)],
        [f"{i}{'EW'[i % 2]}" for i in range(60)],
        [f"{i / 2}{'NS'[i % 2]}" for i in range(20)],
        [f"{i + 91.5}{'NS'[i % 2]}" for i in range(60)],
        [f"{i}\u00b0" for i in range(60)],
        [f"{i}\u00b0C" for i in range(60)],
        [f"{i}'{i % 12}\"" for i in range(10, 70)],
        [f"{i}.5" for i in range(60)],
        [f"{i}{'EW'[i % 2]} Main Street" for i in range(60)],
        [None],
        [],
    ],
    ids=[
        *(
            "newtons",
            "watts",
            "two pairs",
            "another language",
            "flats",
            "few",
            "beyond the pole",
            "angles",
            "temperatures",
        ),
        *("feet and inches", "numbers", "addresses", "missing", "none"),
    ],
)
def test_what_may_be_something_else_has_no_form(texts):
    assert degrees_form(texts) is None


@pytest.mark.parametrize(
    "text",
    [
        *("94W", "91N", "N5N", "-5N", "5\u00b060'N", "5\u00b00'60\"N", "5.5\u00b030'N", "5\u00b01.5'3\"N"),
        *("5", "N", "", "5231'N", "12'7\""),
    ],
)
def test_a_text_of_another_form_is_not_read(text):
    assert plain_degrees(text, "\u00b0N") is None


@given(
    st.text(alphabet="0123456789.,' \"NSEW\u00b0\u2032\u2033+-", max_size=24),
    st.sampled_from(["\u00b0N", "\u00b0E", "\u00b0"]),
)
def test_what_is_read_is_an_angle(text, form):
    found = plain_degrees(text, form)
    assert found is None or abs(float(found)) <= 360


@pytest.mark.parametrize("written", [marked, WRITTEN["letters"]])
def test_files_and_models_have_them_too(tmp_path, rng, written):
    frame = pd.DataFrame({"place": [written(x, "EW") for x in LONGITUDES], "x": rng.normal(size=60)})
    frame.to_csv(tmp_path / "x.csv", index=False)
    frame.to_parquet(tmp_path / "x.parquet")
    for source in (frame, tmp_path / "x.csv", tmp_path / "x.parquet"):
        samples = open_source(source).read()
        assert samples.x[:, 0].tolist() == pytest.approx(LONGITUDES, abs=1e-5)
    detector = ama.AMADetector(max_steps=5, noise_steps=20, held_out=0.5, random_state=0)
    with pytest.warns(
        UserWarning, match=r"column 'place' of the data frame holds texts such as .*, read as -"
    ):
        detector.fit(frame)
    detector.save(tmp_path / "model")
    found = ama.load(tmp_path / "model").score_samples(tmp_path / "x.csv")
    assert np.array_equal(found, detector.score_samples(frame))
