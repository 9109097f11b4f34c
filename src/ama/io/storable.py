"""Modules that a model folder can hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

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
    added
        Names of statistics (m,) that models of an older format lack; they are then empty.
    """

    added: ClassVar[frozenset[str]] = frozenset()
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

    @classmethod
    def outline(
        cls: type[Self], shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]
    ) -> Self:
        """:meth:`described` without memory: every tensor has a shape and a type and no values, until :meth:`fill`."""
        with _WithoutValues(), torch.device("meta"):
            return cls.described(shape, dtype, description)

    def stored(self) -> dict[str, Tensor]:
        """The tensors that a model folder holds: the ``state_dict``, without what it holds by reference."""
        return self.state_dict()

    def left_out(self) -> dict[str, Tensor]:
        """The other tensors of the ``state_dict``, from where they came.

        Raises
        ------
        InputError
            If they are no longer there, or are others.
        """
        return {}

    @abstractmethod
    def middle(self) -> Tensor:
        """A raw sample (1, ...) in the middle of the normal ones."""

    @abstractmethod
    def trial(self, raw: Tensor) -> dict[str, Tensor]:
        """Every score of raw samples by name, at little cost: it fails if the statistics do not fit the networks."""

    def fill(self: Self, tensors: Mapping[str, Tensor]) -> Self:
        """Take over a whole ``state_dict`` and be ready to score.

        Raises
        ------
        RuntimeError
            If a tensor is missing, unknown or of another shape.
        """
        # assign keeps the stored type: networks for tabular data are float64 after their training.
        self.load_state_dict({**{name: empty(0) for name in self.added}, **tensors}, assign=True)
        if without := [n for n, t in (*self.named_parameters(), *self.named_buffers()) if t.is_meta]:
            raise RuntimeError(f"tensor {without[0]} is not stored")
        # The memory layout is not stored, and another would sum in another order.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self.eval()

    def misfit(self, stored: Mapping[str, tuple[tuple[int, ...], torch.dtype | None]]) -> str | None:
        """Why stored tensors, given by shape and type, are not those of this module; None if they are."""
        expected = {
            name: tensor for name, tensor in self.stored().items() if name in stored or name not in self.added
        }
        for name in sorted(expected.keys() ^ stored.keys()):
            return f"tensor {name} is {'unknown' if name in stored else 'missing'}"
        resizable = self._resizable()
        for name, tensor in expected.items():
            sizes, dtype = stored[name]
            # A fit sets the sizes that are 0 in an empty module, or makes a single number several.
            free = name in resizable
            if len(sizes) != tensor.ndim or any(
                size != known and not (free and known < 2)
                for size, known in zip(sizes, tensor.shape, strict=True)
            ):
                return f"tensor {name} has shape {sizes}, expected {tuple(tensor.shape)}"
            if dtype != tensor.dtype and not {dtype, tensor.dtype} <= {torch.float32, torch.float64}:
                return f"tensor {name} is of type {dtype}, expected {tensor.dtype}"
        return None

    def _resizable(self) -> set[str]:
        """Names of the tensors whose size does not follow from the description."""
        return {
            f"{prefix}.{name}".lstrip(".")
            for prefix, module in self.named_modules()
            if isinstance(module, Resizable)
            for name, _ in module.named_buffers(recurse=False)
        }

    def twin(self: Self) -> Self:
        """The same networks and statistics; setting a buffer or an attribute of one leaves the other as it is."""
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self), _buffers=dict(self._buffers))
        return twin

    def __reduce__(self) -> Any:
        # torch refuses to pickle layers under spectral normalisation, and the state is all there is.
        return _restored, (type(self), self.shape, self.dtype, self.description(), self.state_dict())


class _WithoutValues(TorchFunctionMode):
    """Draws no numbers and iterates no powers: torch would load sympy, for seconds, to find out their shapes."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.randn, torch.rand):
            func = torch.empty
        elif func in (torch.Tensor.normal_, torch.nn.init.normal_):
            return args[0] if args else kwargs["tensor"]
        # The rest is what spectral normalisation computes from the weights.
        elif func is torch.mv:
            return args[0].new_empty(args[0].shape[0])
        elif func is torch.vdot:
            return args[0].new_empty(())
        elif func is torch.nn.functional.normalize:
            return args[0] if kwargs.get("out") is None else kwargs["out"]
        elif func in (torch.Tensor.div, torch.Tensor.__truediv__) and getattr(args[1], "ndim", 0) == 0:
            return args[0].new_empty(args[0].shape)
        return func(*args, **kwargs)


def _restored(
    kind: type[Storable],
    shape: tuple[int, ...],
    dtype: torch.dtype,
    description: dict[str, Any],
    tensors: Mapping[str, Tensor],
) -> Storable:
    return kind.outline(shape, dtype, description).fill(tensors)


def empty(*shape: int) -> Tensor:
    """A float64 tensor of zeros, for a buffer that a fit fills."""
    return torch.zeros(shape, dtype=torch.float64)
