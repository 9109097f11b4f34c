"""Names of detectors."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import ama
from ama import baselines
from ama.detectors.base import Detector
from ama.detectors.registry import METHODS, method
from ama.errors import InputError, ModelFolderError
from ama.scores.terms.term_registry import TERMS


def test_every_name_is_a_detector_of_that_name():
    for name in METHODS:
        assert issubclass(method(name), Detector)
        assert method(name).__name__ == name


def test_the_baselines_are_those_of_their_room():
    assert set(baselines.__all__) == set(METHODS) - {"AMADetector"}
    assert baselines.DeepSVDD is method("DeepSVDD")
    with pytest.raises(AttributeError, match="has no attribute 'GANomaly'"):
        _ = baselines.GANomaly


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="no method 'SVM', expected one of AMADetector, FenceGAN, ALAD"):
        method("SVM")


def test_a_model_of_an_unknown_method_is_no_traceback(digit_detector, tmp_path):
    digit_detector.save(tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    assert json.loads(config.read_text())["method"] == "AMADetector"
    config.write_text(config.read_text().replace('"method": "AMADetector"', '"method": "Later"'))
    told = (
        r"config\.json names the unknown method 'Later': a class of your own loads it by its own method load; if a "
        r"newer ama wrote it, upgrade ama$"
    )
    with pytest.raises(ModelFolderError, match=told):
        ama.load(tmp_path / "model")


def test_importing_the_package_is_enough_to_name_a_baseline():
    code = "import ama; print(ama.baselines.DeepSVDD().get_params()['preset'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "compact\n"


def test_a_device_that_does_not_exist_is_no_fault_of_the_folder(digit_detector, tmp_path):
    digit_detector.save(tmp_path / "model")
    with pytest.raises(InputError, match="device must be one of auto, cpu, cuda, found 'tpu'"):
        ama.load(tmp_path / "model", device="tpu")


def test_a_missing_gpu_is_no_fault_of_the_model_folder(digit_detector, tmp_path, monkeypatch):
    digit_detector.save(tmp_path / "model")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"^device is cuda, but torch finds no usable GPU here$"):
        ama.load(tmp_path / "model", device="cuda")


class Mine(baselines.NearestNeighbours):
    """A class of a user."""


def test_a_class_of_a_user_is_loaded_by_itself(rng, tmp_path):
    rows = rng.normal(size=(200, 3))
    detector = Mine(random_state=0, device="cpu", progress=False).fit(rows)
    detector.save(tmp_path / "model")
    assert np.array_equal(Mine.load(tmp_path / "model").score_samples(rows), detector.score_samples(rows))
    with pytest.raises(
        ModelFolderError, match="the unknown method 'Mine': a class of your own loads it by its own"
    ):
        ama.load(tmp_path / "model")
    with pytest.raises(
        ModelFolderError, match=r"holds a Mine, not a AMADetector: load it by Mine\.load, or by"
    ):
        ama.AMADetector.load(tmp_path / "model")


def test_another_class_of_the_same_name_is_refused(rng, tmp_path):
    Mine(random_state=0, device="cpu", progress=False).fit(rng.normal(size=(200, 3))).save(tmp_path / "model")
    other = type("Mine", (baselines.NearestNeighbours,), {"__module__": "elsewhere", "__doc__": ""})
    found = (
        rf"was saved with {__name__}\.Mine, and Mine is elsewhere\.Mine here: .* 'classes' of config\.json$"
    )
    with pytest.raises(ModelFolderError, match=found):
        other.load(tmp_path / "model")


def test_another_term_of_the_same_name_is_refused(rng, tmp_path, monkeypatch):
    mine = type("Distance", (TERMS["nearest_rows"],), {"__module__": "here"})
    monkeypatch.setitem(TERMS, "distance", mine)
    detector = ama.AMADetector(max_steps=2, scoring="distance", random_state=0, device="cpu", progress=False)
    detector.fit(rng.normal(size=(200, 3))).save(tmp_path / "model")
    ama.load(tmp_path / "model", device="cpu")
    monkeypatch.setitem(TERMS, "distance", type("Distance", (mine,), {"__module__": "elsewhere"}))
    with pytest.raises(
        ModelFolderError, match=r"saved with here\.Distance, and distance is elsewhere\.Distance here"
    ):
        ama.load(tmp_path / "model", device="cpu")
