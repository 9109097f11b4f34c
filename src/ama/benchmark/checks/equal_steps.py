"""``ama benchmark equal-steps``: the fast step detects as well as the reference one, seed by seed, at equal steps."""

from __future__ import annotations

import dataclasses
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm.auto import tqdm

from ama import settings
from ama.benchmark.speed.reference_step import ReferenceStep
from ama.benchmark.tables.digits import split_digits
from ama.data.normal_labels import is_normal
from ama.data.sources import open_source
from ama.io.results_files import append_result
from ama.networks.networks import Networks
from ama.scores.model import Model
from ama.settings import Settings
from ama.training.batches import Batches
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training

DIGIT = 8  # of the scanned digits, the anomaly
# The reference step has no second head, and takes its time: smaller networks leave more seeds for the same minutes.
CHOICE = dataclasses.replace(
    settings.COMPACT_GREY,
    latent_dim=16,
    encoder_width=16,
    generator_width=16,
    discriminator_width=16,
    batch_size=64,
    lambda_rotation=0.0,
)
UNSEEN = 10  # one of so many training samples scales the score's terms
SETTLING_ITERATIONS = 100


def equal_steps(
    train: str | None,
    test: str | None,
    normal_label: str | None,
    steps: int,
    seeds: int,
    append_to: str | None,
) -> dict[str, Any]:
    """AUROC of the compact preset's score after equal steps from equal weights on equal batches, both ways.

    Parameters
    ----------
    train, test, normal_label
        Sources with labels and the normal one; None: scikit-learn's scanned digits without an 8.
    steps
        Of each training.
    seeds
        Number of trainings.
    append_to
        Results file, or None.
    """
    if train is None or test is None or normal_label is None:
        split, name = split_digits(DIGIT, 0), "digits"
        images, tested, anomalous = split.train, split.test, split.anomalous
    else:
        normal, samples = open_source(train).read(), open_source(test).read()
        images = normal.x.numpy()[is_normal(normal.labels, [normal_label], train)]
        tested = samples.x.numpy()
        anomalous = ~is_normal(samples.labels, [normal_label], test)
        name = f"{train}, {normal_label}"
    fast, reference = [], []
    for seed in tqdm(range(seeds), desc="equal steps", unit="seed", disable=None):
        ours, theirs = scores(torch.from_numpy(images), torch.from_numpy(tested), CHOICE, steps, seed)
        fast.append(float(roc_auc_score(anomalous, ours)))
        reference.append(float(roc_auc_score(anomalous, theirs)))
    row = {
        "command": "ama benchmark equal-steps",
        "kind": "equal-steps",
        "data": name,
        "steps": steps,
        "fast": [round(value, 4) for value in fast],
        "reference": [round(value, 4) for value in reference],
        "difference_of_means": round(float(np.mean(fast) - np.mean(reference)), 4),
    }
    print(
        f"| {name} | {steps} | {np.mean(fast):.4f} | {np.mean(reference):.4f} | {row['difference_of_means']:+.4f} |"
    )
    if append_to is not None:
        append_result(Path(append_to), row)
    return row


def scores(
    samples: UInt8[Tensor, "n c h w"],
    test: UInt8[Tensor, "m c h w"],
    choice: Settings,
    steps: int,
    seed: int,
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """How anomalous ``test`` is after ``steps`` fast steps, and after as many reference ones; both weights averaged."""
    unseen, train = samples[::UNSEEN], samples[np.arange(len(samples)) % UNSEEN > 0]
    torch.manual_seed(seed)
    networks = Networks(tuple(train.shape[1:]), choice)
    networks.fit_scaling(train)
    reference = ReferenceStep(deepcopy(networks), dataclasses.replace(choice, precision="float32"), seed)
    batches = Batches(len(train), choice.batch_size, steps, seed, lambda: int(module.steps_done))
    module = AMATraining(networks, choice, lambda indices: train[indices], steps, seed)
    run_training(module, batches, [], Run())

    parts = nn.ModuleDict(
        {
            "encoder": reference.encoder,
            "generator": reference.generator,
            "discriminator": reference.discriminator,
        }
    )
    averaged = AveragedModel(parts, multi_avg_fn=get_ema_multi_avg_fn(choice.averaging), use_buffers=True)
    for step in range(steps):
        reference.step(train[batches.batch(step)], step)
        averaged.update_parameters(parts)

    found = []
    for trained in (module.result, _as_networks(averaged.module, networks)):
        model = Model(networks.shape, choice, train.dtype)
        model.networks = trained
        model.finish(train, unseen, unseen, seed)
        found.append(-model.scores(test).score.numpy())
    return found[0], found[1]


def _as_networks(reference: nn.Module, like: Networks) -> Networks:
    """The reference networks' weights in the product's networks."""
    networks = deepcopy(like)
    weights = {
        name.replace("parametrizations.weight.original", "weight"): value
        for name, value in reference.state_dict().items()
        if "parametrizations.weight.0" not in name
    }
    missing, unknown = networks.load_state_dict(weights, strict=False)
    assert not unknown
    assert all(name.startswith("discriminator.spectral") or name in ("shift", "scale") for name in missing)
    networks.discriminator.iterate(SETTLING_ITERATIONS)
    return networks
