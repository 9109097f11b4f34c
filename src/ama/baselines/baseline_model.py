"""What a baseline leaves behind: networks or statistics that score raw samples, and the calibration scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.decision import conformal
from ama.networks.scaling import Scaling

Self = TypeVar("Self", bound="BaselineModel")


class BaselineModel(Scaling, ABC):
    """Scores normalised samples by :meth:`anomalies`; the rest, storing included, is the same for all.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    dtype
        Of raw samples: uint8, or float32 in [0, 1], for images; float64 for rows.
    **options
        What a subclass needs beside, as JSON types: they are what ``config.json`` holds.
    """

    chunk: ClassVar[int] = 256  # samples scored at a time: memory stays constant whatever their number
    calibration: Tensor
    # A method of every subclass, which creates networks and buffers from the options.
    build: Callable[..., None]

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, **options: Any):
        super().__init__(shape)
        self.dtype, self.options = dtype, options
        self.register_buffer("calibration", torch.zeros(0, dtype=torch.float64))
        self.build(**options)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @abstractmethod
    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        """How anomalous normalised samples are, by every score there is; networks are in evaluation mode."""

    @property
    def decides(self) -> str:
        """The score that counts."""
        return "score"

    def named_scores(self, raw: Shaped[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        """``score``, the one that counts, and every other of raw samples, float64, higher = more normal."""
        self.eval()
        parts = [self.anomalies(x) for x in self.chunks(raw)]
        found = {name: -torch.cat([part[name].detach().double() for part in parts]) for name in parts[0]}
        return {"score": found[self.decides], **found}

    def score(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """The score that counts, of raw samples, float64, higher = more normal."""
        return self.named_scores(raw)["score"]

    def calibrate(self, raw: Shaped[Tensor, "m ..."]) -> None:
        """Keep the scores of normal samples that nothing was fitted to, for the threshold and the p-values."""
        rounding = float(torch.finfo(self.weights_dtype).eps ** 0.75)
        self.calibration = conformal.calibration_scores(self.score(raw), rounding)

    def chunks(self, raw: Shaped[Tensor, "b ..."]) -> Iterator[Float[Tensor, "c ..."]]:
        """Normalised samples on the model's device, a few at a time."""
        for part in raw.split(self.chunk):
            yield self.normalise(part.to(self.shift.device))

    def description(self) -> dict[str, Any]:
        """See :class:`ama.io.model_folder.Storable`."""
        sizes = {name: list(buffer.shape) for name, buffer in self._sized()}
        return {"settings": self.options, "sizes": sizes}

    @classmethod
    def described(
        cls: type[Self], shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]
    ) -> Self:
        """See :class:`ama.io.model_folder.Storable`."""
        model = cls(shape, dtype, **description["settings"])
        for name, buffer in model._sized():
            size = [int(n) for n in description["sizes"][name]]
            setattr(model, name, buffer.new_zeros(size))
        return model

    def fill(self: Self, tensors: Mapping[str, Tensor]) -> Self:
        """Take over a whole ``state_dict``, and be ready to score."""
        self.load_state_dict(tensors, assign=True)
        # The memory layout is not stored, and another would sum in another order.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self.eval()

    def __reduce__(self) -> Any:
        # torch refuses to pickle layers under spectral normalisation; the state is all there is.
        return _unpickle, (type(self), self.shape, self.dtype, self.description(), self.state_dict())

    def _sized(self) -> Iterator[tuple[str, Tensor]]:
        """Own buffers, whose size may depend on the samples of the fit."""
        return self.named_buffers(recurse=False)


def _unpickle(
    kind: type[BaselineModel],
    shape: tuple[int, ...],
    dtype: torch.dtype,
    description: dict[str, Any],
    tensors: Mapping[str, Tensor],
) -> BaselineModel:
    return kind.described(shape, dtype, description).fill(tensors)
