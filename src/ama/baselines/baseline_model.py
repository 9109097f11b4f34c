"""What a baseline learns: networks or statistics that score raw samples, and the calibration scores."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar, get_type_hints

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.decision import conformal
from ama.decision.score_bounds import bounded
from ama.io.storable import Storable, empty
from ama.io.typed_values import check_values
from ama.networks.scaling import ScaledModule
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.kind import SampleKind
from ama.utils.progress import advance, phase

Self = TypeVar("Self", bound="BaselineModel")


class BaselineModel(ScaledModule, Storable):
    """Base of the models of the baselines; a subclass has ``build`` and :meth:`anomalies`.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, or (columns,) of a row.
    dtype
        Of raw samples: uint8, or float32 in [0, 1], for images; float64 for rows.
    **options
        Arguments of ``build``, as JSON types; ``config.json`` holds them.

    Attributes
    ----------
    kind
        What the samples are.
    """

    chunk: ClassVar[int] = 256  # samples scored at a time: memory is constant whatever their number
    calibration: Tensor
    # A method of every subclass, which creates networks and buffers from the options.
    build: Callable[..., None]

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, **options: Any):
        kind = self.kind_for(shape, options)
        kind.check_size()
        super().__init__(kind_of(shape).scaling())
        self.kind, self.shape, self.dtype, self.options = kind, shape, dtype, options
        self.register_buffer("calibration", empty(0))
        self.build(**options)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def kind_for(cls, shape: tuple[int, ...], options: dict[str, Any]) -> SampleKind:
        """What samples of a shape are to a model with these options."""
        return kind_of(shape)

    @abstractmethod
    def anomalies(self, x: Float[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        """Every score of normalised samples by name, higher = more anomalous; networks are in evaluation mode."""

    @property
    def arithmetic(self) -> torch.dtype:
        """The coarsest type in which a score is computed."""
        return self.weights_dtype

    @property
    def decides(self) -> str:
        """The name of the deciding score."""
        return "score"

    def named_scores(self, raw: Shaped[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        """``score``, the deciding one, and every other score of raw samples, float64, higher = more normal."""
        self.eval()
        parts = [self.anomalies(x) for x in self.chunks(raw)]
        found = {
            name: bounded(-torch.cat([part[name].detach().double() for part in parts])) for name in parts[0]
        }
        return {"score": found[self.decides], **found}

    def score(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """The deciding score of raw samples, float64, higher = more normal."""
        return self.named_scores(raw)["score"]

    def settle(self) -> None:
        """Prepare networks whose training is over."""
        if self.kind.scored_in_float64:
            self.double()

    def calibrate(self, raw: Shaped[Tensor, "m ..."], progress: bool | None = False) -> None:
        """Keep the scores of normal samples that nothing was fitted to, for the threshold and the p-values."""
        with phase(progress, len(raw), "calibration"):
            self.calibration = conformal.calibration_scores(self.score(raw), self.arithmetic)

    def chunks(self, raw: Shaped[Tensor, "b ..."]) -> Iterator[Float[Tensor, "c ..."]]:
        """Normalised samples on the model's device, a few at a time."""
        for part in raw.split(self.chunk):
            yield self.normalise(part.to(self.device))
            advance(len(part))

    def middle(self) -> Shaped[Tensor, "1 ..."]:
        """See :class:`ama.io.storable.Storable`."""
        zeros = torch.zeros(1, *self.shape, dtype=torch.float64, device=self.device)
        return self.restore(zeros).to(self.dtype)

    def trial(self, raw: Shaped[Tensor, "b ..."]) -> dict[str, Float[Tensor, " b"]]:
        """See :class:`ama.io.storable.Storable`."""
        return self.named_scores(raw)

    def description(self) -> dict[str, Any]:
        """See :class:`ama.io.storable.Storable`."""
        return {"settings": self.options}

    @classmethod
    def described(
        cls: type[Self], shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]
    ) -> Self:
        """See :class:`ama.io.storable.Storable`."""
        options = description["settings"]
        hints = dict.fromkeys(inspect.signature(cls.build).parameters, Any) | get_type_hints(cls.build)
        check_values(options, hints, "settings")
        return cls(shape, dtype, **options)
