"""One training step against the equations, and the promises about repeatability and precision."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch.utils.data import DataLoader

import draws
from ama import settings
from ama.networks.rotations import rotated
from ama.objective.losses import code_norm
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.rotation import rotation_surprise
from ama.training.batches import Batches
from ama.training.fit import TrainingSet, fit_model
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training

TINY = dataclasses.replace(draws.TINY, precision="float32")


def _module(choice=TINY, n=32, total=4, anomalies=None):
    images = torch.randint(0, 256, (n, 1, 8, 8), dtype=torch.uint8)
    networks = kind_of((1, 8, 8)).networks(choice)
    networks.scaling.fit(images)
    return AMATraining(networks, choice, lambda index: images[index], total, 0, anomalies), images


def _run(module, steps=None):
    batches = Batches(
        32, module.settings.batch_size, steps or module.total_steps, 0, lambda: int(module.steps_done)
    )
    run_training(module, batches, [], Run())
    return module


def _moved(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_a_step_moves_every_weight_of_all_three_networks():
    module, _ = _module()
    before = {name: p.detach().clone() for name, p in module.networks.named_parameters()}
    _run(module)
    after = dict(module.networks.named_parameters())
    assert _moved(before, after) == set(before)


def test_all_parameters_can_be_trained_again_after_a_step():
    module = _run(_module()[0])
    assert all(p.requires_grad for p in module.networks.parameters())


def test_the_step_of_e_and_g_gives_d_no_gradient(monkeypatch):
    module, _ = _module()
    critic_step, of_critic = module._critic_step, []

    def recorded(*args):
        loss = critic_step(*args)
        of_critic.append([p.grad.clone() for p in module.networks.discriminator.parameters()])
        return loss

    monkeypatch.setattr(module, "_critic_step", recorded)
    _run(module)
    after = [p.grad for p in module.networks.discriminator.parameters()]
    torch.testing.assert_close(after, of_critic[-1], rtol=0, atol=0)


@pytest.mark.parametrize("loss", ["wasserstein", "hinge", "relativistic"])
@pytest.mark.parametrize("negatives", ["atypical", "scaled", "cube", "none"])
def test_every_game_and_every_kind_of_negative_trains(loss, negatives):
    choice = dataclasses.replace(TINY, loss=loss, negatives=negatives, lambda_neg=1.0, negative_start=0.0)
    module = _run(_module(choice)[0])
    assert all(torch.isfinite(value) for value in module.losses.values())


@pytest.mark.parametrize(
    "lipschitz",
    ["spectral+gradient_penalty", "spectral", "gradient_penalty", "zero_centred", "spectral+zero_centred"],
)
def test_every_lipschitz_constraint_trains(lipschitz):
    module = _run(_module(dataclasses.replace(TINY, lipschitz=lipschitz, critic_steps=2))[0])
    assert torch.isfinite(module.losses["critic"])
    assert (module.networks.discriminator.spectral is not None) == lipschitz.startswith("spectral")


def test_the_gradient_penalty_holds_the_critics_slope_near_one():
    base = dataclasses.replace(TINY, loss="wasserstein", lambda_pixel=0.0, learning_rate=3e-3)
    slopes = {}
    for lipschitz in ("spectral", "spectral+gradient_penalty"):
        torch.manual_seed(0)
        module, images = _module(dataclasses.replace(base, lipschitz=lipschitz), total=40)
        _run(module)
        x = module.networks.normalise(images).requires_grad_()
        (slope,) = torch.autograd.grad(module.networks.discriminator(x, x).sum(), x)
        slopes[lipschitz] = slope.flatten(1).norm(dim=1).mean().item()
    assert slopes["spectral+gradient_penalty"] < slopes["spectral"]


def test_negatives_start_when_the_settings_say():
    choice = dataclasses.replace(TINY, negatives="atypical", lambda_neg=1.0, negative_start=0.5)
    module, _ = _module(choice, total=4)
    started, original = [], module.maker.pairs

    def record(x, with_negatives, random):
        started.append(with_negatives)
        return original(x, with_negatives, random)

    module.maker.pairs = record
    _run(module)
    assert started == [False, False, True, True]


@pytest.mark.parametrize("preset", ["paper", "authors"])
def test_both_readings_of_the_paper_train_with_negatives(preset):
    readings = settings.PRESETS["grey images"]
    choice = dataclasses.replace(
        readings[preset],
        **{name: getattr(TINY, name) for name in ("latent_dim", "encoder_width", "generator_width")},
        discriminator_width=8,
        batch_size=8,
        negative_start=0.0,
        max_epochs=None,
        max_steps=4,
    )
    module = _run(_module(choice)[0])
    assert all(torch.isfinite(value) for value in module.losses.values())


def test_learning_rate_falls_to_a_tenth_at_each_drop():
    module = _run(_module(dataclasses.replace(TINY, milestones=(0.25, 0.5)), total=4)[0])
    rates = [optimizer.param_groups[0]["lr"] for optimizer in module.trainer.optimizers]
    assert rates == pytest.approx([TINY.learning_rate / 100] * 2)


def test_averaged_weights_are_the_moving_average_of_the_weights():
    module, _ = _module(dataclasses.replace(TINY, averaging=0.5), total=3)
    seen = []
    original = module.averaged.update

    def record(networks, first):
        seen.append(networks.encoder.to_latent.weight.detach().clone())
        original(networks, first)

    module.averaged.update = record
    _run(module)
    expected = seen[0]
    for weight in seen[1:]:
        expected = 0.5 * expected + 0.5 * weight
    torch.testing.assert_close(module.result.encoder.to_latent.weight, expected)


def test_without_averaging_the_result_is_the_last_weights():
    module, _ = _module(dataclasses.replace(TINY, averaging=0.0))
    assert module.result is module.networks


def test_the_regulariser_shrinks_the_encodings():
    images = torch.randint(0, 256, (64, 1, 8, 8), dtype=torch.uint8)
    norms = []
    for weight in (0.0, 10.0):
        choice = dataclasses.replace(TINY, lambda_reg=weight, lambda_pixel=10.0, max_steps=50, averaging=0.0)
        model = fit_model(TrainingSet(images), choice, Run()).model
        with torch.no_grad():
            norms.append(code_norm(model.networks.encoder(model.networks.normalise(images))).item())
    assert norms[1] < 0.5 * norms[0]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_two_fits_with_one_seed_are_equal_bit_for_bit(precision):
    images = torch.randint(0, 256, (64, 1, 16, 16), dtype=torch.uint8)
    choice = dataclasses.replace(TINY, max_steps=12, precision=precision)
    first, second = (fit_model(TrainingSet(images), choice, Run(seed=3)).model.state_dict() for _ in range(2))
    assert not _moved(first, second)


def test_the_number_of_loader_processes_does_not_change_the_batches():
    batches = Batches(100, 16, 7, 0, lambda: 0)
    here = [(i, index.tolist()) for i, index in DataLoader(batches, batch_size=None)]
    elsewhere = [(i, index.tolist()) for i, index in DataLoader(batches, batch_size=None, num_workers=1)]
    assert here == elsewhere == [(i, batches.batch(i).tolist()) for i in range(7)]


def test_bfloat16_learns_what_float32_learns(digits):
    # Guards the accuracy of the fast precision: the same recipe must separate zeros from ones either way.
    from sklearn.metrics import roc_auc_score

    images, labels = digits
    normal, test = torch.from_numpy(images[labels == 0]), torch.from_numpy(images[labels <= 1])
    found = []
    for precision in ("float32", "bfloat16"):
        choice = dataclasses.replace(settings.COMPACT_COLOUR, max_steps=40, precision=precision)
        scores = fit_model(TrainingSet(normal), choice, Run()).model.scores(test).score
        found.append(roc_auc_score(labels[labels <= 1] == 1, -scores))
    assert min(found) > 0.95
    assert abs(found[0] - found[1]) < 0.03


def test_the_second_head_learns_to_tell_turns():
    """Images whose left edge is bright: a turn is plain to see."""
    choice = dataclasses.replace(TINY, lambda_rotation=1.0, learning_rate=1e-2, max_steps=60)
    images = torch.randint(0, 60, (64, 1, 8, 8), dtype=torch.uint8)
    images[:, :, :, 0] += 180
    torch.manual_seed(0)
    networks = kind_of((1, 8, 8)).networks(choice)
    module = AMATraining(networks, choice, lambda indices: images[indices], 60, seed=0)

    def rotation_loss():
        x = networks.normalise(images)
        with torch.no_grad():
            logits = [
                networks.discriminator.rotation_logits(networks.discriminator.maps(y, y)[-1])
                for y in rotated(x)
            ]
        return rotation_surprise(torch.stack(logits, 1)).mean() / 4

    before = rotation_loss()
    _run(module)
    assert rotation_loss() < before / 3


def test_images_of_symmetric_data_are_mirrored_in_half_of_the_cases():
    choice = dataclasses.replace(TINY, max_steps=3)
    images = torch.zeros((64, 1, 8, 8), dtype=torch.uint8)
    images[:, :, :, 0] = 255
    seen = []
    networks = kind_of((1, 8, 8)).networks(choice)
    networks.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0][:, 0, 0, 0] > 0))
    module = AMATraining(networks, choice, lambda indices: images[indices], 3, seed=0, symmetric=True)
    _run(module)
    share = torch.cat(seen).float().mean()
    assert 0.2 < share < 0.8
