"""Displays in the style of scikit-learn's, for notebooks: ``from_estimator``, then ``figure_``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ama.data.samples import Samples, described
from ama.decision.regions import find_regions
from ama.detectors.inputs import as_samples
from ama.errors import InputError
from ama.report.charts import SCORE_LABEL, plot_densities, plot_training
from ama.report.pictures import BOX, as_pixels, heat_scale, heated, value_range
from ama.report.reconstruction_plots import plot_reconstruction_rows, plot_reconstructions
from ama.utils.declarations import check_count

CLASSES = {"1": "normal", "-1": "anomalies"}


@dataclass
class ScoresDisplay:
    """Histograms of scores, and the threshold.

    Parameters
    ----------
    groups
        Name -> scores (m,).
    threshold
        Samples with lower scores are flagged.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure.
    """

    groups: dict[str, Float[np.ndarray, " m"]]
    threshold: float
    figure_: Figure = field(init=False)

    def plot(self) -> ScoresDisplay:
        """Draw the figure."""
        self.figure_ = plot_densities(self.groups, SCORE_LABEL, self.threshold)
        return self

    @classmethod
    def from_estimator(cls, detector: Any, X: Any, y: Any = None) -> ScoresDisplay:
        """Score X and draw a histogram for each group.

        Parameters
        ----------
        detector
            A fitted detector.
        X
            Samples, as in ``score_samples``.
        y
            The group of each sample (n,): +1 for normal samples and -1 for anomalies, or any other labels.

        Raises
        ------
        InputError
            If there are not as many labels as samples.
        """
        scores = detector.score_samples(X)
        return cls(grouped(scores, y), detector.offset_).plot()


@dataclass
class ReconstructionsDisplay:
    """Images above their reconstructions, with their scores.

    Parameters
    ----------
    groups
        Name -> images (m, C, H, W), their reconstructions, and their scores (m,).
    value_range
        The values drawn black and white.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure.
    """

    groups: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    value_range: tuple[float, float]
    figure_: Figure = field(init=False)

    def plot(self, n: int = 10) -> ReconstructionsDisplay:
        """Draw the first ``n`` images of each group."""
        self.figure_ = plot_reconstructions(self.groups, n, self.value_range)
        return self

    @classmethod
    def from_estimator(cls, detector: Any, X: Any, y: Any = None, n: int = 10) -> ReconstructionsDisplay:
        """Reconstruct and score X.

        Parameters
        ----------
        detector, X, y
            As in :meth:`ScoresDisplay.from_estimator`.
        n
            Maximum number of images shown of each group.

        Raises
        ------
        InputError
            If the samples are rows, or there are not as many labels as samples, or ``n`` is below 1.
        """
        check_count("n", n)
        x = images_of(detector, X).x.numpy()
        parts = [x, detector.reconstruct(x), detector.score_samples(x)]
        groups = {
            name: (parts[0][mask], parts[1][mask], parts[2][mask]) for name, mask in masks(len(x), y).items()
        }
        return cls(groups, value_range(x)).plot(n)


@dataclass
class MapDisplay:
    """Images, their reconstructions and their anomaly maps, with boxes around the regions above the map's threshold.

    Parameters
    ----------
    images
        (n, C, H, W).
    reconstructions
        The same, or None where the networks reconstruct no images.
    maps
        (n, H, W), all drawn on the same scale.
    value_range
        The values drawn black and white.
    threshold
        Of the maps; None without one.
    sizes
        Height and width (n, 2) of the images as they were given, in which they are drawn; None for those here.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure.
    """

    images: np.ndarray
    reconstructions: np.ndarray | None
    maps: Float[np.ndarray, "n h w"]
    value_range: tuple[float, float]
    threshold: float | None = None
    sizes: Int[np.ndarray, "n 2"] | None = None
    figure_: Figure = field(init=False)

    def plot(self) -> MapDisplay:
        """Draw the figure."""
        scale = heat_scale(self.maps, self.threshold)
        pixels = [as_pixels(image, *self.value_range) for image in self.images]
        rows = {"x": pixels}
        if self.reconstructions is not None:
            rows["G(E(x))"] = [as_pixels(image, *self.value_range) for image in self.reconstructions]
        rows["map"] = [heated(p, heat, *scale) for p, heat in zip(pixels, self.maps, strict=True)]
        self.figure_ = plot_reconstruction_rows(
            {name: np.stack(row).transpose(0, 3, 1, 2) for name, row in rows.items()}, sizes=self.sizes
        )
        if self.threshold is not None:
            own = [heat.shape for heat in self.maps] if self.sizes is None else self.sizes.tolist()
            for axis, heat, size in zip(self.figure_.axes[-len(pixels) :], self.maps, own, strict=True):
                for x, y, width, height, *_ in find_regions(heat, self.threshold, tuple(size)):
                    # The middle of the first pixel is at 0.
                    axis.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, fill=False, edgecolor=BOX))
        return self

    @classmethod
    def from_estimator(cls, detector: Any, X: Any, n: int = 10) -> MapDisplay:
        """Draw the maps of the first ``n`` images of X.

        Parameters
        ----------
        detector, X
            As in :meth:`ScoresDisplay.from_estimator`.
        n
            Maximum number of images shown.

        Raises
        ------
        InputError
            If the samples are rows, or ``n`` is below 1.
        """
        check_count("n", n)
        samples = images_of(detector, X)
        samples = samples.select(range(min(n, len(samples))))
        reconstructions = detector.reconstruct(samples) if detector.kind_.shows_reconstructions else None
        maps, x = detector.anomaly_map(samples), samples.x.numpy()
        return cls(x, reconstructions, maps, value_range(x), detector.map_threshold, samples.sizes).plot()


@dataclass
class TrainingDisplay:
    """The losses of a training.

    Parameters
    ----------
    history
        ``history_`` of a fitted detector.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure.
    """

    history: list[dict[str, int | float]]
    figure_: Figure = field(init=False)

    def plot(self) -> TrainingDisplay:
        """Draw the figure."""
        self.figure_ = plot_training(self.history)
        return self

    @classmethod
    def from_estimator(cls, detector: Any) -> TrainingDisplay:
        """Draw the training of a fitted detector.

        Raises
        ------
        InputError
            If nothing was trained.
        """
        if not detector.history_:
            raise InputError(f"{type(detector).__name__} has no training to draw")
        return cls(detector.history_).plot()


def masks(n: int, y: Any) -> dict[str, np.ndarray]:
    """A boolean mask (n,) for each group, normal samples before anomalies.

    Parameters
    ----------
    n
        Number of samples.
    y
        The group of each sample; None for a single group.

    Raises
    ------
    InputError
        If there are not as many labels as samples.
    """
    if y is None:
        return {"samples": np.ones(n, dtype=bool)}
    labels = np.array([str(label) for label in y])
    if len(labels) != n:
        raise InputError(f"y holds {len(labels)} labels for {n} samples")
    found = list(dict.fromkeys(labels))
    names = CLASSES if set(found) <= set(CLASSES) else {}
    return {names.get(label, label): labels == label for label in sorted(found, key=lambda k: (k == "-1", k))}


def grouped(values: np.ndarray, y: Any) -> dict[str, np.ndarray]:
    """The values of each group of :func:`masks`."""
    return {name: values[mask] for name, mask in masks(len(values), y).items()}


def images_of(detector: Any, X: Any) -> Samples:
    """X as raw images.

    Raises
    ------
    InputError
        If the samples are rows.
    """
    if not detector.kind_.pictured:
        scored = described(detector.shape_, detector.encoding_)
        raise InputError(f"only images can be shown, but this detector scores {scored}")
    return as_samples(detector, X, reset=False)
