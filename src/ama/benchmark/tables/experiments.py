"""The samples of both protocols: the strict one, and the paper's."""

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
    """The samples of both protocols.

    *strict*: no anomaly is seen before the test, and all test samples are used. *paper*: ``validation``, normal
    samples and some 50 anomalies, selects the weights; of the test anomalies only a fifth of the number of normal
    test samples are ``drawn``. ``known`` anomalies are for a semi-supervised training, under either protocol. No sample
    is in more than one of the four parts.
    """

    train: Shaped[Tensor, "n ..."]
    validation: tuple[Shaped[Tensor, "v ..."], Shaped[Tensor, " v"]]  # samples, and +1 or -1 for each
    test: Shaped[Tensor, "m ..."]
    anomalous: Bool[np.ndarray, " m"]
    drawn: Bool[np.ndarray, " m"]  # of the paper's protocol; all normal ones are
    known: Shaped[Tensor, "k ..."]  # none where the anomalies' data set has no training part

    def judging(self, n: int, seed: int) -> Experiment:
        """The same with a random ``n`` of the test samples, in their order, or all where there are no more."""
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
        Where validation and known anomalies are drawn from. None: the validation anomalies are drawn from the test
        anomalies, which then lose them, and none are known.
    seed
        Of the draws.
    """
    random = generator_for(seed, 5)

    def shuffled(x: Tensor) -> Tensor:
        return x[torch.randperm(len(x), generator=random)]

    normal = shuffled(normal)
    n_normal = round(VALIDATION_SHARE * len(normal))
    if other_anomalies is None:
        test_anomalies = shuffled(test_anomalies)
        n_anomalies = min(VALIDATION_ANOMALIES, len(test_anomalies) // 2)
        anomalies, test_anomalies = test_anomalies[:n_anomalies], test_anomalies[n_anomalies:]
        known = test_anomalies[:0]
    else:
        others = shuffled(other_anomalies)
        anomalies, known = others[:VALIDATION_ANOMALIES], others[VALIDATION_ANOMALIES:][:KNOWN_ANOMALIES]
    labels = torch.cat([torch.ones(n_normal), -torch.ones(len(anomalies))])
    n_drawn = min(len(test_anomalies), max(1, round(TEST_ANOMALIES * len(test_normal))))
    drawn = torch.randperm(len(test_anomalies), generator=random)[:n_drawn].numpy()
    anomalous = np.arange(len(test_normal) + len(test_anomalies)) >= len(test_normal)
    chosen = ~anomalous
    chosen[len(test_normal) + drawn] = True
    return Experiment(
        normal[n_normal:],
        (torch.cat([normal[:n_normal], anomalies]), labels),
        torch.cat([test_normal, test_anomalies]),
        anomalous,
        chosen,
        known,
    )
