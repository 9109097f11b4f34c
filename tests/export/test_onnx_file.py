"""A detector as an ONNX file: the scores, p-values and labels of the one in memory, and its guarantee."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from ama.detectors.ama import AMADetector
from ama.errors import InputError
from ama.export.onnx_file import COMPARED

onnx = pytest.importorskip("onnx", reason="pip install '.[onnx]'")
ort = pytest.importorskip("onnxruntime", reason="pip install '.[onnx]'")

DIGITS = load_digits().images.astype(np.uint8)[:, None] * 15
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(400, 6)) * [1, 10, 100, 1, 1, 0.01]
COLOUR = np.kron(RANDOM.integers(0, 255, (200, 3, 4, 4)), np.ones((4, 3))).astype(np.uint8)
ALL_TERMS = "r_score+a_score+latent_density+mahalanobis+memory_bank+rotated_memory_bank+rotation"
ROW_TERMS = "r_score+latent_density+memory_bank+nearest_rows+local_nearest_rows+row_density"

CASES = {
    "digits": (DIGITS, {}),
    "digits, every term": (DIGITS, {"scoring": ALL_TERMS}),
    "digits in bfloat16": (DIGITS, {"scoring_precision": "bfloat16"}),
    "float digits": (DIGITS / np.float32(255), {}),
    "colour, not square": (COLOUR, {}),
    "paper": (DIGITS, {"preset": "paper", "max_steps": 2, "batch_size": 8}),
    "rows": (ROWS, {}),
    "rows, other terms": (ROWS, {"scoring": ROW_TERMS}),
    "tiles": (COLOUR, {"tile_size": 8}),
}


@pytest.fixture(scope="module", params=CASES)
def exported(request, tmp_path_factory) -> tuple[AMADetector, Path, np.ndarray]:
    x, given = CASES[request.param]
    learned = x[: len(x) // 2]
    detector = AMADetector(
        **{"max_steps": 20, "scoring_precision": "float32", **given},
        held_out=0.3,
        random_state=0,
        progress=False,
    ).fit(learned)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    detector.export(path, X=x[len(x) // 2 :], terms=True)
    return detector, path, x


def _run(path: Path, x: np.ndarray, **given: float) -> dict[str, np.ndarray]:
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    feed = {"x": x, **{name: np.asarray(value) for name, value in given.items()}}
    return dict(zip(names, session.run(names, feed), strict=True))


@pytest.mark.parametrize("n", [1, 7, 256])
def test_scores_p_values_labels_and_terms_are_those_of_python(exported, n):
    detector, path, x = exported
    x = x[:n]
    found = _run(path, x)
    card = {p.key: json.loads(p.value) for p in onnx.load(path).metadata_props}
    score = detector.score_samples(x)
    assert (np.abs(found["score"] - score) <= card["ama.calibration_lowered_by"] * (1 + np.abs(score))).all()
    assert (found["p_value"] >= detector.p_value(x)).all()
    for name, values in detector.named_scores(x).items():
        if name in found and name != "score":
            assert np.abs(found[name]) == pytest.approx(np.abs(values), rel=0.1, abs=0.1), name
    flagged = detector.predict(x) == -1
    assert not (found["anomaly"] & ~flagged).any()
    if detector.model_.settings.scoring_precision == "float32":
        assert (found["anomaly"] == flagged).all()
        assert found["p_value"] == pytest.approx(detector.p_value(x), abs=0.05)


def test_a_rate_can_be_given(exported):
    _, path, x = exported
    found = _run(path, x, false_alarm_rate=0.5)
    assert (found["anomaly"] == (found["p_value"] <= 0.5)).all()
    assert 0 < found["anomaly"].mean() < 1


def test_the_metadata_hold_the_model_card(exported):
    detector, path, _ = exported
    card = {p.key: json.loads(p.value) for p in onnx.load(path).metadata_props}
    assert card["ama.calibration_samples"] == len(detector.model_.calibration)
    assert card["ama.false_alarm_rate"] == detector.guaranteed_rate
    assert card["ama.versions"]["torch"] == torch.__version__
    onnx.checker.check_model(onnx.load(path), full_check=True)


def test_the_lines_of_the_page_score_a_folder_without_torch(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "how-to" / "export.md"
    lines = page.read_text().split("```python\n")[1].split("```")[0]
    # An import of torch or of ama would fail.
    (tmp_path / "score.py").write_text(
        "import sys\nsys.modules['torch'] = sys.modules['ama'] = None\n" + lines
    )
    photos = tmp_path / "photos"
    photos.mkdir()
    for i, image in enumerate(DIGITS[:5, 0]):
        Image.fromarray(image).save(photos / f"{i}.png")
    detector = AMADetector(max_steps=20, random_state=0, progress=False).fit(DIGITS[5:500])
    detector.export(tmp_path / "model.onnx", X=DIGITS[5:500])
    ran = subprocess.run(
        [sys.executable, "score.py", "model.onnx", "photos"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = [line.split() for line in ran.stdout.splitlines()]
    assert [name for name, *_ in told] == [f"{i}.png" for i in range(5)]
    p_values = detector.p_value(DIGITS[:5])
    assert all(float(p) >= expected for (_, _, p, _), expected in zip(told, p_values, strict=True))
    assert [label == "True" for *_, label in told] == list(detector.predict(DIGITS[:5]) == -1)


def test_false_alarms_stay_within_the_rate_over_twenty_splits(tmp_path):
    shares = []
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(DIGITS))
        learned, new = DIGITS[order[:400]], DIGITS[order[400:900]]
        detector = AMADetector(
            max_steps=10, false_alarm_rate=0.1, held_out=0.3, random_state=seed, progress=False,
            scoring="r_score+mahalanobis",
        ).fit(learned)  # fmt: skip
        detector.export(tmp_path / "model.onnx", X=learned)
        shares.append(_run(tmp_path / "model.onnx", new)["anomaly"].mean())
    assert np.mean(shares) <= 0.1 + 3 * np.std(shares) / 20**0.5


def test_a_backbone_is_refused(tmp_path):
    detector = AMADetector(features="lite0", max_steps=2, random_state=0, progress=False)
    photos = RANDOM.integers(0, 255, (40, 3, 64, 64)).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector.fit(photos)
    with pytest.raises(InputError, match=r"^a detector with features cannot be exported"):
        detector.export(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["model.pt", "missing/model.onnx"])
def test_a_bad_name_is_refused_before_the_work(name, tmp_path, exported):
    with pytest.raises(InputError, match=r"^cannot write "):
        exported[0].export(tmp_path / name)


def test_without_samples_those_of_the_networks_are_compared(exported, tmp_path):
    detector, _, x = exported
    found = detector.export(tmp_path / "model.onnx")
    assert found.outputs == ["score", "p_value", "anomaly"]
    assert found.n_compared == COMPARED
    assert (_run(tmp_path / "model.onnx", x)["p_value"] >= 0).all()
