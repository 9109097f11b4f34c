"""``ama benchmark embeddings``: classes of images as rows of features, for the grid ``tables``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from ama.benchmark.tables.datasets import Images, images
from ama.benchmark.tables.row_sets import EMBEDDED, file_of
from ama.features.lite0 import Lite0
from ama.features.lite0_weights import load_lite0
from ama.io.whole_files import naming, replacing
from ama.utils.progress import progress_bar
from ama.utils.random_generators import generator_for

SIDE = 128  # pixels to which the images are enlarged: a third of the time of 224
EACH = 1500  # training images of a normal class, and test images of all classes
BATCH = 50


def embed_images(data: str | None, out: str, weights: str | None) -> Iterator[Path]:
    """Write a file for each set of embeddings.

    Its rows are the 1,280 pooled features of training images of the normal class and of test images of all classes,
    drawn at random. A row of another class than the normal one is an anomaly.

    Parameters
    ----------
    data
        Folder with NAME/train and NAME/test of the data sets, or None for the hub.
    out
        Folder in which ``embeddings/SET.npz`` is written.
    weights
        File of the weights; None looks for the installed package.

    Yields
    ------
    Path
        Each file that was written. Files that are there already are kept.

    Raises
    ------
    InputError
        If a data set or the weights are missing, or a file cannot be written.
    """
    network = load_lite0(weights)
    for name, classes in EMBEDDED.items():
        wanted = {label: file_of(f"embeddings/{name}_{label}", out) for label in classes}
        missing = {label: path for label, path in wanted.items() if not path.exists()}
        if not missing:
            continue
        train, test = (images(name, split, data) for split in ("train", "test"))
        judged = _drawn(test, np.ones(len(test.labels), dtype=bool))
        features = embedded(network, judged.x, f"{name}, test")
        for label, path in missing.items():
            own = _drawn(train, train.labels == label)
            x = torch.cat([embedded(network, own.x, f"{name}, {label}"), features])
            y = np.concatenate([own.labels, judged.labels]) != label
            with naming(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, X=x.numpy(), y=y.astype(np.int64))
            yield path


def embedded(network: Lite0, x: UInt8[Tensor, "n c h w"], title: str) -> Float[Tensor, "n 1280"]:
    """The pooled features of images, enlarged to ``SIDE`` pixels; grey ones have three equal channels."""
    found = []
    with torch.inference_mode():
        for batch in progress_bar(iterable=x.split(BATCH), desc=title, unit="batch"):
            large = F.interpolate(
                batch.float(), size=(SIDE, SIDE), mode="bicubic", antialias=True, align_corners=False
            )
            found.append(network((large / 255).clamp(0, 1).expand(-1, 3, -1, -1)).pooled)
    return torch.cat(found)


def _drawn(chosen: Images, mask: np.ndarray) -> Images:
    """At most ``EACH`` of the images in a mask, drawn at random and kept in order."""
    (places,) = mask.nonzero()
    order = torch.randperm(len(places), generator=generator_for(0, 11)).numpy()
    kept = np.sort(places[order[:EACH]])
    return Images(chosen.of(kept), chosen.labels[kept])
