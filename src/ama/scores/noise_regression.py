r"""A small network that learns how much noise was added to a row.

Of a learned row x and noise :math:`\epsilon \sim N(0, I)` it sees :math:`x + \sigma \epsilon` and learns the mean of
:math:`\log \sigma`, by least squares. What it finds for a row without any noise says how far the row lies from those
that were learned: the diffusion time of Livernoche et al. (2024), whose noise also shrinks the row. Shrunk, a row far
outside looks like none that the network has seen, and it may say anything.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from ama.scores.densities import some
from ama.scores.neighbour_search import nearest
from ama.utils.progress import advance, inner_phase
from ama.utils.random_generators import generator_for

N_LAYERS = 4
WIDTH = 256
BATCH = 128
LEARNING_RATE = 1e-3
LARGEST = 3.0  # noise, in standard deviations of a column
NEARER = 0.25  # the smallest noise, as a share of the usual distance of neighbours
SMALLEST = (0.01, 0.3)  # its range, for rows that are all equal or far apart
MAX_COMPARED = 5_000  # rows whose neighbours are searched


class NoiseNetwork(NamedTuple):
    """Weights (m, n) and biases (m,) of hidden layers and of the output, which is the logarithm of the noise."""

    weights: list[Tensor]
    biases: list[Tensor]


def log_noise(rows: Float[Tensor, "b d"], network: NoiseNetwork) -> Float[Tensor, " b"]:
    """The logarithm of the noise that the network finds in rows, in standard deviations of a column.

    It sees the inverse hyperbolic sine of every number: near 0 the number itself, far out its logarithm. Rows farther
    out than any noise has brought one are told by their size, which the network could only guess.
    """
    found = _output(rows, network)
    size = rows.norm(dim=1) / math.sqrt(rows.shape[1])
    return torch.where(size > 2 * LARGEST, torch.maximum(found, (size / 2).log()), found)


def _output(rows: Float[Tensor, "b d"], network: NoiseNetwork) -> Float[Tensor, " b"]:
    # The inverse hyperbolic sine, in operations that onnxruntime has in float64.
    h = rows.sign() * (rows.abs() + (rows.square() + 1).sqrt()).log()
    *hidden, (weight, bias) = zip(*network, strict=True)
    for w, b in hidden:
        h = F.linear(h, w, b).relu()
    return F.linear(h, weight, bias)[:, 0]


def noise_range(rows: Float[Tensor, "n d"]) -> tuple[float, float]:
    """Logarithms of the smallest and of the largest noise to learn.

    Less noise than a share of the usual distance of neighbours could not be told from none.
    """
    usual = nearest(rows, rows, k=1).distance.median().item() / math.sqrt(rows.shape[1])
    least, most = SMALLEST
    return math.log(min(max(NEARER * usual, least), most)), math.log(LARGEST)


@torch.enable_grad()
def fit_noise_network(rows: Float[Tensor, "n d"], steps: int, seed: int) -> NoiseNetwork:
    """Train a network on rows, in float32.

    Parameters
    ----------
    rows
        Two or more, finite, in standard deviations of their columns.
    steps
        One or more.
    seed
        Of its start, of the rows drawn and of their noise.

    Returns
    -------
    NoiseNetwork
        In float64.
    """
    random = generator_for(seed, 13)
    smallest, largest = noise_range(some(rows, MAX_COMPARED, seed))
    network = _start(rows.shape[1], random, rows.device)
    parameters = [*network.weights, *network.biases]
    optimiser = torch.optim.AdamW(parameters, LEARNING_RATE, weight_decay=1e-5, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    learned = rows.float()
    with inner_phase(steps, "noise network", "step"):
        for _ in range(steps):
            x = learned[torch.randint(len(learned), (BATCH,), generator=random).to(rows.device)]
            share = torch.rand(BATCH, generator=random).to(x)
            noise = torch.randn(x.shape, generator=random).to(x)
            level = (smallest + (largest - smallest) * share).exp()
            loss = F.mse_loss(_output(x + level[:, None] * noise, network), share)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            advance()
    weights, biases = ([tensor.detach().double() for tensor in part] for part in network)
    # It has learned where between the two a logarithm lies, which is easier than the logarithm itself.
    weights[-1] *= largest - smallest
    biases[-1] = smallest + (largest - smallest) * biases[-1]
    return NoiseNetwork(weights, biases)


def _start(n_columns: int, random: Generator, device: torch.device) -> NoiseNetwork:
    sizes = (n_columns, *[WIDTH] * (N_LAYERS - 1), 1)
    weights = [torch.empty(m, n) for n, m in itertools.pairwise(sizes)]
    for weight in weights:
        nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=random)  # as torch's own layers start
    biases = [torch.zeros(m) for m in sizes[1:]]
    return NoiseNetwork(*([t.to(device).requires_grad_() for t in part] for part in (weights, biases)))
