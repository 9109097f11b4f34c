r"""Typicality test (Nalisnick et al., "Detecting Out-of-Distribution Inputs to Deep Generative Models Using
Typicality", 2019).

Normal images are not the ones of the highest likelihood but those whose log likelihood is near minus the entropy.

============================================================================================  ==========================
paper                                                                                         here
============================================================================================  ==========================
:math:`\hat H = -\frac{1}{N} \sum \log p(x_n)`, over the training images                      ``entropy``
:math:`\hat\epsilon = \lvert -\frac{1}{M} \sum \log p(x_m) - \hat H \rvert`, of a batch       the anomaly score
M images of a batch                                                                           ``group``
threshold                                                                                     :meth:`calibrate`
============================================================================================  ==========================

If ``group`` is above 1, consecutive samples form groups of that size and each sample gets the score of its group, as in
the paper's test of batches. The last group may be smaller; the guarantee on false alarms is for whole groups.

The paper draws its groups of held-out images with replacement. Such groups share images, so they are not independent,
and a threshold from them gives more false alarms than it promises: 2.0 % at 1 % with 20 images held out. Here each
held-out image is in one group. The Glow of the compact preset is small: 64 channels and 8 steps a level, where the
``"paper"`` preset has 512 and 32, trained for 1,000 steps.
"""

from __future__ import annotations

from typing import Any, ClassVar

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
from ama.decision import conformal
from ama.detectors.parameters import parameters
from ama.errors import InputError
from ama.io.storable import empty
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter
from ama.utils.progress import phase

ENTROPY_SAMPLES = 5000


class TypicalityModel(LikelihoodModel):
    """A network and the entropy."""

    entropy: Tensor

    def build(self, kind: Likelihood, width: int, depth: int, scales: int, group: int = 1) -> None:
        super().build(kind, width, depth, scales)
        self.group = group
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

    def calibrate(self, raw: Shaped[Tensor, "m c h w"], progress: bool | None = False) -> None:
        """Keep the scores of disjoint groups of held-out samples.

        Raises
        ------
        InputError
            If there are fewer than a whole group.
        """
        whole = len(raw) // self.group * self.group
        if not whole:
            raise InputError(
                f"group is {self.group}, but only {len(raw)} samples are held out for the threshold: raise held_out"
            )
        with phase(progress, whole, "calibration"):
            scores = self.score(raw[:whole])[:: self.group]
        self.calibration = conformal.calibration_scores(scores, self.arithmetic)


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

    @property
    def scored_together(self) -> int:
        """M of the paper, as of the fit."""
        return self.model_.group

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        network = network_options(self.likelihood, self.preset, self.sizes().width)
        return {**network, "group": self.group}

    def _learn(self, model: TypicalityModel, train: Tensor, run: Run, log: Log) -> None:
        check_levels(train.dtype, type(self).__name__)
        self._train(LikelihoodTraining, model, train, run, log, networks=[model.network])
        model.fit_entropy(train)
