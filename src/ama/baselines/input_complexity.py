r"""Input complexity (Serra et al., "Input Complexity and Out-of-Distribution Detection with Likelihood-Based Generative
Models", ICLR 2020).

Simple images are likely under any model of images. The length of a lossless code measures how simple an image is.

=========================================================================  =============================================
paper                                                                      here
=========================================================================  =============================================
:math:`S(x) = -\log_2 p(x) - L(x)`, in bits                                the anomaly score
:math:`L(x)`: length of the shortest code of several compressors           :func:`code_length`
PNG, JPEG 2000, FLIF                                                       ``COMPRESSORS`` and ``coder``
=========================================================================  =============================================

Deviations. FLIF is a program of its own that few machines have, so the third compressor is lossless WebP unless
``coder="flif"`` is asked for. A model keeps its coder: its scores do not depend on what is installed. The PixelCNN++ of
the compact preset is small: 24 channels and one block a scale, where PixelCNN++ has 160 and five, and it is trained for
800 steps.
"""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
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
from ama.errors import InputError
from ama.scores.kinds.kind import SampleKind
from ama.training.run import Run
from ama.utils.declarations import METHOD, parameter

Coder = Literal["webp", "flif"]

# Pillow's name of a lossless format -> its options.
COMPRESSORS: dict[str, dict[str, Any]] = {
    "PNG": {"optimize": True},
    "JPEG2000": {"irreversible": False, "no_jp2": True},
}
# The highest effort takes thirty times as long for codes of the same length.
WEBP: dict[str, Any] = {"lossless": True}


class InputComplexityModel(LikelihoodModel):
    """A network; the compressors need no training."""

    def build(self, kind: Likelihood, width: int, depth: int, scales: int, coder: Coder = "webp") -> None:
        if coder == "flif" and shutil.which("flif") is None:
            raise InputError('coder is "flif", but there is no program flif; install it, or fit with "webp"')
        super().build(kind, width, depth, scales)
        self.coder = coder

    def anomalies(self, x: Float[Tensor, "b c h w"]) -> dict[str, Float[Tensor, " b"]]:
        log_p = self.log_likelihood(x).double()
        images = self.restore(x).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
        lengths = log_p.new_tensor([code_length(image, self.coder) for image in images])
        return {"score": -log_p / math.log(2) - lengths, "likelihood": -log_p, "complexity": lengths}


def code_length(image: UInt8[np.ndarray, "c h w"], coder: Coder = "webp") -> int:
    """Bits of the shortest of three lossless codes of an image: PNG, JPEG 2000, and WebP or FLIF."""
    picture = Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
    lengths = [_length(picture, name, options) for name, options in COMPRESSORS.items()]
    lengths.append(_flif_length(picture) if coder == "flif" else _length(picture, "WEBP", WEBP))
    return 8 * min(lengths)


def _length(picture: Image.Image, name: str, options: dict[str, Any]) -> int:
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    return buffer.tell()


def _flif_length(picture: Image.Image) -> int:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "image.png", Path(folder) / "image.flif"
        picture.save(source)
        subprocess.run(["flif", "-e", source, target], check=True, capture_output=True)
        return target.stat().st_size


@parameters
class InputComplexity(TrainedBaseline):
    """Input complexity (Serra et al. 2020): bits under a likelihood model minus those of a lossless code."""

    # fmt: off
    likelihood: Likelihood = parameter("The likelihood model.", METHOD, default="pixelcnn++")
    coder: Coder = parameter((
        "Compressor besides PNG and JPEG 2000: lossless \"webp\", or the paper's \"flif\", a program to install."),
        METHOD, default="webp")
    # fmt: on

    images_only = True
    presets: ClassVar[dict[str, Sizes]] = {
        "compact": Sizes(width=24, batch_size=16, max_steps=800, learning_rate=2e-3),
        "paper": Sizes(width=160, batch_size=32, max_steps=100_000, learning_rate=1e-4),
    }
    _model_class = InputComplexityModel

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        network = network_options(self.likelihood, self.preset, self.sizes().width)
        return {**network, "coder": self.coder}

    def _learn(self, model: InputComplexityModel, train: Tensor, run: Run, log: Log) -> None:
        check_levels(train.dtype, type(self).__name__)
        self._train(LikelihoodTraining, model, train, run, log, networks=[model.network])
