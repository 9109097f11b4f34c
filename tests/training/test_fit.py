"""Splitting, the time limit, selection of weights, and training that goes wrong."""

from __future__ import annotations

import dataclasses
import time

import pytest
import torch
from sklearn.metrics import roc_auc_score

import ama
import draws
from ama.errors import DivergenceError, InputError
from ama.features.backbone import Lite0Backbone
from ama.networks.image_networks import Discriminator
from ama.scores.terms.mahalanobis import Mahalanobis
from ama.training.fit import TrainingSet, fit_both, fit_model
from ama.training.run import Run
from ama.training.split import split
from seen_images import seen_images

TINY = dataclasses.replace(draws.TINY, batch_size=16, precision="float32", scoring="r_score")


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (100, 1, 8, 8), dtype=torch.uint8)


@pytest.mark.parametrize("statistics", ["training", "held_out"])
def test_calibration_samples_are_never_trained_on(images, statistics):
    images[:, 0, 0, 0] = torch.arange(100)
    choice = dataclasses.replace(TINY, statistics=statistics, held_out=0.2)
    parts = [set(part[:, 0, 0, 0].tolist()) for part in split(images, choice, seed=0)]
    train, of_scores, _, calibration, _ = parts
    assert not train & calibration
    assert not of_scores & calibration
    assert (of_scores == train) == (statistics == "training")
    assert train | of_scores | calibration == set(range(100))
    assert len(train) == 80


@pytest.mark.parametrize("statistics", ["training", "held_out"])
def test_terms_get_their_scale_from_samples_that_neither_train_nor_calibrate(images, statistics):
    images[:, 0, 0, 0] = torch.arange(100)
    choice = dataclasses.replace(TINY, statistics=statistics, held_out=0.2, scoring="mahalanobis+memory_bank")
    train, _, unseen, calibration, doubtful = (
        set(part[:, 0, 0, 0].tolist()) for part in split(images, choice, seed=0)
    )
    assert (len(train), len(unseen), len(calibration)) == (
        80,
        *((10, 10) if statistics == "held_out" else (7, 13)),
    )
    assert train | unseen | calibration == set(range(100))
    assert not doubtful


def test_one_training_gives_the_last_weights_and_the_selected(images):
    validation = images[:20], torch.tensor([1.0] * 10 + [-1.0] * 10)
    choice = dataclasses.replace(TINY, max_steps=None, max_epochs=6, selection_start=0.0)
    data = TrainingSet(images[20:], validation=validation)
    last, selected = fit_both(data, choice, Run())
    assert last.validation_auroc is None
    alone = fit_model(TrainingSet(images[20:]), choice, Run()).model
    for name, value in last.model.state_dict().items():
        assert torch.equal(value, alone.state_dict()[name]), name
    again = fit_model(data, choice, Run())
    assert again.validation_auroc == selected.validation_auroc
    for name, value in selected.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name


def test_both_models_need_validation_samples(images):
    with pytest.raises(ValueError, match="found none"):
        fit_both(TrainingSet(images), TINY, Run())


@pytest.mark.parametrize(
    ("scoring", "expected"), [("mahalanobis+memory_bank", (70, 9, 4, 20)), ("a_score", (80, 80, 0, 20))]
)
def test_terms_are_fitted_to_a_bounded_number_of_samples(images, monkeypatch, scoring, expected):
    monkeypatch.setattr(Mahalanobis, "max_samples", 9)
    monkeypatch.setattr("ama.training.split.MAX_UNSEEN", 4)
    choice = dataclasses.replace(TINY, held_out=0.3 if "+" in scoring else 0.2, scoring=scoring)
    parts = split(images, choice, seed=0)
    assert tuple(map(len, parts)) == (*expected, 0)
    assert bool((parts[1] == parts[0][: len(parts[1])]).all())


def test_the_split_is_a_function_of_the_seed(images):
    first, again, other = (split(images, TINY, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_time_limit_ends_the_training(images):
    started = time.monotonic()
    fitted = fit_model(TrainingSet(images), dataclasses.replace(TINY, max_steps=10**6), Run(max_seconds=0.5))
    assert 0.5 <= time.monotonic() - started < 15
    assert 0 < fitted.steps < 10**6


def test_a_time_limit_that_is_over_before_the_training_leaves_one_step(images):
    with pytest.warns(UserWarning, match="max_time was over before the training"):
        assert fit_model(TrainingSet(images), TINY, Run(max_seconds=1e-9)).steps == 1


def test_a_fit_makes_the_row_of_a_photograph_once(monkeypatch):
    """The series check, the training, the search for duplicates, the statistics and the calibration need it."""
    photographs = torch.randint(256, (26, 3, 40, 300), dtype=torch.uint8)
    data = TrainingSet(photographs, backbone=Lite0Backbone())
    choice = dataclasses.replace(
        TINY, features="lite0", scoring="row_density", max_steps=2, lambda_rotation=0
    )
    with seen_images() as sides:
        kept = fit_model(data, choice, Run()).model
    assert sides.count(256) == len(photographs)
    monkeypatch.setattr("ama.features.image_memory.BYTES", 0)
    with seen_images() as sides:
        again = fit_model(data, choice, Run()).model
    assert sides.count(256) == 3 * len(photographs)
    torch.testing.assert_close(kept.state_dict(), again.state_dict(), rtol=0, atol=0)


def test_epochs_are_passes_over_the_samples(images):
    choice = dataclasses.replace(TINY, max_steps=None, max_epochs=3, held_out=0.1)
    assert fit_model(TrainingSet(images), choice, Run()).steps == 3 * 6  # 90 samples, 16 at a time


def test_a_set_smaller_than_a_batch_is_trained_on():
    few = torch.randint(0, 256, (7, 1, 8, 8), dtype=torch.uint8)
    assert fit_model(TrainingSet(few), dataclasses.replace(TINY, max_steps=5), Run()).steps == 5


def test_the_history_tells_the_losses(images):
    history = fit_model(TrainingSet(images), dataclasses.replace(TINY, max_steps=60), Run()).history
    assert [entry["step"] for entry in history] == [25, 50, 60]
    assert set(history[0]) == {"step", "critic", "generator", "pixel"}


@pytest.mark.parametrize(("value", "loss"), [(torch.nan, "critic"), (1e9, "critic")])
def test_a_training_that_left_the_finite_numbers_stops_with_what_to_try(images, value, loss, monkeypatch):
    original = Discriminator.value
    monkeypatch.setattr(Discriminator, "value", lambda *a: original(*a) * value)
    with pytest.raises(DivergenceError, match=rf"diverged at step 25: the {loss} loss is .* try a smaller"):
        fit_model(TrainingSet(images), dataclasses.replace(TINY, loss="wasserstein", max_steps=50), Run())


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (
            {"loss": "wasserstein", "lipschitz": "spectral"},
            "a smaller learning_rate or loss='relativistic' or a lipschitz constraint with a penalty",
        ),
        ({"loss": "relativistic", "lipschitz": "zero_centred"}, "a smaller learning_rate"),
        (None, "a smaller learning_rate"),
    ],
)
def test_the_advice_after_a_divergence_is_of_parameters_that_the_method_has(
    images, given, advice, monkeypatch
):
    short = {"max_steps": 1, "progress": False, "device": "cpu"}
    detector = ama.baselines.FenceGAN(**short) if given is None else ama.AMADetector(**short, **given)
    monkeypatch.setattr("ama.training.callbacks.LossMonitor.EXPLODED", 0.0)
    with pytest.raises(DivergenceError, match=rf"training diverged at step 1: .*; try {advice}$"):
        detector.fit(images)


def test_weights_are_those_of_the_best_validation_auroc(images):
    dark = images // 8
    validation = (torch.cat([dark[:30], images[:10]]), torch.tensor([1] * 30 + [-1] * 10))
    choice = dataclasses.replace(TINY, max_steps=None, max_epochs=6, selection_start=0.0)
    fitted = fit_model(TrainingSet(dark[30:], validation=validation), choice, Run())
    scores = fitted.model.scores(validation[0]).score
    assert fitted.validation_auroc == pytest.approx(roc_auc_score(validation[1] == 1, scores))


def test_selection_waits_for_its_start(images):
    validation = (images[:40], torch.tensor([1] * 30 + [-1] * 10))
    choice = dataclasses.replace(TINY, max_steps=8, selection_start=1.0)
    fitted = fit_model(TrainingSet(images[40:], validation=validation), choice, Run())
    last = fit_model(TrainingSet(images[40:]), choice, Run())
    torch.testing.assert_close(fitted.model.networks.state_dict(), last.model.networks.state_dict())
    assert fitted.validation_auroc is not None


def test_a_training_that_ends_before_the_selection_has_its_last_weights_evaluated(images):
    validation = (images[:40], torch.tensor([1] * 30 + [-1] * 10))
    choice = dataclasses.replace(TINY, max_steps=10**6, selection_start=0.5)
    fitted = fit_model(TrainingSet(images[40:], validation=validation), choice, Run(max_seconds=0.2))
    assert fitted.steps < 10**5
    scores = fitted.model.scores(validation[0]).score
    assert fitted.validation_auroc == pytest.approx(roc_auc_score(validation[1] == 1, scores))


@pytest.mark.parametrize("n", [1, 4])
def test_too_few_samples_are_refused(n):
    with pytest.raises(InputError, match=f"at least 5 normal samples, found {n} sample"):
        fit_model(TrainingSet(torch.zeros(n, 1, 8, 8, dtype=torch.uint8)), TINY, Run())


def test_a_checkpoint_of_another_fit_is_refused(tmp_path, images):
    run = Run(checkpoints=tmp_path, checkpoint_seconds=0.01)
    fit_model(TrainingSet(images), dataclasses.replace(TINY, max_steps=20), run)
    with pytest.raises(InputError, match=r"of another fit: its latent_dim is 4, expected 5; name another"):
        fit_model(TrainingSet(images), dataclasses.replace(TINY, max_steps=20, latent_dim=5), run)
