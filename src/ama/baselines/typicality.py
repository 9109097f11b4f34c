r"""Typicality test (Nalisnick et al., "Detecting Out-of-Distribution Inputs to Deep Generative Models Using
Typicality", 2019).

Normal images are not those of the highest likelihood but those whose likelihood is near the model's entropy.

============================================================================================  ==========================
paper                                                                                         here
============================================================================================  ==========================
:math:`\hat H = -\frac{1}{N} \sum \log p(x_n)`, over the training images                      ``entropy``
:math:`\hat\epsilon = \lvert -\frac{1}{M} \sum \log p(x_m) - \hat H \rvert`, of a batch       the anomaly score
M images of a batch                                                                           ``group``
bootstrap of batches of M held-out images, for the threshold                                  :meth:`calibrate`
============================================================================================  ==========================

With ``group`` above 1 the samples handed in are taken in their order, so many at a time, and each gets the
score of its group: the test then is of batches, as in the paper. A last group that is not full is judged as it is.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.baselines.baseline import Log, Sizes, TrainedBaseline, check_choice, check_count
from ama.baselines.likelihood import (
    Likelihood,
    LikelihoodModel,
    LikelihoodTraining,
    check_levels,
    likelihood_network,
    network_options,
)
from ama.baselines.parameters import parameters
from ama.training.run import Run
from ama.utils.random_generators import generator_for

ENTROPY_SAMPLES = 5000
BOOTSTRAP = 2000  # groups drawn with replacement from the held-out images


class TypicalityModel(LikelihoodModel):
    """A network and the entropy."""

    entropy: Tensor

    def build(self, kind: Likelihood, width: int, depth: int, scales: int, group: int, seed: int) -> None:
        self.network = likelihood_network(kind, self.shape, width, depth, scales)
        self.group, self.seed = group, seed
        self.register_buffer("entropy", torch.zeros((), dtype=torch.float64))

    def fit_entropy(self, raw: Shaped[Tensor, "n c h w"]) -> None:
        """H: the mean of minus log p over training images."""
        self.eval()
        values = [-self.log_likelihood(x).double() for x in self.chunks(raw[:ENTROPY_SAMPLES])]
        self.entropy.copy_(torch.cat(values).mean())

    def anomalies(self, x: Float[Tensor, "b c h w"]) -> dict[str, Float[Tensor, " b"]]:
        return {"likelihood": -self.log_likelihood(x)}

    @property
    def decides(self) -> str:
        return "likelihood"

    def named_scores(self, raw: Shaped[Tensor, "b c h w"]) -> dict[str, Float[Tensor, " b"]]:
        """The score of each group of consecutive samples, for every one of them; and the likelihood of each."""
        log_p = super().named_scores(raw)["likelihood"]
        groups = torch.cat([part.mean().expand(len(part)) for part in log_p.split(self.group)])
        return {"score": -(groups + self.entropy).abs(), "likelihood": log_p}

    def calibrate(self, raw: Shaped[Tensor, "m c h w"]) -> None:
        """Scores of groups drawn from held-out samples; of the samples themselves where a group is one."""
        if self.group == 1:
            super().calibrate(raw)
            return
        log_p = super().named_scores(raw)["likelihood"]
        drawn = torch.randint(len(raw), (BOOTSTRAP, self.group), generator=generator_for(self.seed, 7))
        self.calibration = -(log_p[drawn.to(log_p.device)].mean(1) + self.entropy).abs()


@parameters
class Typicality(TrainedBaseline):
    """Typicality test (Nalisnick et al. 2019): how far the likelihood is from that of the training images.

    The parameters of :class:`ama.baselines.baseline.TrainedBaseline`, and these.

    Parameters
    ----------
    likelihood
        "glow", the paper's, or "pixelcnn++".
    group
        M: images judged together.
    """

    likelihood: Literal["glow", "pixelcnn++"] = "glow"
    group: int = 1

    images_only = True
    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=64, batch_size=16, max_steps=1000, learning_rate=1e-3),
        "paper": Sizes(width=512, batch_size=64, max_steps=100_000, learning_rate=1e-3),
    }
    _model_class = TypicalityModel

    def _check(self) -> None:
        super()._check()
        check_choice("likelihood", self.likelihood, "glow", "pixelcnn++")
        check_count("group", self.group, 1)

    def _options(self, shape: tuple[int, ...]) -> dict[str, Any]:
        network = network_options(self.likelihood, self.preset, self._sizes().width)
        return {**network, "group": self.group, "seed": self.random_state or 0}

    def _learn(self, model: TypicalityModel, train: Tensor, run: Run, log: Log) -> None:
        check_levels(train.dtype, type(self).__name__)
        self._train(LikelihoodTraining, model, train, run, log, networks=[model.network])
        model.fit_entropy(train)
