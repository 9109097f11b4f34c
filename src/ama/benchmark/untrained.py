"""What a user gets from pixels in a few lines of scikit-learn, without training a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 5
COMPONENTS = 40


def neighbours(
    train: UInt8[np.ndarray, "n c h w"], test: UInt8[np.ndarray, "m c h w"]
) -> Float[np.ndarray, " m"]:
    """Minus the mean distance to the nearest training images: higher for more normal ones."""
    search = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute").fit(_flat(train))
    return -search.kneighbors(_flat(test))[0].mean(1)


def pca(train: UInt8[np.ndarray, "n c h w"], test: UInt8[np.ndarray, "m c h w"]) -> Float[np.ndarray, " m"]:
    """Minus the squared error of a reconstruction from the training images' first components."""
    points = _flat(train)
    fitted = PCA(min(COMPONENTS, *points.shape), random_state=0).fit(points)
    rebuilt = fitted.inverse_transform(fitted.transform(_flat(test)))
    return -np.square(_flat(test) - rebuilt).sum(1)


UNTRAINED: dict[str, Callable[..., Float[np.ndarray, " m"]]] = {"neighbours": neighbours, "pca": pca}
PARAMETERS: dict[str, Any] = {"neighbours": NEIGHBOURS, "components": COMPONENTS}


def _flat(images: UInt8[np.ndarray, "n c h w"]) -> Float[np.ndarray, "n p"]:
    return images.reshape(len(images), -1).astype(np.float32) / 255
