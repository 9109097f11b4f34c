"""The reference step and the product's step compute the same weights and scores."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from ama.benchmark.speed.reference_step import ReferenceStep
from ama.scores.kinds.factory import kind_of
from ama.training.batches import Batches
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training
from draws import TINY

CHOICE = dataclasses.replace(
    TINY, batch_size=16, averaging=0.0, lambda_rotation=0.0, precision="float32", learning_rate=1e-4
)
STEPS = 3
FLOOR = 1e-7  # the gradient of a bias before BatchNorm is rounding error, which Adam scales up to steps


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 20)])
@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize(
    ("loss", "lipschitz", "critic_steps"),
    [
        ("wasserstein", "gradient_penalty", 3),
        ("wasserstein", "spectral+gradient_penalty", 5),
        ("relativistic", "spectral", 1),
    ],
)
def test_the_same_steps_lead_to_the_same_weights(shape, mirrored, loss, lipschitz, critic_steps):
    choice = dataclasses.replace(
        CHOICE, loss=loss, lipschitz=lipschitz, critic_steps=critic_steps, mirrored=mirrored
    )
    raw = torch.randint(0, 256, (32, *shape), dtype=torch.uint8)
    networks = kind_of(shape).networks(choice).double()  # keeps the rounding error that Adam scales up small
    networks.discriminator.iterate(1000)
    before = {name: value.clone() for name, value in networks.named_parameters()}
    reference = ReferenceStep(networks, choice, seed=0).double()
    if choice.spectral:
        _share_singular_vectors(networks, reference)
    module = AMATraining(networks, choice, lambda indices: raw[indices], STEPS, seed=0)
    batches = Batches(len(raw), choice.batch_size, STEPS, 0, lambda: int(module.steps_done))
    drawn = [raw[batches.batch(step)] for step in range(STEPS)]
    run_training(module, batches, [], Run())
    for step, images in enumerate(drawn):
        reference.step(images, step)

    for name in ("encoder", "generator", "discriminator"):
        theirs = {
            key.replace("parametrizations.weight.original", "weight"): value
            for key, value in getattr(reference, name).named_parameters()
        }
        for key, value in getattr(networks, name).named_parameters():
            moved = (value - before[f"{name}.{key}"]).norm()
            # torch iterates in every pass, so its singular vectors are slightly more converged.
            assert (value - theirs[key]).norm() < (0.2 if choice.spectral else 1e-5) * moved + FLOOR, (
                name,
                key,
            )


def _share_singular_vectors(networks, reference):
    layers = [m for m in reference.discriminator.modules() if hasattr(m, "parametrizations")]
    for layer, u, v in zip(
        layers, networks.discriminator.spectral.u, networks.discriminator.spectral.v, strict=True
    ):
        (norm,) = layer.parametrizations.weight
        norm._u.copy_(u[: len(norm._u)])
        norm._v.copy_(v[: len(norm._v)])


def test_r_scores_are_the_same():
    choice = dataclasses.replace(CHOICE, lipschitz="gradient_penalty")
    networks = kind_of((1, 28, 28)).networks(choice).eval()
    reference = ReferenceStep(networks, choice, seed=0)
    reference.train(False)
    raw = torch.randint(0, 256, (9, 1, 28, 28), dtype=torch.uint8)
    x = networks.normalise(raw)
    with torch.no_grad():
        difference = networks.discriminator.features(x, x) - networks.discriminator.features(
            x, networks.reconstruct(x)
        )
    torch.testing.assert_close(reference.r_score(raw), difference.abs().sum(1), rtol=1e-3, atol=1e-3)
