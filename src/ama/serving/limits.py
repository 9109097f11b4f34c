"""How much a request may ask of the server; each limit is an option of ``ama serve``."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ama.errors import InputError
from ama.serving.refusals import RefusedError

MIB = 2**20
DECODED = 2**30  # bytes of the samples of a request in memory, whatever their number


@dataclass(frozen=True)
class Limits:
    """Limits of a request, and of the requests that are held at a time.

    Parameters
    ----------
    body_mib
        MiB of a body.
    pixels
        Of an image.
    samples
        Of a request; each frame of an animation is one.
    requests
        Requests for scores that are read, wait or are scored at a time.

    Raises
    ------
    InputError
        If one is below 1.
    """

    body_mib: int = 32
    pixels: int = 2**26
    samples: int = 1000
    requests: int = 64

    def __post_init__(self) -> None:
        options = {
            "--max-body": self.body_mib,
            "--max-pixels": self.pixels,
            "--max-samples": self.samples,
            "--max-requests": self.requests,
        }
        for option, value in options.items():
            if value < 1:
                raise InputError(f"{option} must be at least 1, found {value}")

    def check_body(self, n_bytes: int) -> None:
        """Refuse a body of more bytes than a request may have."""
        if n_bytes > self.body_mib * MIB:
            raise RefusedError(
                "too_large", f"the body has more than {self.body_mib} MiB, the most that --max-body allows"
            )

    def check_samples(self, n: int, shape: tuple[int, ...] = (), n_bytes: int = 1) -> None:
        """Refuse more samples than a request may have, by their number, or by their size once decoded.

        Parameters
        ----------
        n
            Number of samples.
        shape, n_bytes
            Of one sample, and the bytes of each of its numbers.
        """
        if n > self.samples:
            raise RefusedError(
                "too_large",
                f"the request has {n:,} samples, expected at most {self.samples:,} (--max-samples)",
            )
        most = max(1, DECODED // max(1, math.prod(shape) * n_bytes))
        if n > most:
            raise RefusedError(
                "too_large",
                f"the request has {n:,} samples, expected at most {most:,} of this size: send several requests",
            )

    def check_pixels(self, name: str, height: int, width: int) -> None:
        """Refuse an image of more pixels than one may have, by its header.

        Parameters
        ----------
        name
            Of the image, or of what it is one of.
        height, width
            Of the image.
        """
        if height * width > self.pixels:
            raise RefusedError(
                "too_large",
                f"{name} has {height} x {width} pixels in an image, expected at most {self.pixels:,} (--max-pixels)",
            )
