"""Modules that a model folder can hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

Self = TypeVar("Self", bound="Storable")


class Resizable(nn.Module):
    """A module whose own buffers take their sizes from the tensors that are loaded into them."""

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        for name, buffer in self.named_buffers(recurse=False):
            stored = state_dict.get(prefix + name)
            if stored is not None and stored.ndim == buffer.ndim:
                setattr(self, name, stored)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class Storable(Resizable, ABC):
    """Networks and statistics; shape, dtype, :meth:`description` and the ``state_dict`` are all there is to store.

    Attributes
    ----------
    shape
        Of one sample.
    dtype
        Of raw samples: uint8, or float32 in [0, 1], for images; float64 for tabular data.
    calibration
        Scores of held-out normal samples (m,), behind threshold and p-values.
    """

    shape: tuple[int, ...]
    dtype: torch.dtype
    calibration: Tensor

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """What :meth:`described` needs besides shape and dtype, as JSON types."""

    @classmethod
    @abstractmethod
    def described(
        cls: type[Self], shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]
    ) -> Self:
        """An empty module of that description; anything missing or wrong in it may raise any usual error."""

    def fill(self: Self, tensors: Mapping[str, Tensor]) -> Self:
        """Take over a whole ``state_dict`` and be ready to score.

        Raises
        ------
        RuntimeError
            If a tensor is missing, unknown or of another shape.
        """
        # assign keeps the stored type: networks for tabular data are float64 after their training.
        self.load_state_dict(tensors, assign=True)
        # The memory layout is not stored, and another would sum in another order.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self.eval()

    def fixed_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tensors whose size follows from the description."""
        resizable = {
            f"{prefix}.{name}".lstrip(".")
            for prefix, module in self.named_modules()
            if isinstance(module, Resizable)
            for name, _ in module.named_buffers(recurse=False)
        }
        return {name: tuple(t.shape) for name, t in self.state_dict().items() if name not in resizable}

    def __reduce__(self) -> Any:
        # torch refuses to pickle layers under spectral normalisation, and the state is all there is.
        return _restored, (type(self), self.shape, self.dtype, self.description(), self.state_dict())


def _restored(
    kind: type[Storable],
    shape: tuple[int, ...],
    dtype: torch.dtype,
    description: dict[str, Any],
    tensors: Mapping[str, Tensor],
) -> Storable:
    return kind.described(shape, dtype, description).fill(tensors)


def empty(*shape: int) -> Tensor:
    """A float64 tensor of zeros, for a buffer that a fit fills."""
    return torch.zeros(shape, dtype=torch.float64)
