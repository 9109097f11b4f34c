r"""ALAD (Zenati et al., "Adversarially Learned Anomaly Detection", ICDM 2018).

A bidirectional GAN: two further discriminators make the encoder and the generator inverse to one another, in the space
of samples and in the latent space.

==========================================================================  ===================================
paper                                                                       here
==========================================================================  ===================================
:math:`V(D_{xz}, E, G)`: (x, E(x)) against (G(z), z)                        ``d_xz``
:math:`V(D_{xx}, E, G)`: (x, x) against (x, G(E(x)))                        ``d_xx``
:math:`V(D_{zz}, E, G)`: (z, z) against (z, E(G(z)))                        ``d_zz``
spectral normalisation of the discriminators and of E                       ``spectral_norm``
:math:`A(x) = \lVert f_{xx}(x, x) - f_{xx}(x, G(E(x))) \rVert_1`            ``scoring="features"``
"Logits", :math:`\log D_{xx}(x, G(E(x)))`                                   ``scoring="logits"``
"L1", "L2": distances of x and G(E(x))                                      ``scoring="l1"``, ``scoring="l2"``
moving average of the weights, decay 0.999                                  ``averaging``
==========================================================================  ===================================

Deviations. D_xx sees the two images of a pair as channels of one; the authors' code
(https://github.com/houssamzenati/Adversarially-Learned-Anomaly-Detection) stacks them in height, and the paper does not
specify it. The convolutions of D_xx are 4 x 4, not 5 x 5. By "Logits", a sample far beyond all that D_xx has seen has
the lowest score (:func:`ama.baselines.gan.of_seen`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ama.baselines import gan
from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, noise, trainable
from ama.baselines.building_blocks import SLOPE, Encoder, down, initialise, up
from ama.detectors.parameters import parameters
from ama.scores.kinds.kind import SampleKind
from ama.training.ema import MovingAverage
from ama.training.run import Run
from ama.utils.declarations import METHOD, TRAINING, parameter

DROPOUT = 0.2
Scoring = Literal["features", "logits", "l1", "l2"]


class JointDiscriminator(nn.Module):
    """D_xz: separate layers for a sample and for a latent vector, then layers for both."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int):
        super().__init__()
        hidden = 4 * width
        self.of_x = down(shape, width, spectral=True)
        self.of_z = nn.Sequential(
            spectral_norm(nn.Linear(latent_dim, hidden)),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(DROPOUT),
            spectral_norm(nn.Linear(hidden, hidden)),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(DROPOUT),
        )
        self.together = nn.Sequential(
            spectral_norm(nn.Linear(self.of_x.n_features + hidden, 2 * hidden)),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(DROPOUT),
            nn.Linear(2 * hidden, 1),
        )

    def forward(self, x: Float[Tensor, "b ..."], z: Float[Tensor, "b d"]) -> Float[Tensor, " b"]:
        return self.together(torch.cat([self.of_x(x), self.of_z(z)], 1)).squeeze(1)


class PairDiscriminator(nn.Module):
    """D_xx and D_zz: two samples, or two latent vectors, concatenated."""

    def __init__(self, shape: tuple[int, ...], width: int):
        super().__init__()
        self.body = down((2 * shape[0], *shape[1:]), width, batch_norm=False, spectral=True, dropout=DROPOUT)
        self.output = nn.Linear(self.body.n_features, 1)

    def features(self, x: Float[Tensor, "b ..."], y: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        """f: the last hidden layer."""
        return self.body(torch.cat([x, y], 1))

    def forward(self, x: Float[Tensor, "b ..."], y: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        return self.output(self.features(x, y)).squeeze(1)


class ALADModel(BaselineModel):
    """E, G and the three discriminators."""

    def build(self, width: int, latent_dim: int, scoring: Scoring) -> None:
        self.latent_dim, self.scoring = latent_dim, scoring
        self.encoder = Encoder(self.shape, latent_dim, width, spectral=True)
        self.generator = up(self.shape, latent_dim, width).apply(initialise)
        self.d_xz = JointDiscriminator(self.shape, latent_dim, width)
        self.d_xx = PairDiscriminator(self.shape, width // 2 or 1)
        self.d_zz = PairDiscriminator((latent_dim,), 64)

    @property
    def decides(self) -> str:
        return self.scoring

    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        reconstruction = self.generator(self.encoder(x))
        same, other = self.d_xx.features(x, x), self.d_xx.features(x, reconstruction)
        error = (x - reconstruction).flatten(1)
        return {
            "features": (same - other).abs().sum(1),
            "logits": -gan.of_seen(self.d_xx.output(other).squeeze(1), x),
            "l1": error.norm(1, dim=1),
            "l2": error.norm(2, dim=1),
        }


class _Training(BaselineTraining):
    model: ALADModel

    def __init__(self, *given: Any, averaging: float):
        super().__init__(*given)
        self.averaged = MovingAverage(self.model, averaging) if averaging else None

    def configure_optimizers(self) -> Any:
        model = self.model
        return [
            gan.adam(trainable(model.d_xz, model.d_xx, model.d_zz), self.rate),
            gan.adam(trainable(model.encoder, model.generator), self.rate),
        ]

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        model = self.model
        z = noise(len(x), model.latent_dim, random, x)
        with self.autocast():
            code = model.encoder(x).to(z.dtype)
            generated = model.generator(z).to(x.dtype)
            reconstruction = model.generator(code).to(x.dtype)
            decoded = model.encoder(generated).to(z.dtype)
        outputs = code, generated, reconstruction, decoded
        real, fake = self._logits(x, z, *(value.detach() for value in outputs))
        critic = sum((gan.real(a) + gan.fake(b) for a, b in zip(real, fake, strict=True)), x.new_zeros(()))
        self.descend(critic, 0)
        real, fake = self._logits(x, z, *outputs)
        builders = sum((gan.fake(a) + gan.real(b) for a, b in zip(real, fake, strict=True)), x.new_zeros(()))
        self.descend(builders, 1)
        if self.averaged is not None:
            self.averaged.update(model, first=int(self.steps_done) == 0)
        return {"critic": critic, "builders": builders}

    def _logits(
        self, x: Tensor, z: Tensor, code: Tensor, generated: Tensor, reconstruction: Tensor, decoded: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Of each discriminator: the logits of the pairs that count as real, and those of the others."""
        model = self.model
        with self.autocast():
            real = [model.d_xz(x, code), model.d_xx(x, x), model.d_zz(z, z)]
            fake = [model.d_xz(generated, z), model.d_xx(x, reconstruction), model.d_zz(z, decoded)]
        return real, fake

    def on_train_end(self) -> None:
        if self.averaged is not None:
            self.model.load_state_dict(self.averaged.networks.state_dict())


@dataclass(frozen=True)
class ALADSizes(Sizes):
    """Those of every baseline, and the decay of the moving average."""

    averaging: float = 0.0


@parameters
class ALAD(TrainedBaseline):
    """ALAD (Zenati et al. 2018): a bidirectional GAN, scored by the features of its pair discriminator."""

    # fmt: off
    scoring: Scoring = parameter((
        "The anomaly score. \"features\": L1 distance in the last hidden layer of D_xx, the paper's choice. "
        "\"logits\": the output of D_xx. \"l1\", \"l2\": distance of the sample and its reconstruction."),
        METHOD, default="features")
    averaging: float | None = parameter((
        "Decay of a moving average of the weights, which then is the model; 0 keeps the last weights."),
        TRAINING, 0, 0.99999, default=None)
    # fmt: on

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": ALADSizes(
            width=32, latent_dim=64, batch_size=32, max_steps=2000, learning_rate=2e-4, averaging=0.99
        ),
        "paper": ALADSizes(
            width=128, latent_dim=100, batch_size=32, max_steps=100_000, learning_rate=2e-4, averaging=0.999
        ),
    }
    _model_class = ALADModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return {**super()._options(kind), "scoring": self.scoring}

    def _learn(self, model: ALADModel, train: Tensor, run: Run, log: Log) -> None:
        self._train(_Training, model, train, run, log, averaging=self.sizes().averaging)
