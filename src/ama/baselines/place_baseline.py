"""Base of the baselines that compare the places of images, as a frozen backbone sees them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Shaped
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

from ama.baselines.baseline import Baseline
from ama.baselines.baseline_model import BaselineModel
from ama.detectors.explanation import Explanation
from ama.detectors.parameters import parameters
from ama.detectors.plotting import MapPlottingMixin
from ama.errors import InputError
from ama.features.backbone import Backbone
from ama.features.loading import (
    check_features,
    described_backbone,
    description_of,
    load_backbone,
    prepare_backbone,
)
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.featured_kind import WORKING_SIDE
from ama.scores.kinds.kind import SampleKind
from ama.settings import NO_FEATURES, HeldOutFrom
from ama.training.preparation import chosen_hold_out
from ama.training.run import Run
from ama.training.split import check_learnable
from ama.utils.declarations import METHOD, TRAINING, parameter
from ama.utils.progress import progress_bar

Self = TypeVar("Self", bound="PlaceModel")

SMOOTHED = 4 / 224  # of the longer side: deviation of the Gaussian that smooths a map, as in both papers


class PlaceModel(BaselineModel):
    """A frozen backbone, and what a method keeps of the places of normal images."""

    chunk = 1  # places take much memory, and a score must not depend on its batch
    backbone: Backbone

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, **options: Any):
        super().__init__(shape, dtype, **options)
        self.backbone = described_backbone(options["backbone"])
        self.kind = kind_of(shape, "lite0", self.backbone)

    @classmethod
    def kind_for(cls, shape: tuple[int, ...], options: dict[str, Any]) -> SampleKind:
        return kind_of(shape, "lite0")  # of any backbone

    @classmethod
    def outline(
        cls: type[Self], shape: tuple[int, ...], dtype: torch.dtype, description: dict[str, Any]
    ) -> Self:
        """See :class:`ama.io.storable.Storable`."""
        prepare_backbone(description["settings"]["backbone"])
        return super().outline(shape, dtype, description)

    def normalise(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b k i j"]:
        """The places of raw images."""
        return self.backbone.places(raw)

    def settle(self) -> None:
        """The backbone stays in float32."""

    @abstractmethod
    def distances(self, x: Float[Tensor, "b k i j"]) -> Float[Tensor, "b p q"]:
        """How far each place is from those of normal images, at least 0."""

    @torch.no_grad()
    def anomaly_map(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b h w"]:
        """The distances enlarged to the images and smoothed, float64."""
        size = self.shape[1:]
        parts = [F.interpolate(self.distances(x)[:, None], size, mode="bilinear") for x in self.chunks(raw)]
        spread = SMOOTHED * max(size)
        large = torch.cat(parts)[:, 0].double().cpu().numpy()
        return torch.from_numpy(gaussian_filter(large, (0, spread, spread)))


@parameters
class PlaceBaseline(MapPlottingMixin, Baseline):
    """Base of the baselines that compare the places of images of any size."""

    # fmt: off
    features: str = parameter((
        "Frozen pre-trained backbone whose features of places are compared, named as for AMADetector."), METHOD,
        default="lite0")
    held_out_from: HeldOutFrom = parameter((
        "Which normal images are held out: from \"anywhere\", or those at the \"end\" of their order. \"auto\" is "
        "whole \"groups\" if fit is given some, \"end\" where the features show that the images were taken in series, "
        "and otherwise \"anywhere\"."), TRAINING, default="auto")
    # fmt: on

    _model_class: ClassVar[type[PlaceModel]]
    images_only = True

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.features == NO_FEATURES:
            raise InputError(f"{type(self).__name__} needs features, found features={NO_FEATURES!r}")
        check_features(self.features)

    def reading(self) -> dict[str, Any]:
        """See :meth:`ama.detectors.inputs.TakesSamples.reading`."""
        return {"max_side": WORKING_SIDE}

    def anomaly_map(self, X: Any) -> np.ndarray:
        """How far each place of each image is from those of normal images.

        Parameters
        ----------
        X
            Images, as in :meth:`score_samples`.

        Returns
        -------
        ndarray
            (n, H, W), at least 0.
        """
        return self.model_.anomaly_map(self._fitted_samples(X)).numpy()

    def explain(self, X: Any) -> Explanation:
        """The map of each image."""
        return Explanation(anomaly_map=self.anomaly_map(X))

    def check_maps(self) -> None:
        """See :meth:`ama.detectors.localising.LocalisingMixin.check_maps`."""
        name = type(self).__name__
        raise InputError(f"the maps of {name} have no threshold and no regions: see {name}.anomaly_map")

    def _options(self, kind: SampleKind) -> dict[str, Any]:
        return {}

    def _new_model(self, kind: SampleKind, dtype: torch.dtype) -> PlaceModel:
        """A model that has the weights of its backbone already, which shows whether images are a series."""
        backbone = load_backbone(self.features)
        model = self._model_class(kind.shape, dtype, backbone=description_of(backbone), **self._options(kind))
        model.backbone = backbone
        return model

    def _chosen_hold_out(
        self, model: PlaceModel, normal: Shaped[Tensor, "n c h w"], run: Run, grouped: bool
    ) -> HeldOutFrom:
        check_learnable(normal)  # first, as the backbone sees the images here
        wanted = self.held_out_from
        return chosen_hold_out(normal, grouped, wanted, self.held_out, model.kind, model.backbone, run)


def places_of(
    model: PlaceModel, train: Shaped[Tensor, "n c h w"], run: Run
) -> Iterator[Float[Tensor, "1 k i j"]]:
    """The places of each image in turn, under a progress bar."""
    with progress_bar(run.progress, total=len(train), desc="features", unit="image") as bar:
        for x in model.chunks(train):
            yield x
            bar.update()
