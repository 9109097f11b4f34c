r"""How far an exported file differs from the model, and the calibration that makes up for it.

With :math:`|s'(x) - s(x)| \le b (1 + |s(x)|)`, b < 1, for the scores s' of the file and s of the model, and
:math:`c_i' = c_i - b (1 + |c_i|)`: as :math:`s - b (1 + |s|)` grows with s, :math:`c_i \le s` implies
:math:`c_i' \le s - b (1 + |s|) \le s'`. So no p-value of the file is smaller than the model's.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Num, Shaped
from torch import Tensor

from ama.decision.conformal import ROUNDING
from ama.errors import InputError
from ama.scores.model import Model
from ama.utils.progress import advance, phase
from ama.utils.random_generators import generator_for

COMPARED = 512  # samples that the networks make, where none are given
BATCH, VALUES = 256, 2**20  # samples, and numbers of samples, that are compared at a time
MARGIN = 2.0  # the bound is so many times the largest difference that was found


class Differences(NamedTuple):
    """The largest differences between a file and its model."""

    score: float  # relative to 1 + the magnitude of the model's score
    map: float | None  # of the values of maps, if the file makes any


def bound_of(difference: float, arithmetic: torch.dtype) -> float:
    """What the scores of a file are taken to differ by at most, relative to 1 + the magnitude of the model's.

    It is at least the bound on how far a score differs with its batch, :data:`ama.decision.conformal.ROUNDING`.

    Raises
    ------
    InputError
        If the file would flag nothing.
    """
    bound = max(MARGIN * difference, ROUNDING[arithmetic])
    if not bound < 1:
        raise InputError(
            f"the detector cannot be exported: the scores of the file differ from the model's by {difference:.2g} of "
            "1 + their size"
        )
    return bound


def lowered(calibration: Float[Tensor, " m"], bound: float) -> Float[Tensor, " m"]:
    """Calibration scores of the model as those of a file within that bound; see above."""
    return calibration - bound * (1 + calibration.abs())


def made_samples(model: Model, n: int) -> Shaped[Tensor, "n ..."]:
    """Raw samples to compare on where there are none: half of them made by G, and half noise.

    Where the networks see features, all of them are noise, on every scale of an image.
    """
    random = generator_for(0, 5)
    if model.backbone is not None:
        return _photos_of_noise(model, n)
    networks = model.networks
    like = next(networks.generator.parameters())
    made = []
    for k in (min(BATCH, n // 2 - start) for start in range(0, n // 2, BATCH)):
        codes = torch.randn(k * _parts(model), model.settings.latent_dim, generator=random).to(like)
        with torch.no_grad():
            networks.eval()
            made.append(model.kind.joined(networks.restore(networks.generator(codes))))
    noise = torch.randn(n - n // 2, *model.shape, generator=random).to(like)
    limited = noise.clamp(-1, 1) if model.kind.pictured else noise
    return _raw(torch.cat([*made, networks.restore(limited)]), model)


def _parts(model: Model) -> int:
    return 1 if model.kind.tiles is None else len(model.kind.tiles)


def _photos_of_noise(model: Model, n: int) -> Shaped[Tensor, "n c h w"]:
    random, top = generator_for(0, 5), 255 if model.dtype == torch.uint8 else 1
    images = []
    for k in range(n):
        side = 2 ** (1 + k % 6)
        coarse = torch.rand(1, model.shape[0], side, side, generator=random)
        images.append(torch.nn.functional.interpolate(coarse, model.shape[1:], mode="bilinear"))
    return _raw(torch.cat(images) * top, model)


def _raw(values: Float[Tensor, "n ..."], model: Model) -> Shaped[Tensor, "n ..."]:
    if model.dtype == torch.uint8:
        values = values.round().clamp(0, 255)
    return values.to(model.dtype)


def differences(
    session: Any,
    model: Model,
    samples: Shaped[Tensor, "n ..."],
    with_map: bool,
    progress: bool | None = False,
) -> Differences:
    """The largest differences on some raw samples.

    Parameters
    ----------
    session
        An ``onnxruntime.InferenceSession`` of the file.
    model
        On the CPU.
    samples
        One or more.
    with_map
        Whether the file makes maps.
    progress
        As in :func:`ama.utils.progress.progress_bar`.
    """
    names, largest = ["score", *(["map"] if with_map else ())], [0.0, 0.0]
    with phase(progress, len(samples), "comparison"):
        for part in samples.split(max(1, min(BATCH, VALUES // math.prod(model.shape)))):
            with model.seen_once():
                expected = [model.score(part).numpy()]
                if with_map:
                    expected.append(model.anomaly_map(part).double().numpy())
            found = session.run(names, {"x": part.numpy()})
            gaps = [np.abs(a - b) for a, b in zip(found, expected, strict=True)]
            gaps[0] = gaps[0] / (1 + np.abs(expected[0]))
            largest = [max(one, _largest(gap)) for one, gap in zip(largest, gaps, strict=False)]
            advance(len(part))
    return Differences(largest[0], largest[1] if with_map else None)


def _largest(gaps: Num[np.ndarray, " ..."]) -> float:
    return float(gaps.max()) if np.isfinite(gaps).all() else math.inf
