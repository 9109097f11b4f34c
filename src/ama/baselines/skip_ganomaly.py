r"""Skip-GANomaly (Akcay et al., "Skip-GANomaly: Skip Connected and Adversarially Trained Encoder-Decoder Anomaly
Detection", IJCNN 2019).

A U-Net that reconstructs the image, trained so that image and reconstruction have the same features in a discriminator.

====================================================================================  ================================
paper                                                                                 here
====================================================================================  ================================
adversarial loss, :math:`\log D(x) + \log(1 - D(\hat x))`                             ``gan.real``, ``gan.fake``
contextual loss, :math:`\lVert x - \hat x \rVert_1`                                   ``contextual``
latent loss, :math:`\lVert f(x) - f(\hat x) \rVert_2`                                 ``latent``
weights 1, 40, 1                                                                      ``ADVERSARIAL``, ...
:math:`A(x) = \lambda R(x) + (1 - \lambda) L(x)`, :math:`\lambda` = 0.9               ``weight``
====================================================================================  ================================

R and L of the score are mean squares, as in the authors' code (https://github.com/samet-akcay/skip-ganomaly). That code
scores with BatchNorm in training mode, so that a score depends on the batch that its sample comes in;
``batch_norm="batch"`` does the same. The AMA paper froze the statistics, which is the default here. Deviations: the
score is not scaled to [0, 1] over the test set, which changes no ranking; the number of halvings depends on the size of
the image.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from ama.baselines import gan
from ama.baselines.baseline import Log, Sizes, TrainedBaseline
from ama.baselines.baseline_model import BaselineModel
from ama.baselines.building_blocks import SLOPE, Discriminator, initialise
from ama.detectors.parameters import parameters
from ama.networks.image_networks import edge_padding, n_halvings
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter

ADVERSARIAL, CONTEXTUAL, LATENT = 1.0, 40.0, 1.0


class UNet(nn.Module):
    """An encoder and a decoder with skip connections at every size (Ronneberger et al. 2015).

    Parameters
    ----------
    shape
        (channels, height, width) of an image.
    latent_dim
        Channels of the innermost map.
    width
        Channels of the outermost map; doubled at each halving, up to eight times.
    """

    def __init__(self, shape: tuple[int, ...], latent_dim: int, width: int):
        super().__init__()
        self.shape = shape
        channels, height, width_px = shape
        halvings = n_halvings(height, width_px)
        self.padding = edge_padding(height, width_px)
        widths = [width * 2 ** min(i, 3) for i in range(halvings)]
        widths[-1] = latent_dim
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        for c_in, c_out in zip([channels, *widths], widths, strict=False):
            layers: list[nn.Module] = [] if c_in == channels else [nn.LeakyReLU(SLOPE)]
            layers.append(nn.Conv2d(c_in, c_out, 4, stride=2, padding=1, bias=False))
            # Neither the outermost nor the innermost map is normalised, as in pix2pix.
            layers += [nn.BatchNorm2d(c_out)] if len(self.downs) not in (0, halvings - 1) else []
            self.downs.append(nn.Sequential(*layers))
        for i in reversed(range(halvings)):
            c_in = widths[i] if i == halvings - 1 else 2 * widths[i]
            c_out = widths[i - 1] if i else channels
            up = nn.ConvTranspose2d(c_in, c_out, 4, stride=2, padding=1, bias=i == 0)
            self.ups.append(nn.Sequential(nn.ReLU(), up, nn.BatchNorm2d(c_out) if i else nn.Tanh()))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        h = F.pad(x, self.padding, mode="replicate") if any(self.padding) else x
        maps = []
        for down in self.downs:
            h = down(h)
            maps.append(h)
        h = self.ups[0](maps.pop())
        for up in self.ups[1:]:
            h = up(torch.cat([h, maps.pop()], 1))
        return h[:, :, : self.shape[1], : self.shape[2]]


class SkipGANomalyModel(BaselineModel):
    """The U-Net and D."""

    def build(self, width: int, latent_dim: int, weight: float, batch_norm: str) -> None:
        self.weight, self.batch_norm = weight, batch_norm
        self.generator = UNet(self.shape, latent_dim, width).apply(initialise)
        self.discriminator = Discriminator(self.shape, width).apply(initialise)

    @torch.no_grad()
    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        if self.batch_norm == "batch":
            for layer in self.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    # Use the statistics of the batch, and leave the running ones as they are.
                    layer.train()
                    layer.track_running_stats = False
        reconstruction = self.generator(x)
        features = self.discriminator.features(x) - self.discriminator.features(reconstruction)
        residual = (x - reconstruction).flatten(1).square().mean(1)
        latent = features.square().mean(1)
        return {
            "score": self.weight * residual + (1 - self.weight) * latent,
            "residual": residual,
            "latent": latent,
        }


class _Training(gan.GANTraining):
    model: SkipGANomalyModel

    def step(self, x: Float[Tensor, "b ..."], random: Generator) -> dict[str, Float[Tensor, ""]]:
        generator, d = self.model.generator, self.model.discriminator
        with self.autocast():
            reconstruction = generator(x).to(x.dtype)
            features = [d.features(image).float() for image in (x, reconstruction.detach())]
            logits = [d.output(f).squeeze(1) for f in features]
        # As in the authors' code, D too minimises the latent loss.
        critic = self.discriminator_loss(*logits) + LATENT * (features[0] - features[1]).square().mean()
        self.descend(critic, 0)
        with self.autocast():
            with torch.no_grad():
                target = d.features(x).float()
            found = d.features(reconstruction).float()
            logit = d.output(found).squeeze(1)
        contextual = (x - reconstruction).abs().mean()
        latent = (target - found).square().mean()
        loss = ADVERSARIAL * gan.real(logit) + CONTEXTUAL * contextual + LATENT * latent
        self.descend(loss, 1)
        return {"critic": critic, "generator": loss}


@parameters
class SkipGANomaly(TrainedBaseline):
    """Skip-GANomaly (Akcay et al. 2019): the error of a U-Net's reconstruction in pixels and in a critic's features."""

    # fmt: off
    weight: float = parameter("lambda: share of the error in pixels in the score.", METHOD, 0, 1, default=0.9)
    batch_norm: Literal["frozen", "batch"] = parameter((
        "Statistics of BatchNorm when scoring. \"frozen\": those of the training. \"batch\": those of the batch of a "
        "sample, as in the published results."), METHOD, default="frozen")
    # fmt: on

    images_only = True
    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=32, latent_dim=64, batch_size=64, max_steps=1500, learning_rate=2e-4),
        "paper": Sizes(width=64, latent_dim=100, batch_size=64, max_steps=12_000, learning_rate=2e-3),
    }
    _model_class = SkipGANomalyModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return {**super()._options(kind), "weight": self.weight, "batch_norm": self.batch_norm}

    def _learn(self, model: SkipGANomalyModel, train: Tensor, run: Run, log: Log) -> None:
        self._train(_Training, model, train, run, log)
