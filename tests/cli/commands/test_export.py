"""``ama export``: the file, what is said of it, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from ama.baselines.pca import PCAReconstruction
from ama.cli.main import main
from ama.detectors.ama import AMADetector

ort = pytest.importorskip("onnxruntime", reason="pip install '.[onnx]'")
ROWS = np.random.default_rng(0).normal(size=(200, 3))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("export") / "model"
    AMADetector(max_steps=5, scoring="r_score", random_state=0, progress=False).fit(ROWS).save(folder)
    return str(folder)


def test_the_file_is_written_and_compared(model, tmp_path, capsys):
    out, samples = tmp_path / "model.onnx", tmp_path / "new.npy"
    np.save(samples, ROWS[:50])
    words = [
        "export",
        model,
        "--out",
        str(out),
        "--samples",
        str(samples),
        "--terms",
        "--false-alarm-rate",
        "0.2",
    ]
    assert main(words) == 0
    told = capsys.readouterr().err
    assert f"ama: wrote {out}: its scores differ from the model's by at most " in told
    assert "of 1 + their size, over 50 samples; its calibration scores are lowered by 1.0e-09 of that" in told
    session = ort.InferenceSession(str(out))
    assert [o.name for o in session.get_outputs()] == ["score", "p_value", "anomaly", "r_score", "a_score"]
    p_value, anomaly = session.run(["p_value", "anomaly"], {"x": ROWS})
    assert (anomaly == (p_value <= 0.2)).all()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "m.pt"], "its name must end in .onnx"),
        (["--out", "missing/m.onnx"], "cannot write missing/m.onnx"),
        (
            ["--out", "m.onnx", "--label-column", "x"],
            "--label-column needs --samples, which it says how to read",
        ),
        (["--out", "m.onnx", "--channels", "last"], "--channels needs --samples, which it says how to read"),
        (["--out", "m.onnx", "--map"], "only maps of images can be exported, found rows of 3 columns"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_work(model, words, told, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", model, *words]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_another_method_is_refused_with_a_sentence(tmp_path, capsys):
    PCAReconstruction(random_state=0).fit(ROWS).save(tmp_path / "pca")
    capsys.readouterr()
    assert main(["export", str(tmp_path / "pca"), "--out", str(tmp_path / "m.onnx")]) == 2
    told = f"ama: {tmp_path / 'pca'} holds a PCAReconstruction, and only AMADetector can be exported\n"
    assert capsys.readouterr().err == told
    assert not (tmp_path / "m.onnx").exists()
