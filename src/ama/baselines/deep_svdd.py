r"""Deep SVDD (Ruff et al., "Deep One-Class Classification", ICML 2018).

An encoder, pretrained as half of an autoencoder, learns to map the normal samples into a small ball.

=====================================================================================  =====================
paper                                                                                  here
=====================================================================================  =====================
:math:`\phi(x; W)`, without biases and without bounded activations                     ``Encoder``
c: the mean of the initial outputs, kept away from 0                                   ``centre``
one-class, Eq. 4: :math:`\frac{1}{n} \sum \lVert \phi(x) - c \rVert^2`                 ``"one_class"``
soft boundary, Eq. 3:
:math:`R^2 + \frac{1}{\nu n} \sum \max(0, \lVert \phi(x) - c \rVert^2 - R^2)`          ``"soft_boundary"``
R: the (1 - nu)-quantile of a batch's distances, by line search                        ``radius``
:math:`s(x) = \lVert \phi(x) - c \rVert^2` (minus :math:`R^2`)                         the anomaly score
global contrast normalisation (L1), then scaling to [0, 1]                             ``contrast``
weight decay 5e-7, AMSGrad                                                             ``_optimizer``
=====================================================================================  =====================

The AMA paper ran it with ``contrast=False``. Deviations: the sizes of the compact preset; the learning rate falls to a
tenth for the last quarter of each training, not at fixed epochs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.optim.lr_scheduler import MultiStepLR

from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.baseline_training import BaselineTraining, trainable
from ama.detectors.parameters import parameters
from ama.networks.image_networks import n_halvings
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, TRAINING, parameter

CENTRE_FLOOR = 0.1
LEAST_CONTRAST = 1e-6  # an image with a single pixel of a thousand one level off has more
CENTRE_SAMPLES = 20_000
WEIGHT_DECAY = 5e-7
MILESTONE = 0.75  # share of the training after which the learning rate is divided by ten
SLOPE = 0.01
WARM_UP = 0.1  # share of the training before the first line search

Objective = Literal["one_class", "soft_boundary"]

Hidden = tuple[list[nn.Module], tuple[int, ...]]  # layers, and the shape of their output


class Encoder(nn.Module):
    """phi: the LeNet of the paper for images (5 x 5 convolutions, BatchNorm, leaky ReLU, pooling), two layers for rows.

    It has no biases, which could learn the centre by themselves.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    latent_dim
        Dimension of the output.
    width
        Channels after the first convolution, doubled at each of the next, up to eight times; or units of the hidden
        layer.

    Attributes
    ----------
    inner
        Shape of the last hidden layer.
    """

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int):
        super().__init__()
        hidden = {"images": _image_encoder, "rows": _row_encoder}[kind_of(shape).name]
        layers, self.inner = hidden(shape, width)
        n = torch.Size(self.inner).numel()
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(n, latent_dim, bias=False))

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b d"]:
        return self.layers(x)


class Decoder(nn.Module):
    """The encoder mirrored, for the pretraining: up-sampling instead of pooling."""

    def __init__(self, shape: tuple[int, ...], latent_dim: int, encoder: Encoder):
        super().__init__()
        self.inner = encoder.inner
        hidden = {"images": _image_decoder, "rows": _row_decoder}[kind_of(shape).name]
        self.layers = nn.Sequential(*hidden(shape, encoder))
        self.from_latent = nn.Linear(latent_dim, torch.Size(self.inner).numel(), bias=False)

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b ..."]:
        return self.layers(self.from_latent(z).unflatten(1, self.inner))


def _image_encoder(shape: tuple[int, ...], width: int) -> Hidden:
    layers: list[nn.Module] = []
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
    return layers, (c_in, height, width_px)


def _row_encoder(shape: tuple[int, ...], width: int) -> Hidden:
    first = nn.Linear(shape[0], width, bias=False)
    return [first, nn.BatchNorm1d(width, affine=False), nn.LeakyReLU(SLOPE)], (width,)


def _image_decoder(shape: tuple[int, ...], encoder: Encoder) -> list[nn.Module]:
    layers: list[nn.Module] = []
    widths = [shape[0], *(layer.out_channels for layer in encoder.layers if isinstance(layer, nn.Conv2d))]
    for c_in, c_out in pairwise(reversed(widths)):
        layers += [
            nn.BatchNorm2d(c_in, eps=1e-4, affine=False),
            nn.LeakyReLU(SLOPE),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(c_in, c_out, 5, padding=2, bias=False),
        ]
    return [*layers, nn.Upsample(shape[1:])]  # pooling rounded odd sides down


def _row_decoder(shape: tuple[int, ...], encoder: Encoder) -> list[nn.Module]:
    (n,) = encoder.inner
    last = nn.Linear(n, shape[0], bias=False)
    return [nn.BatchNorm1d(n, affine=False), nn.LeakyReLU(SLOPE), last]


class DeepSVDDModel(BaselineModel):
    """phi, the centre and the radius, and the range of contrast-normalised samples."""

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
        """Set the range of normal samples after contrast normalisation."""
        if self.contrast:
            parts = [contrast_normalised(x) for x in self.chunks(raw)]
            self.low.fill_(min(float(part.min()) for part in parts))
            self.high.fill_(max(float(part.max()) for part in parts))

    def prepared(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """Normalised samples as phi sees them."""
        return (contrast_normalised(x) - self.low) / (self.high - self.low) if self.contrast else x

    @torch.no_grad()
    def fit_centre(self, raw: Tensor) -> None:
        """Set c to the mean output for normal samples; no coordinate is near 0, which zero weights would match."""
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
        return [adam], [MultiStepLR(adam, [max(1, round(MILESTONE * self.total_steps))])]

    def _step(self, loss: Float[Tensor, ""]) -> None:
        self.descend(loss)
        schedule: Any = self.lr_schedulers()
        schedule.step()


class _Pretraining(_Training):
    """The pretraining, as an autoencoder."""

    def __init__(self, *given: Any, decoder: Decoder):
        super().__init__(*given)
        self.decoder = decoder

    def configure_optimizers(self) -> Any:
        return self._optimizer(self.model.encoder, self.decoder)

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        x = self.model.prepared(x)
        with self.autocast():
            reconstruction = self.decoder(self.model.encoder(x)).to(x.dtype)
        loss = (reconstruction - x).flatten(1).square().sum(1).mean()
        self._step(loss)
        return {"reconstruction": loss}


class _OneClass(_Training):
    """The training itself, which draws the normal samples to the centre."""

    def __init__(self, *given: Any, objective: Objective, nu: float):
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
    """Deep SVDD (Ruff et al. 2018): the distance of an encoder's output from the centre of the normal samples."""

    # fmt: off
    objective: Objective = parameter((
        "Eq. 4 (\"one_class\") or Eq. 3 (\"soft_boundary\")."), METHOD, default="one_class")
    nu: float = parameter((
        "Share of the normal samples that the soft boundary may leave outside."),
        METHOD, 0, 1, exclusive=True, default=0.1)
    contrast: bool = parameter((
        "Global contrast normalisation of images; the AMA paper ran the method without it."), METHOD, default=True)
    pretraining_steps: int | None = parameter((
        "Steps of the pretraining; 0 is no pretraining, None is as many as max_steps."), TRAINING, 0, default=None)
    # fmt: on

    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=16, latent_dim=64, batch_size=100, max_steps=2000, learning_rate=1e-3),
        "paper": Sizes(width=32, latent_dim=128, batch_size=200, max_steps=4500, learning_rate=1e-4),
    }
    _model_class = DeepSVDDModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        # The columns of a row have different units, so a row has no contrast.
        return {**super()._options(kind), "contrast": self.contrast and kind.pictured}

    def _learn(self, model: DeepSVDDModel, train: Tensor, run: Run, log: Log) -> None:
        model.fit_contrast(train)
        sizes = self.sizes()
        steps = sizes.max_steps if self.pretraining_steps is None else int(self.pretraining_steps)
        if steps:
            decoder = Decoder(model.shape, sizes.latent_dim, model.encoder).to(run.device)
            self._train(_Pretraining, model, train, run.within("pretraining"), log, steps, decoder=decoder)
        model.fit_centre(train)
        self._train(_OneClass, model, train, run, log, objective=self.objective, nu=self.nu)
