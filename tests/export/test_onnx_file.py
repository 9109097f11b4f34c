"""A detector as an ONNX file: the scores, p-values, labels, terms and maps of the one in memory."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from ama.cli.main import main
from ama.detectors.ama import AMADetector
from ama.errors import InputError

onnx = pytest.importorskip("onnx", reason="pip install '.[onnx]'")
ort = pytest.importorskip("onnxruntime", reason="pip install '.[onnx]'")

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "export.md"
OF_IMAGES = (
    "r_score+a_score+latent_density+mahalanobis+memory_bank+rotated_memory_bank+rotation+nearest_images"
)
OF_ROWS = (
    "r_score+latent_density+memory_bank+nearest_rows+local_nearest_rows+row_density"
    "+symmetric_nearest_rows+symmetric_row_density+noise_level"
)


class Case(NamedTuple):
    """A detector, its file, and samples: as the detector takes them, and as the file does."""

    detector: AMADetector
    path: Path
    samples: Any
    x: np.ndarray


SMALL = dict.fromkeys(("latent_dim", "encoder_width", "generator_width", "discriminator_width"), 8)


def _fitted(samples: Any, scoring: str) -> AMADetector:
    given = {"max_steps": 20, "scoring_precision": "float32", "held_out": 0.3, "scoring": scoring}
    return AMADetector(**SMALL, **given, random_state=0, progress=False).fit(samples)


@pytest.fixture(scope="module")
def images(digits, tmp_path_factory) -> Case:
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    detector = _fitted(digits[0][:300], OF_IMAGES)
    detector.export(path, X=digits[0][300:500], terms=True, maps=True)
    return Case(detector, path, digits[0], digits[0])


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> Case:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(800, 4)) * [1, 10, 100, 0.01], columns=list("abcd"))
    table["colour"] = random.choice(["red", "green", "blue"], len(table))
    table.loc[::7, "b"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which says how the columns are encoded
        detector = _fitted(table[:250], OF_ROWS)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    with pytest.warns(
        UserWarning, match=r"^the file takes the \d+ numbers into which ama encodes the 5 columns"
    ):
        detector.export(path, X=table[250:500], terms=True)
    return Case(detector, path, table, detector.open(table).read().x.numpy())  # the learned rows first


@pytest.fixture(params=["images", "rows"])
def case(request) -> Case:
    return request.getfixturevalue(request.param)


def _run(case: Case, n: int, **given: float) -> dict[str, np.ndarray]:
    session = ort.InferenceSession(case.path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    feed = {"x": case.x[:n], **{name: np.asarray(value) for name, value in given.items()}}
    return dict(zip(names, session.run(names, feed), strict=True))


def _card(case: Case) -> dict[str, Any]:
    return {p.key.removeprefix("ama."): json.loads(p.value) for p in onnx.load(case.path).metadata_props}


@pytest.mark.parametrize("n", [1, 7, 256, 2000])
def test_scores_p_values_labels_and_terms_are_those_of_python(case, n):
    detector, bound = case.detector, _card(case)["calibration_lowered_by"]
    samples, found = case.samples[:n], _run(case, n)
    score, p_value = detector.score_samples(samples), detector.p_value(samples)
    assert (np.abs(found["score"] - score) <= bound * (1 + np.abs(score))).all()
    assert (found["p_value"] >= p_value).all()
    assert found["p_value"] == pytest.approx(p_value, abs=0.02)
    # A score within the bound of a held-out one may get the next larger p-value, and at the threshold its label.
    same = np.isclose(found["p_value"], p_value, rtol=1e-6)
    assert same.mean() >= 0.99
    assert (found["anomaly"] == (detector.predict(samples) == -1))[same].all()
    for name, values in detector.scores(samples).terms.items():
        assert found[name] == pytest.approx(values.numpy(), rel=1e-4, abs=1e-4), name


def test_a_detector_that_knows_anomalies_has_the_scores_of_python(digits, tmp_path):
    learned = digits[0][:300]
    known = learned[:5, :, ::-1]
    given = {
        "max_steps": 5,
        "scoring_precision": "float32",
        "held_out": 0.3,
        "random_state": 0,
        "progress": False,
    }
    detector = AMADetector(**SMALL, **given).fit(
        np.concatenate([learned, known]), np.repeat([1, -1], [300, 5])
    )
    assert "known_anomalies" in detector.score_weights()
    detector.export(path := tmp_path / "model.onnx", X=digits[0][300:400])
    new = digits[0][400:500]
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    (score,) = session.run(["score"], {"x": new})
    assert score == pytest.approx(detector.score_samples(new), rel=1e-4)


def test_maps_are_those_of_python(images):
    maps = images.detector.anomaly_map(images.samples[:9])
    assert _run(images, 9)["map"] == pytest.approx(maps, rel=1e-4, abs=1e-5)
    card = _card(images)
    assert card["map_threshold"] == images.detector.map_threshold + 2 * card["largest_map_difference"]


def test_a_rate_can_be_given(case):
    found = _run(case, 400, false_alarm_rate=0.5)
    assert (found["anomaly"] == (found["p_value"] <= 0.5)).all()
    assert 0 < found["anomaly"].mean() < 1


def test_the_metadata_hold_names_units_versions_and_the_model_card(case):
    card, detector = _card(case), case.detector
    assert card["calibration_samples"] == len(detector.model_.calibration)
    assert card["false_alarm_rate"] == detector.guaranteed_rate
    assert card["versions"]["torch"] == torch.__version__
    assert card["model_card"]["Model"]["learned from"] == detector.learned_from_
    assert "units" in card["x"] or "0 to 255" in card["x"]
    onnx.checker.check_model(onnx.load(case.path), full_check=True)


def test_the_metadata_say_which_numbers_encode_a_column(rows):
    card = _card(rows)
    assert card["columns"] == ["a", "b", "c", "d", "colour"]
    assert len(card["column_of_number"]) == rows.x.shape[1] > 5
    assert len(card["encoding"]) == 5
    with pytest.raises(InputError, match=r"^only maps of images can be exported, found rows of 5 columns$"):
        rows.detector.export(rows.path, maps=True)


def test_the_lines_of_the_page_score_a_folder_as_ama_score_does(images, tmp_path):
    lines = PAGE.read_text().split("```python\n")[1].split("```")[0]
    # An import of torch or of ama would fail.
    (tmp_path / "score.py").write_text(
        "import sys\nsys.modules['torch'] = sys.modules['ama'] = None\n" + lines
    )
    photos = tmp_path / "photos"
    photos.mkdir()
    for i, image in enumerate(images.x[:6, 0]):
        Image.fromarray(image).save(photos / f"{i}.png")
    Image.fromarray(images.x[7, 0]).resize((13, 9)).save(photos / "large.png")
    turned = Image.Exif()
    turned[0x0112] = 6  # orientation
    Image.fromarray(images.x[8, 0]).convert("RGB").save(photos / "turned.png", exif=turned)
    ran = subprocess.run(
        [sys.executable, "score.py", str(images.path), "photos"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    images.detector.save(tmp_path / "model")
    assert main(["score", str(tmp_path / "model"), str(photos), "--out", str(tmp_path / "scores.csv")]) == 0
    with open(tmp_path / "scores.csv", newline="") as file:
        expected = list(csv.DictReader(file))
    told = [line.split() for line in ran.stdout.splitlines()]
    assert len(told) == len(expected) == 8
    for (name, score, p_value, anomaly), row in zip(told, expected, strict=True):
        assert row["id"].endswith(name)
        assert float(score) == pytest.approx(float(row["score"]), rel=1e-3, abs=1e-3)
        assert float(p_value) >= float(row["p_value"])
        assert (anomaly == "True") == (row["anomaly"].lower() in ("true", "1"))
