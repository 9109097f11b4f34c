"""``ama export``: the file, what is said of it, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ama.baselines.pca import PCAReconstruction
from ama.cli.main import main
from ama.detectors.ama import AMADetector

ort = pytest.importorskip("onnxruntime", reason="pip install '.[onnx]'")
DIGITS = load_digits().images.astype(np.uint8)[:, None] * 15


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("export") / "model"
    AMADetector(max_steps=20, random_state=0, progress=False).fit(DIGITS[:600]).save(folder)
    return str(folder)


def test_the_file_is_written_and_compared_on_a_source(model, tmp_path, capsys):
    out = tmp_path / "model.onnx"
    assert main(["export", model, "--out", str(out), "--samples", "digits", "--false-alarm-rate", "0.2"]) == 0
    told = capsys.readouterr().err
    assert f"ama: wrote {out}: scores differ from the model's by at most " in told
    assert "over 1,797 samples; its calibration scores are lowered by twice that" in told
    names = [output.name for output in ort.InferenceSession(str(out)).get_outputs()]
    assert names == ["score", "p_value", "anomaly"]


def test_terms_are_outputs_where_asked(model, tmp_path, capsys):
    out = tmp_path / "model.onnx"
    assert main(["export", model, "--out", str(out), "--terms"]) == 0
    assert "over 512 samples that the networks made" in capsys.readouterr().err
    names = [output.name for output in ort.InferenceSession(str(out)).get_outputs()]
    assert "latent_density" in names[3:]


def test_another_method_is_refused_with_a_sentence(tmp_path, capsys):
    PCAReconstruction(random_state=0).fit(DIGITS[:100]).save(tmp_path / "pca")
    assert main(["export", str(tmp_path / "pca"), "--out", str(tmp_path / "m.onnx")]) == 2
    told = capsys.readouterr().err
    assert (
        told == f"ama: {tmp_path / 'pca'} holds a PCAReconstruction, and only AMADetector can be exported\n"
    )
    assert not (tmp_path / "m.onnx").exists()


def test_a_name_without_onnx_is_refused_before_the_model_is_read(tmp_path, capsys):
    assert main(["export", "no model", "--out", str(tmp_path / "m.pt")]) == 2
    assert "its name must end in .onnx" in capsys.readouterr().err
