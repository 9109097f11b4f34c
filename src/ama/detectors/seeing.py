"""What detectors do that may see images through a frozen backbone."""

from __future__ import annotations

from typing import Any

from ama.data.images.image_format import LARGEST_SIDE
from ama.errors import InputError
from ama.features.backbone import Backbone
from ama.features.loading import check_features, load_backbone
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.featured_kind import WORKING_SIDE
from ama.scores.kinds.kind import SampleKind
from ama.settings import NO_FEATURES, FeaturesAs
from ama.utils.user_warnings import warn_user


class BackboneMixin:
    """A detector with the parameters ``features``, ``features_as``, ``features_by_reference`` and ``tile_size``."""

    features: Any
    features_as: Any
    features_by_reference: Any
    tile_size: Any

    def check_parameters(self) -> None:
        """As of every detector; and what ``features`` names must be there.

        Raises
        ------
        InputError
            If it is not, or there are no weights to leave out.
        """
        super().check_parameters()  # type: ignore[misc]
        if self._sees_features():
            check_features(self.features)
        elif self.features_by_reference:
            raise InputError(
                "features_by_reference leaves out the weights of a backbone, but features is none"
            )

    def reading(self) -> dict[str, Any]:
        """See :meth:`ama.detectors.inputs.TakesSamples.reading`."""
        if self.tile_size:
            return {"max_side": LARGEST_SIDE}
        return {"max_side": WORKING_SIDE} if self._sees_features() else {}

    def _sees_features(self) -> bool:
        return self.features not in (None, NO_FEATURES)

    def _loaded_backbone(self) -> Backbone | None:
        """The backbone with its weights, if there is one; what it assumes is said."""
        if not self._sees_features():
            return None
        backbone = load_backbone(self.features)
        for remark in backbone.remarks:
            warn_user(remark)
        return backbone

    def _kind(self, shape: tuple[int, ...], backbone: Backbone | None = None) -> SampleKind:
        seen_as: FeaturesAs = self.features_as or "rows"
        return kind_of(shape, self.features or NO_FEATURES, backbone, self.tile_size or 0, seen_as)
