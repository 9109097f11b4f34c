"""Pictures of a detector, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from ama.utils.extras import needs_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class PlottingMixin:
    """The pictures that every detector has."""

    def plot_scores(self, X: Any, y: Any = None) -> Figure:
        """Histogram of the scores of X and the threshold; see :class:`ama.report.displays.ScoresDisplay`.

        Parameters
        ----------
        X
            As in :meth:`score_samples`.
        y
            The group of each sample, such as +1 and -1.
        """
        with needs_extra("report"):
            from ama.report.displays import ScoresDisplay

        return ScoresDisplay.from_estimator(self, X, y).figure_

    def plot_training(self) -> Figure:
        """The losses of the training; see :class:`ama.report.displays.TrainingDisplay`.

        Raises
        ------
        InputError
            If nothing was trained.
        """
        with needs_extra("report"):
            from ama.report.displays import TrainingDisplay

        check_is_fitted(self)
        return TrainingDisplay.from_estimator(self).figure_


class MapPlottingMixin:
    """The picture of a detector that has anomaly maps of images."""

    def plot_map(self, X: Any, n: int = 10) -> Figure:
        """The anomaly maps of the first images of X; see :meth:`anomaly_map`.

        Raises
        ------
        InputError
            If the samples are rows.
        """
        with needs_extra("report"):
            from ama.report.displays import MapDisplay

        return MapDisplay.from_estimator(self, X, n).figure_


class ImagePlottingMixin(MapPlottingMixin):
    """The pictures of a detector that reconstructs images."""

    def plot_reconstructions(self, X: Any, y: Any = None, n: int = 10) -> Figure:
        """Images above their reconstructions; see :class:`ama.report.displays.ReconstructionsDisplay`.

        Parameters
        ----------
        X
            Images, as in :meth:`score_samples`.
        y
            The group of each, such as +1 and -1.
        n
            Images of each group that are shown.

        Raises
        ------
        InputError
            If the samples are rows.
        """
        with needs_extra("report"):
            from ama.report.displays import ReconstructionsDisplay

        return ReconstructionsDisplay.from_estimator(self, X, y, n).figure_
