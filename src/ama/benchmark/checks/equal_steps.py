"""``ama benchmark equal-steps``: AUROC after equal numbers of fast and of reference training steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ama import settings
from ama.benchmark.speed.reference_step import ReferenceStep
from ama.benchmark.tables.digits import split_digits
from ama.data.normal_labels import is_normal
from ama.data.sources import open_source
from ama.errors import InputError
from ama.io.results_files import append_result
from ama.networks.networks import Networks
from ama.scores.kinds.factory import kind_of
from ama.scores.model import Model
from ama.settings import Settings
from ama.training.batches import Batches
from ama.training.run import Run
from ama.training.step import AMATraining
from ama.training.trainer import run_training
from ama.utils.processors import multiplies_bfloat16
from ama.utils.progress import progress_bar

DIGIT = 8  # the anomaly among the scanned digits
# Small networks, so that the slow reference step leaves time for several seeds. It implements no rotation loss.
CHOICE = dataclasses.replace(
    settings.COMPACT_GREY,
    latent_dim=16,
    encoder_width=16,
    generator_width=16,
    discriminator_width=16,
    batch_size=64,
    lambda_rotation=0.0,
).with_precision(multiplies_bfloat16("cpu"))
UNSEEN = 10  # one in this many training samples is held out to scale the terms of the score
SETTLING_ITERATIONS = 100  # power iterations for the spectral norms of new weights


class LabelledData(NamedTuple):
    """Normal training images (n, c, h, w), test images (m, c, h, w), and which of the latter are anomalous."""

    name: str
    train: UInt8[np.ndarray, "n c h w"]
    test: UInt8[np.ndarray, "m c h w"]
    anomalous: Bool[np.ndarray, " m"]


def equal_steps(
    train: str | None,
    test: str | None,
    normal_label: str | None,
    steps: int,
    seeds: int,
    append_to: str | None,
) -> dict[str, Any]:
    """AUROC after training with either step, from the same initial weights on the same batches.

    Parameters
    ----------
    train, test, normal_label
        Sources with labels, and the normal label. None: scikit-learn's scanned digits, with the 8 as the anomaly.
    steps
        Steps of each training.
    seeds
        Number of trainings with either step.
    append_to
        Results file to which the result is appended, or None.

    Returns
    -------
    dict
        ``fast`` and ``reference`` AUROC by seed, and their ``difference_of_means``.

    Raises
    ------
    InputError
        If only some of the sources and their normal label are given.
    """
    data = _labelled_data(train, test, normal_label)
    fast, reference = _aurocs(data, steps, seeds)
    means = np.mean(fast), np.mean(reference)
    row = {
        "command": "ama benchmark equal-steps",
        "kind": "equal-steps",
        "data": data.name,
        "steps": steps,
        "fast": [round(value, 4) for value in fast],
        "reference": [round(value, 4) for value in reference],
        "difference_of_means": round(float(means[0] - means[1]), 4),
    }
    print(f"| {data.name} | {steps} | {means[0]:.4f} | {means[1]:.4f} | {row['difference_of_means']:+.4f} |")
    if append_to is not None:
        append_result(Path(append_to), row)
    return row


def _aurocs(data: LabelledData, steps: int, seeds: int) -> tuple[list[float], list[float]]:
    """AUROC by seed after training with the fast step, and with the reference step."""
    fast, reference = [], []
    for seed in progress_bar(iterable=range(seeds), desc="equal steps", unit="seed"):
        ours, theirs = scores(torch.from_numpy(data.train), torch.from_numpy(data.test), CHOICE, steps, seed)
        fast.append(float(roc_auc_score(data.anomalous, ours)))
        reference.append(float(roc_auc_score(data.anomalous, theirs)))
    return fast, reference


def _labelled_data(train: str | None, test: str | None, normal_label: str | None) -> LabelledData:
    if train is None and test is None and normal_label is None:
        split = split_digits(DIGIT, 0)
        return LabelledData("digits", split.train, split.test, split.anomalous)
    if train is None or test is None or normal_label is None:
        raise InputError(
            "--train, --test and --normal-label go together: give all of them, or none for the digits"
        )
    normal, tested = open_source(train).read(), open_source(test).read()
    return LabelledData(
        f"{train}, {normal_label}",
        normal.x.numpy()[is_normal(normal.labels, [normal_label], train)],
        tested.x.numpy(),
        ~is_normal(tested.labels, [normal_label], test),
    )


def scores(
    samples: UInt8[Tensor, "n c h w"],
    test: UInt8[Tensor, "m c h w"],
    choice: Settings,
    steps: int,
    seed: int,
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """Scores of ``test``, higher = more anomalous, after training with the fast step and with the reference step.

    Both use the exponential moving average of the weights.
    """
    unseen, train = samples[::UNSEEN], samples[np.arange(len(samples)) % UNSEEN > 0]
    torch.manual_seed(seed)
    networks = kind_of(tuple(train.shape[1:])).networks(choice)
    networks.scaling.fit(train)
    reference = ReferenceStep(deepcopy(networks), dataclasses.replace(choice, precision="float32"), seed)
    batches = Batches(len(train), choice.batch_size, steps, seed, lambda: int(module.steps_done))
    module = AMATraining(networks, choice, lambda indices: train[indices], steps, seed)
    run_training(module, batches, [], Run())
    averaged = _train_reference(reference, (train[batches.batch(step)] for step in range(steps)))
    found = []
    for trained in (module.result, _as_networks(averaged, networks)):
        model = Model(networks.shape, choice, train.dtype)
        model.networks = trained
        model.finish(train, unseen, unseen, seed)
        found.append(-model.score(test).numpy())
    return found[0], found[1]


def _train_reference(reference: ReferenceStep, batches: Iterable[UInt8[Tensor, "b c h w"]]) -> nn.Module:
    """Train with the reference step, and return the averaged networks."""
    parts = nn.ModuleDict(
        {
            "encoder": reference.encoder,
            "generator": reference.generator,
            "discriminator": reference.discriminator,
        }
    )
    average = get_ema_multi_avg_fn(reference.settings.averaging)
    averaged = AveragedModel(parts, multi_avg_fn=average, use_buffers=True)
    for step, raw in enumerate(batches):
        reference.step(raw, step)
        averaged.update_parameters(parts)
    return averaged.module


def _as_networks(parts: nn.Module, like: Networks) -> Networks:
    """The product's networks with the weights of the reference networks."""
    networks = deepcopy(like)
    weights = {
        name.replace("parametrizations.weight.original", "weight"): value
        for name, value in parts.state_dict().items()
        if "parametrizations.weight.0" not in name
    }
    missing, unknown = networks.load_state_dict(weights, strict=False)
    assert not unknown
    assert all(name.startswith("discriminator.spectral") or name.startswith("scaling.") for name in missing)
    networks.discriminator.iterate(SETTLING_ITERATIONS)
    return networks
