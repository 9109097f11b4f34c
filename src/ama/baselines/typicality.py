r"""Typicality test (Nalisnick et al., "Detecting Out-of-Distribution Inputs to Deep Generative Models Using
Typicality", 2019).

Normal images are not the ones of the highest likelihood but those whose log likelihood is near minus the entropy.

============================================================================================  ==========================
paper                                                                                         here
============================================================================================  ==========================
:math:`\hat H = -\frac{1}{N} \sum \log p(x_n)`, over the training images                      ``entropy``
:math:`\hat\epsilon = \lvert -\frac{1}{M} \sum \log p(x_m) - \hat H \rvert`, of a batch       the anomaly score
M images of a batch                                                                           ``group``
bootstrap of batches of M held-out images, for the threshold                                  :meth:`calibrate`
============================================================================================  ==========================

If ``group`` is above 1, consecutive samples form groups of that size and each sample gets the score of its group, as in
the paper's test of batches. The last group may be smaller.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.likelihood import (
    Likelihood,
    LikelihoodModel,
    LikelihoodTraining,
    check_levels,
    network_options,
)
from ama.detectors.parameters import parameters
from ama.io.storable import empty
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter
from ama.utils.random_generators import generator_for

ENTROPY_SAMPLES = 5000
BOOTSTRAP = 2000  # groups drawn with replacement from the held-out images


class TypicalityModel(LikelihoodModel):
    """A network and the entropy."""

    entropy: Tensor

    def build(
        self, kind: Likelihood, width: int, depth: int, scales: int, group: int = 1, seed: int = 0
    ) -> None:
        super().build(kind, width, depth, scales)
        self.group, self.seed = group, seed
        self.register_buffer("entropy", empty())

    def fit_entropy(self, raw: Shaped[Tensor, "n c h w"]) -> None:
        """Set H to the mean of minus log p over training images."""
        self.eval()
        values = [-self.log_likelihood(x).double() for x in self.chunks(raw[:ENTROPY_SAMPLES])]
        self.entropy.copy_(torch.cat(values).mean())

    def anomalies(self, x: Float[Tensor, "b c h w"]) -> dict[str, Float[Tensor, " b"]]:
        return {"likelihood": -self.log_likelihood(x)}

    @property
    def decides(self) -> str:
        return "likelihood"

    def named_scores(self, raw: Shaped[Tensor, "b c h w"]) -> dict[str, Float[Tensor, " b"]]:
        """``score``, that of the group of each sample, and ``likelihood``, the log likelihood of each."""
        log_p = super().named_scores(raw)["likelihood"]
        groups = torch.cat([part.mean().expand(len(part)) for part in log_p.split(self.group)])
        return {"score": -(groups + self.entropy).abs(), "likelihood": log_p}

    def calibrate(self, raw: Shaped[Tensor, "m c h w"]) -> None:
        """Keep the scores of groups drawn from held-out samples, or of the samples themselves if a group is one."""
        if self.group == 1:
            super().calibrate(raw)
            return
        log_p = super().named_scores(raw)["likelihood"]
        drawn = torch.randint(len(raw), (BOOTSTRAP, self.group), generator=generator_for(self.seed, 7))
        self.calibration = -(log_p[drawn.to(log_p.device)].mean(1) + self.entropy).abs()


@parameters
class Typicality(TrainedBaseline):
    """Typicality test (Nalisnick et al. 2019): how far the likelihood is from that of the training images."""

    # fmt: off
    likelihood: Likelihood = parameter("The likelihood model; the paper's is \"glow\".", METHOD, default="glow")
    group: int = parameter("M: number of consecutive images that are scored together.", METHOD, 1, default=1)
    # fmt: on

    images_only = True
    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=64, batch_size=16, max_steps=1000, learning_rate=1e-3),
        "paper": Sizes(width=512, batch_size=64, max_steps=100_000, learning_rate=1e-3),
    }
    _model_class = TypicalityModel

    def independent(self, scores: np.ndarray) -> np.ndarray:
        """One score of each group."""
        return scores[:: self.group]

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        network = network_options(self.likelihood, self.preset, self._sizes().width)
        return {**network, "group": self.group, "seed": self.random_state or 0}

    def _learn(self, model: TypicalityModel, train: Tensor, run: Run, log: Log) -> None:
        check_levels(train.dtype, type(self).__name__)
        self._train(LikelihoodTraining, model, train, run, log, networks=[model.network])
        model.fit_entropy(train)
