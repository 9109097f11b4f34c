"""The samples of an experiment under both protocols: the strict one, and the paper's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Shaped
from torch import Tensor

from ama.utils.random_generators import generator_for

VALIDATION_SHARE = 0.05  # of the normal training samples
VALIDATION_ANOMALIES = 50
KNOWN_ANOMALIES = 50
TEST_ANOMALIES = 0.2  # of the number of normal test samples


@dataclass(frozen=True, eq=False)
class Experiment:
    """The samples of an experiment under both protocols.

    *strict*: no anomaly is seen before the test, and all test samples are used. *paper*: the ``validation`` samples,
    which include some 50 anomalies, select the weights, and the test anomalies are reduced to the ``drawn`` ones, a
    fifth of the number of normal test samples. Under either protocol a semi-supervised training may use the ``known``
    anomalies. No sample is in more than one of ``train``, ``validation``, ``test`` and ``known``.
    """

    train: Shaped[Tensor, "n ..."]
    validation: tuple[Shaped[Tensor, "v ..."], Shaped[Tensor, " v"]]  # samples, and +1 or -1 for each
    test: Shaped[Tensor, "m ..."]
    anomalous: Bool[np.ndarray, " m"]
    drawn: Bool[np.ndarray, " m"]  # test samples of the paper's protocol, which include all normal ones
    known: Shaped[Tensor, "k ..."]  # empty if the data set of the anomalies has no training split

    def judging(self, n: int, seed: int) -> Experiment:
        """The experiment with at most ``n`` test samples, drawn at random and kept in order."""
        order = torch.randperm(len(self.test), generator=generator_for(seed, 8))
        kept = np.sort(order[:n].numpy())
        return replace(
            self,
            test=self.test[torch.from_numpy(kept)],
            anomalous=self.anomalous[kept],
            drawn=self.drawn[kept],
        )


def draw_experiment(
    normal: Shaped[Tensor, "n ..."],
    test_normal: Shaped[Tensor, "t ..."],
    test_anomalies: Shaped[Tensor, "a ..."],
    other_anomalies: Shaped[Tensor, "o ..."] | None,
    seed: int,
) -> Experiment:
    """Draw the paper's validation and test sets.

    Parameters
    ----------
    normal
        Normal training samples.
    test_normal, test_anomalies
        The test samples.
    other_anomalies
        Source of the validation anomalies and the known ones. None: the validation anomalies are taken out of the test
        anomalies, and there are no known ones.
    seed
        Seed of the draws.
    """
    random = generator_for(seed, 5)
    normal = _shuffled(normal, random)
    n_normal = round(VALIDATION_SHARE * len(normal))
    if other_anomalies is None:
        test_anomalies = _shuffled(test_anomalies, random)
        n_anomalies = min(VALIDATION_ANOMALIES, len(test_anomalies) // 2)
        anomalies, test_anomalies = test_anomalies[:n_anomalies], test_anomalies[n_anomalies:]
        known = test_anomalies[:0]
    else:
        others = _shuffled(other_anomalies, random)
        anomalies, known = others[:VALIDATION_ANOMALIES], others[VALIDATION_ANOMALIES:][:KNOWN_ANOMALIES]
    labels = torch.cat([torch.ones(n_normal), -torch.ones(len(anomalies))])
    anomalous = np.arange(len(test_normal) + len(test_anomalies)) >= len(test_normal)
    return Experiment(
        train=normal[n_normal:],
        validation=(torch.cat([normal[:n_normal], anomalies]), labels),
        test=torch.cat([test_normal, test_anomalies]),
        anomalous=anomalous,
        drawn=_drawn(anomalous, random),
        known=known,
    )


def _shuffled(x: Tensor, random: torch.Generator) -> Tensor:
    return x[torch.randperm(len(x), generator=random)]


def _drawn(anomalous: Bool[np.ndarray, " m"], random: torch.Generator) -> Bool[np.ndarray, " m"]:
    """All normal test samples, and anomalies of a fifth of their number."""
    (places,) = anomalous.nonzero()
    n_normal = len(anomalous) - len(places)
    n_drawn = min(len(places), max(1, round(TEST_ANOMALIES * n_normal)))
    drawn = ~anomalous
    drawn[places[torch.randperm(len(places), generator=random)[:n_drawn].numpy()]] = True
    return drawn
