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
