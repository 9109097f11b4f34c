"""The methods of the grid ``inspection``: detectors as their users have them, with the defaults of each."""

from __future__ import annotations

from typing import Any, NamedTuple

FEATURES, PIXELS = "ama, features", "ama, pixels"
PATCH_CORE, PADIM = "PatchCore-like", "PaDiM-like"
# Terms of the score of features that each decide alone in a row of their own; another name here is another row.
ALONE = ("row_density", "local_nearest_rows", "nearest_places", "place_densities", "r_score", "a_score")
# One of them that the default score leaves out, added to its terms.
WITH_DENSITIES = "row_density+local_nearest_rows+nearest_places+place_densities"
# The same of the game on maps of features, and what one of them adds to the terms that need no networks.
ALONE_ON_MAPS = ("r_score", "a_score", "latent_density", "mahalanobis", "memory_bank")
MAPS: dict[str, Any] = {"features": "lite0", "features_as": "maps"}
ADDED = "row_density+local_nearest_rows+nearest_places+r_score"
PIXEL_SIDE = 64  # pixels to which photographs are reduced without features, as ama reduces them by default
PIXEL_STEPS = 800  # of colour images of this size: some minutes of one core


class Inspected(NamedTuple):
    """A detector, its parameters that differ from the defaults, and the side to which it has photographs resized."""

    detector: str
    parameters: dict[str, Any]
    image_size: int | None = None

    @property
    def needs_weights(self) -> bool:
        """Whether it sees images through a backbone."""
        return self.image_size is None


# Name in a table -> the method.
INSPECTED = {
    FEATURES: Inspected("AMADetector", {"features": "lite0"}),
    **{
        f"{FEATURES}: {term} alone": Inspected("AMADetector", {"features": "lite0", "scoring": term})
        for term in ALONE
    },
    f"{FEATURES}: place_densities added": Inspected(
        "AMADetector", {"features": "lite0", "scoring": WITH_DENSITIES}
    ),
    **{
        f"{FEATURES}: maps, {term} alone": Inspected("AMADetector", {**MAPS, "scoring": term})
        for term in ALONE_ON_MAPS
    },
    f"{FEATURES}: maps, r_score added": Inspected("AMADetector", {**MAPS, "scoring": ADDED}),
    PATCH_CORE: Inspected("PatchCore", {}),
    PADIM: Inspected("PaDiM", {}),
    PIXELS: Inspected("AMADetector", {"max_steps": PIXEL_STEPS}, PIXEL_SIDE),
}
