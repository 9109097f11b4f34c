"""Floating-point operations, counted exactly."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class CountFlops(TorchDispatchMode):
    """Counts the operations of convolutions and matrix products while active, by data type.

    The formulas are those of torch's own counter, which does not distinguish data types. A multiplication and an
    addition are two operations.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_dtype: Counter[torch.dtype] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            dtype = next(a.dtype for a in args if isinstance(a, Tensor))
            self.by_dtype[dtype] += int(count(*args, **(kwargs or {}), out_val=out))
        return out
