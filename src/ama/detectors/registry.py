"""Every detector by its name: the one this package is about, and the systems of the paper it is held against."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path

from ama.detectors.base import Detector
from ama.detectors.saving import load_detector
from ama.errors import InputError, ModelFolderError
from ama.io.given_paths import given_path
from ama.io.model_folder import CONFIG
from ama.utils.declarations import check_switch

# Imported when asked for.
METHODS = {
    "AMADetector": "ama.detectors.ama",
    "FenceGAN": "ama.baselines.fence_gan",
    "ALAD": "ama.baselines.alad",
    "AnoGAN": "ama.baselines.ano_gan",
    "SkipGANomaly": "ama.baselines.skip_ganomaly",
    "DeepSVDD": "ama.baselines.deep_svdd",
    "WAIC": "ama.baselines.waic",
    "LikelihoodRatio": "ama.baselines.likelihood_ratio",
    "Typicality": "ama.baselines.typicality",
    "InputComplexity": "ama.baselines.input_complexity",
    "NearestNeighbours": "ama.baselines.neighbours",
    "PCAReconstruction": "ama.baselines.pca",
    "PatchCore": "ama.baselines.patch_core",
    "PaDiM": "ama.baselines.padim",
}


def method(name: str) -> type[Detector]:
    """The class of a detector.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in METHODS:
        near = difflib.get_close_matches(name, METHODS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no method {name!r}, expected one of {', '.join(METHODS)}{hint}")
    return getattr(importlib.import_module(METHODS[name]), name)


def load(folder: str | Path, device: str = "auto", *, float32: bool = False) -> Detector:
    """Load a saved detector; a model trained on a GPU loads on a CPU and the other way round.

    Parameters
    ----------
    folder
        A folder written by a detector's ``save``.
    device
        "auto", "cpu" or "cuda": where to score.
    float32
        Score in float32 where the model would in bfloat16; see ``AMADetector.score_in_float32``.

    Raises
    ------
    ModelFolderError
        If the folder is missing, truncated, altered, foreign, or from a newer version.
    InputError
        If an argument is not as said, or, with ``float32``, an older ama saved a model that scores in bfloat16.
    """
    place = given_path(folder, "folder")
    check_switch("float32", float32)

    def known(name: str) -> type[Detector]:
        if name not in METHODS:
            raise ModelFolderError(
                f"{place / CONFIG} names the unknown method {name!r}: a class of your own loads it by its own "
                "method load; if a newer ama wrote it, upgrade ama"
            )
        return method(name)

    detector = load_detector(place, device, known)
    # All but AMADetector score in float32.
    return detector.score_in_float32() if float32 and hasattr(detector, "score_in_float32") else detector
