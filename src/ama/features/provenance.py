"""Where the weights of a backbone come from, and how they are identified."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

UNKNOWN_LICENCE = "licence unknown"


@dataclass(frozen=True)
class Provenance:
    """Name, origin, licence and checksum of a backbone's weights.

    Parameters
    ----------
    name
        Of the network.
    origin
        Who or what holds the weights, in words.
    licence
        Of the weights, as their origin names it, or ``UNKNOWN_LICENCE``.
    source
        The parameter ``features`` that finds these very weights again, from any folder.
    sha256
        :func:`weights_sha256` of the weights.
    """

    name: str
    origin: str
    licence: str
    source: str
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.sha256 and not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError("the sha256 of its backbone is not a SHA-256")

    def __str__(self) -> str:
        return f"{self.name}, of {self.origin} ({self.licence})"


def weights_sha256(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of tensors in the order of their names: of each its name, type, shape and values.

    It does not depend on the kind or the number of the files that held them.
    """
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        values = tensor.detach().cpu().contiguous()
        found.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        found.update(values.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()
