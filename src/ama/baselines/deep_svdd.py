r"""Deep SVDD (Ruff et al., "Deep One-Class Classification", ICML 2018).

An encoder, first trained as half of an autoencoder, that maps the normal samples into a small ball.

=====================================================================================  =====================
paper                                                                                  here
=====================================================================================  =====================
:math:`\phi(x; W)`, without biases, with bounded activations excluded                  ``Encoder``
c: the mean of the initial outputs, kept from 0                                        ``centre``
one-class, Eq. 4: :math:`\frac{1}{n} \sum \lVert \phi(x) - c \rVert^2`                 ``"one_class"``
soft boundary, Eq. 3:
:math:`R^2 + \frac{1}{\nu n} \sum \max(0, \lVert \phi(x) - c \rVert^2 - R^2)`          ``"soft_boundary"``
R: the (1 - nu)-quantile of a batch's distances, a line search                             ``radius``
:math:`s(x) = \lVert \phi(x) - c \rVert^2` (minus :math:`R^2`)                         the anomaly score
global contrast normalisation (L1), then scaling to [0, 1]                             ``contrast``
weight decay 5e-7, AMSGrad                                                             ``_optimizer``
=====================================================================================  =====================

``contrast=False`` is how the AMA paper ran it. Deviations: the sizes of the compact preset; the rate falls to a tenth
for the last quarter of each training instead of at fixed epochs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import MultiStepLR

from ama.baselines.baseline import Log, Sizes, TrainedBaseline, check_between, check_choice, check_count
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, trainable
from ama.baselines.parameters import parameters
from ama.networks.image_networks import n_halvings
from ama.training.run import Run

CENTRE_FLOOR = 0.1
LEAST_CONTRAST = 1e-6  # a pixel in a thousand that is one level off has more
CENTRE_SAMPLES = 20_000
WEIGHT_DECAY = 5e-7
LAST_PART = 0.75  # of the training, after which the rate is a tenth
SLOPE = 0.01
WARM_UP = 0.1  # share of the training before the first line search


class Encoder(nn.Module):
    """phi: the LeNet of the paper for images (5 x 5 convolutions, BatchNorm, leaky ReLU, pooling), two layers for rows.

    Nothing in it has a bias, which could learn the centre by itself.
    """

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int):
        super().__init__()
        layers: list[nn.Module] = []
        if len(shape) == 1:
            layers += [nn.Linear(shape[0], width, bias=False), nn.BatchNorm1d(width, affine=False)]
            layers += [nn.LeakyReLU(SLOPE)]
            self.inner: tuple[int, ...] = (width,)
        else:
            c_in, height, width_px = shape
            for i in range(n_halvings(height, width_px)):
                c_out = width * 2 ** min(i, 3)
                layers += [
                    nn.Conv2d(c_in, c_out, 5, padding=2, bias=False),
                    nn.BatchNorm2d(c_out, eps=1e-4, affine=False),
                    nn.LeakyReLU(SLOPE),
                    nn.MaxPool2d(2),
                ]
                c_in, height, width_px = c_out, height // 2, width_px // 2
            self.inner = (c_in, height, width_px)
        n = torch.Size(self.inner).numel()
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(n, latent_dim, bias=False))

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b d"]:
        return self.layers(x)


class Decoder(nn.Module):
    """The encoder mirrored, for the pretraining: up-sampling in the place of pooling."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, encoder: Encoder):
        super().__init__()
        self.shape, self.inner = shape, encoder.inner
        n = torch.Size(self.inner).numel()
        layers: list[nn.Module] = []
        if len(shape) == 1:
            layers = [
                nn.BatchNorm1d(n, affine=False),
                nn.LeakyReLU(SLOPE),
                nn.Linear(n, shape[0], bias=False),
            ]
        widths = [shape[0], *(layer.out_channels for layer in encoder.layers if isinstance(layer, nn.Conv2d))]
        for c_in, c_out in pairwise(reversed(widths)):
            layers += [
                nn.BatchNorm2d(c_in, eps=1e-4, affine=False),
                nn.LeakyReLU(SLOPE),
                nn.Upsample(scale_factor=2),
                nn.Conv2d(c_in, c_out, 5, padding=2, bias=False),
            ]
        self.from_latent = nn.Linear(latent_dim, n, bias=False)
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b ..."]:
        h = self.layers(self.from_latent(z).unflatten(1, self.inner))
        # An odd side was halved downwards.
        return h if len(self.shape) == 1 else F.interpolate(h, self.shape[1:])


class DeepSVDDModel(BaselineModel):
    """phi, its decoder during the pretraining, the centre and the radius."""

    centre: Tensor
    radius: Tensor
    low: Tensor
    high: Tensor

    def build(self, width: int, latent_dim: int, contrast: bool) -> None:
        self.contrast = contrast
        self.encoder = Encoder(self.shape, latent_dim, width)
        self.register_buffer("centre", torch.zeros(latent_dim))
        self.register_buffer("radius", torch.zeros(()))
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.ones(()))

    @torch.no_grad()
    def fit_contrast(self, raw: Tensor) -> None:
        """Learn the range of the normal samples after their contrast is normalised."""
        if self.contrast:
            parts = [contrast_normalised(x) for x in self.chunks(raw)]
            self.low.fill_(min(float(part.min()) for part in parts))
            self.high.fill_(max(float(part.max()) for part in parts))

    def prepared(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """What phi sees of normalised samples."""
        return (contrast_normalised(x) - self.low) / (self.high - self.low) if self.contrast else x

    @torch.no_grad()
    def fit_centre(self, raw: Tensor) -> None:
        """c: the mean output for the normal samples; a coordinate near 0 could be met by dead units."""
        self.eval()
        outputs = torch.cat([self.encoder(self.prepared(x)) for x in self.chunks(raw[:CENTRE_SAMPLES])])
        c = outputs.mean(0)
        self.centre = torch.where(c.abs() < CENTRE_FLOOR, torch.where(c < 0, -CENTRE_FLOOR, CENTRE_FLOOR), c)

    def distance(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """Squared distance from the centre."""
        return (self.encoder(self.prepared(x)).float() - self.centre).square().sum(1)

    @torch.no_grad()
    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        return {"score": self.distance(x) - self.radius.square()}


def contrast_normalised(x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
    """Global contrast normalisation: each sample with mean 0 and mean absolute value 1."""
    flat = x.flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    return (flat / flat.abs().mean(1, keepdim=True).clamp(min=LEAST_CONTRAST)).view_as(x)


class _Training(BaselineTraining):
    model: DeepSVDDModel

    def _optimizer(self, *networks: nn.Module) -> Any:
        adam = torch.optim.Adam(trainable(*networks), self.rate, weight_decay=WEIGHT_DECAY, amsgrad=True)
        return [adam], [MultiStepLR(adam, [max(1, round(LAST_PART * self.total_steps))])]

    def _step(self, loss: Float[Tensor, ""]) -> None:
        self.descend(loss)
        schedule: Any = self.lr_schedulers()
        schedule.step()


class _Pretraining(_Training):
    """As an autoencoder."""

    def __init__(self, *given: Any, decoder: Decoder):
        super().__init__(*given)
        self.decoder = decoder

    def configure_optimizers(self) -> Any:
        return self._optimizer(self.model.encoder, self.decoder)

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        x = self.model.prepared(x)
        with self.autocast():
            rebuilt = self.decoder(self.model.encoder(x)).to(x.dtype)
        loss = (rebuilt - x).flatten(1).square().sum(1).mean()
        self._step(loss)
        return {"reconstruction": loss}


class _OneClass(_Training):
    """Into the ball."""

    def __init__(self, *given: Any, objective: str, nu: float):
        super().__init__(*given)
        self.objective, self.nu = objective, nu

    def configure_optimizers(self) -> Any:
        return self._optimizer(self.model.encoder)

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        with self.autocast():
            distance = self.model.distance(x)
        if self.objective == "one_class":
            loss = distance.mean()
        else:
            squared = self.model.radius.square()
            loss = squared + (distance - squared).clamp(min=0).mean() / self.nu
            if int(self.steps_done) >= WARM_UP * self.total_steps:
                self.model.radius.copy_(distance.detach().sqrt().quantile(1 - self.nu))
        self._step(loss)
        return {"distance": distance.mean()}


@parameters
class DeepSVDD(TrainedBaseline):
    """Deep SVDD (Ruff et al. 2018): the distance from the centre of the normal samples in the outputs of an encoder.

    The parameters of :class:`ama.baselines.baseline.TrainedBaseline`, and these.

    Parameters
    ----------
    objective
        "one_class" or "soft_boundary".
    nu
        Share of the normal samples, between 0 and 1, that the soft boundary may leave outside.
    pretraining_steps
        Steps as an autoencoder; 0 leaves it out. By default as many as of the second training.
    contrast
        Global contrast normalisation of images, which the AMA paper leaves out.
    """

    objective: Literal["one_class", "soft_boundary"] = "one_class"
    nu: float = 0.1
    pretraining_steps: int | None = None
    contrast: bool = True

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=16, latent_dim=64, batch_size=100, max_steps=2000, learning_rate=1e-3),
        "paper": Sizes(width=32, latent_dim=128, batch_size=200, max_steps=4500, learning_rate=1e-4),
    }
    _model_class = DeepSVDDModel

    def _check(self) -> None:
        super()._check()
        check_choice("objective", self.objective, "one_class", "soft_boundary")
        check_between("nu", self.nu, 0, 1)
        if self.pretraining_steps is not None:
            check_count("pretraining_steps", self.pretraining_steps, 0)

    def _options(self, shape: tuple[int, ...]) -> dict[str, Any]:
        sizes = self._sizes()
        # Columns of a row have no common contrast.
        return {
            "width": sizes.width,
            "latent_dim": sizes.latent_dim,
            "contrast": self.contrast and len(shape) == 3,
        }

    def _learn(self, model: DeepSVDDModel, train: Tensor, run: Run, log: Log) -> None:
        model.fit_contrast(train)
        sizes = self._sizes()
        steps = sizes.max_steps if self.pretraining_steps is None else self.pretraining_steps
        if steps:
            decoder = Decoder(model.shape, sizes.latent_dim, model.encoder).to(run.device)
            self._train(_Pretraining, model, train, run.within("pretraining"), log, steps, decoder=decoder)
        model.fit_centre(train)
        self._train(_OneClass, model, train, run, log, objective=self.objective, nu=self.nu)
