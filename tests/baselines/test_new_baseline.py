"""A new baseline is one file and one line of the registry: estimator, model folder and command line follow."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import ama
from ama.cli.main import main
from ama.detectors import registry

CODE = '''
"""How bright a sample is."""
import torch
from ama.baselines.baseline import Baseline
from ama.baselines.baseline_model import BaselineModel
from ama.detectors.parameters import parameters
from ama.utils.declarations import METHOD, parameter

class BrightnessModel(BaselineModel):
    """The brightness of a normal sample."""
    def build(self, power):
        self.power = power
        self.register_buffer("usual", torch.zeros(()))
    def anomalies(self, x):
        return {"score": (x.flatten(1).mean(1) - self.usual).abs() ** self.power}

@parameters
class Brightness(Baseline):
    """The distance of the mean from that of normal samples."""
    power: float = parameter("Exponent of the distance.", METHOD, 0, 9, exclusive=True, default=1.0)
    _model_class = BrightnessModel
    def _options(self, shape):
        return {"power": self.power}
    def _learn(self, model, train, run, log):
        model.usual.fill_(torch.cat([x.flatten(1).mean(1) for x in model.chunks(train)]).mean())
'''


@pytest.fixture
def brightness(tmp_path, monkeypatch):
    (tmp_path / "brightness.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.METHODS, "Brightness", "brightness")
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("brightness", None)


def test_it_is_fitted_saved_loaded_and_known_to_the_command_line(brightness, digits, capsys):
    images, labels = digits
    np.save("zeros.npy", images[labels == 0])
    assert main(["fit", "zeros.npy", "--method", "Brightness", "--power", "2", "--out", "model"]) == 0
    loaded = ama.load("model")
    assert loaded.power == 2
    dark = np.zeros((3, 1, 8, 8), np.uint8)
    assert (loaded.predict(dark) == -1).all()
    capsys.readouterr()
    assert main(["fit", "zeros.npy", "--method", "Brightness", "--power", "10", "--out", "other"]) == 2
    sentence = "ama: power must be a number between 0 and 9, both excluded, found 10.0\n"
    assert capsys.readouterr().err == sentence
    assert main(["fit", "--method", "Brightness", "--help"]) == 0
    assert "Exponent of the distance." in capsys.readouterr().out
