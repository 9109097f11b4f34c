r"""Likelihood ratio (Ren et al., "Likelihood Ratios for Out-of-Distribution Detection", NeurIPS 2019).

The likelihood of an image, divided by its likelihood under a model of the background, which is trained on images with a
share of their pixels replaced, so that it learns the background alone.

===================================================================================  ===================================
paper                                                                                here
===================================================================================  ===================================
:math:`LLR(x) = \log p_\theta(x) - \log p_{\theta_0}(x)`                             the score
:math:`\theta`, PixelCNN++ of the images                                             ``network``
:math:`\theta_0`, the same of perturbed images                                       ``background``
:math:`\tilde x`: each pixel, with probability :math:`\mu`, drawn from 0 to 255      :func:`perturbed`, ``mutation``
:math:`\lambda`, L2 regularisation of :math:`\theta_0`                               ``weight_decay``
===================================================================================  ===================================

Deviation: :math:`\mu` and :math:`\lambda` are parameters; the paper chooses them by the AUROC on further data. Their
defaults were chosen on 400 test images each of Fashion-MNIST and MNIST. Without the regularisation, a background model
of a short training also learns the content. What remains of the ratio then is the probability that a pixel is replaced,
to which every empty pixel contributes, and MNIST has more of those. Both PixelCNN++ of the compact preset are small: 24
channels and one block a scale, where PixelCNN++ has 160 and five, trained for 800 steps.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.likelihood import (
    Likelihood,
    LikelihoodModel,
    LikelihoodTraining,
    check_levels,
    likelihood_network,
    network_options,
)
from ama.detectors.parameters import parameters
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, TRAINING, parameter

LEVELS = 256


class LikelihoodRatioModel(LikelihoodModel):
    """Both networks."""

    def build(self, kind: Likelihood, width: int, depth: int, scales: int) -> None:
        super().build(kind, width, depth, scales)
        self.background = likelihood_network(kind, self.shape, width, depth, scales)

    @torch.no_grad()
    def anomalies(self, x: Float[Tensor, "b c h w"]) -> dict[str, Float[Tensor, " b"]]:
        log_p = self.log_likelihood(x)
        return {"score": self.background.log_likelihood(x) - log_p, "likelihood": -log_p}  # type: ignore[operator]


class _Training(LikelihoodTraining):
    def __init__(self, *given: Any, mutation: float, **named: Any):
        super().__init__(*given, **named)
        self.mutation = mutation

    def version(self, x: Tensor, number: int, random: Generator) -> Tensor:
        return perturbed(x, self.mutation, random) if number else x


def perturbed(x: Float[Tensor, "b c h w"], share: float, random: Generator) -> Float[Tensor, "b c h w"]:
    """Images in [-1, 1] with a share of their pixels replaced by levels drawn at random."""
    b, c, height, width = x.shape
    replaced = torch.rand(b, 1, height, width, generator=random) < share
    drawn = torch.randint(LEVELS, (b, c, height, width), generator=random) * (2 / (LEVELS - 1)) - 1
    return torch.where(replaced.to(x.device), drawn.to(x), x)


@parameters
class LikelihoodRatio(TrainedBaseline):
    """Likelihood ratio (Ren et al. 2019): PixelCNN++ against a model of the background."""

    # fmt: off
    mutation: float = parameter((
        "mu: share of the pixels that are replaced in the training of the background model."),
        METHOD, 0, 1, exclusive=True, default=0.3)
    weight_decay: float = parameter("Weight decay of the background model.", TRAINING, 0, 1, default=0.01)
    # fmt: on

    images_only = True
    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=24, batch_size=16, max_steps=800, learning_rate=2e-3),
        "paper": Sizes(width=32, batch_size=32, max_steps=50_000, learning_rate=1e-4),
    }
    _model_class = LikelihoodRatioModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return network_options("pixelcnn++", self.preset, self.sizes().width)

    def _learn(self, model: LikelihoodRatioModel, train: Tensor, run: Run, log: Log) -> None:
        check_levels(train.dtype, type(self).__name__)
        self._train(
            _Training,
            model,
            train,
            run,
            log,
            networks=[model.network, model.background],
            weight_decay=[0.0, self.weight_decay],
            mutation=self.mutation,
        )
