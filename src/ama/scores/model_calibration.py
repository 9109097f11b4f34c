"""What a model keeps of held-out normal samples, behind its threshold, its p-values and the threshold of its maps."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ama.decision import conformal
from ama.errors import InputError
from ama.io.storable import empty
from ama.scores.densities import some
from ama.scores.map_contract import Groups
from ama.scores.scoring_networks import ScoringNetworks
from ama.utils.progress import phase, progress_bar

MAP_IMAGES = 200  # held-out images behind the threshold of the map: enough for false-alarm rates from 0.5 %
MAPS_AT_A_TIME = 8


class CalibratedNetworks(ScoringNetworks):
    """Networks, and what is kept of held-out normal samples.

    Attributes
    ----------
    calibration
        Their scores (m,).
    float32_calibration
        Those in float32, as an exported file computes them, if the model scores in bfloat16; otherwise none.
    map_calibration
        Largest values (k,) in the maps of at most :data:`MAP_IMAGES` of them, behind the threshold of the map; none for
        rows.
    """

    calibration: Tensor
    map_calibration: Tensor
    float32_calibration: Tensor
    added = frozenset({"map_calibration", "float32_calibration"})

    @abstractmethod
    def score(self, raw: Shaped[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """The deciding score of raw samples, higher = more normal."""

    @abstractmethod
    def anomaly_map(
        self, raw: Shaped[Tensor, "b ..."], groups: Groups | None = None
    ) -> Float[Tensor, "b ..."]:
        """Where the score of each sample comes from."""

    @property
    def arithmetic(self) -> torch.dtype:
        """The coarsest type in which a score is computed."""
        if self.backbone is not None:
            return torch.float32
        return torch.bfloat16 if self.kind.scores_in_bfloat16(self.settings) else self.networks.weights_dtype

    def calibrate(self, raw: Shaped[Tensor, "m ..."], progress: bool | None = False) -> None:
        """Keep what the thresholds need of raw normal samples that nothing was fitted to.

        Parameters
        ----------
        raw
            The samples.
        progress
            As in :func:`ama.utils.progress.progress_bar`.
        """
        found = {}
        with self.seen_once():
            with phase(progress, len(raw), "calibration"):
                found["calibration"] = conformal.calibration_scores(self.score(raw), self.arithmetic)
            if self.arithmetic == torch.bfloat16:
                with phase(progress, len(raw), "calibration in float32"), self._in_float32():
                    scores = self.score(raw)
                found["float32_calibration"] = conformal.calibration_scores(scores, torch.float32)
            if self.kind.pictured:
                parts = some(raw, MAP_IMAGES, 0).split(MAPS_AT_A_TIME)
                shown = progress_bar(progress, iterable=parts, desc="maps", unit=f"{MAPS_AT_A_TIME} images")
                highest = torch.cat([self.anomaly_map(images).flatten(1).amax(1) for images in shown])
                # As of scores, rounding alone puts no image above an identical held-out one.
                found["map_calibration"] = highest.double() * (1 + conformal.ROUNDING[torch.float32])
        for name, values in found.items():
            setattr(self, name, values)

    def score_in_float32(self) -> None:
        """Score in float32 from now on, with the calibration of these scores.

        Raises
        ------
        InputError
            If the model scores in bfloat16 and has no such calibration.
        """
        if self.arithmetic != torch.bfloat16:
            return
        if not len(self.float32_calibration):
            raise InputError(
                "the model scores in bfloat16 and has no calibration in float32, as an older ama saved it: calibrate "
                "it on normal samples first"
            )
        self.settings = dataclasses.replace(self.settings, scoring_precision="float32")
        self.calibration, self.float32_calibration = self.float32_calibration, empty(0)

    def _register_calibration(self) -> None:
        """Add the buffers, empty; in the order in which model folders have them."""
        for name in ("calibration", "map_calibration", "float32_calibration"):
            self.register_buffer(name, empty(0))

    @contextmanager
    def _in_float32(self) -> Iterator[None]:
        before = self.settings
        self.settings = dataclasses.replace(before, scoring_precision="float32")
        try:
            yield
        finally:
            self.settings = before
