"""Threshold and p-values from new normal samples, without training: instead of the held-out ones or in addition."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from ama.data.images.inspection_folders import part_to_calibrate
from ama.data.normal_labels import IN_PYTHON, all_taken_as_normal
from ama.decision import conformal
from ama.detectors.inputs import as_samples
from ama.utils.declarations import check, check_count, check_switch
from ama.utils.user_warnings import warn_user

REMEDY = "calibrate it on more normal samples"
REMEDY_AT_FIT = "give more samples or a larger held_out (--held-out)"
Self = TypeVar("Self", bound="CalibratingMixin")
# Scores, also in float32, and largest values of maps; the oldest first.
CALIBRATION = ("calibration", "float32_calibration", "map_calibration")


class CalibratingMixin:
    """The method ``calibrate``.

    Attributes
    ----------
    n_added_ : int
        Number of scores that the latest calibration added or, without ``append``, of those that replaced the former.
    """

    model_: Any
    n_added_: int
    false_alarm_rate: float
    false_alarm_rate_: float
    progress: bool | None

    def calibrate(
        self: Self,
        X: Any,
        false_alarm_rate: float | None = None,
        *,
        append: bool = False,
        window: int | None = None,
    ) -> Self:
        """Replace the held-out samples behind threshold and p-values by new normal samples; no score changes.

        Parameters
        ----------
        X
            Normal samples, as in :meth:`score_samples`. None of them may have been trained on: such samples score
            higher than new ones, and the guarantee would be lost. A warning says so if it looks like that.
        false_alarm_rate
            Share of normal samples that may be flagged from now on; by default as before.
        append
            Add the new samples to the former ones instead. The guarantee is for samples like all of them together.
        window
            Add them, and keep the scores of the latest N, the new ones in the order of X. The threshold of the maps
            keeps the same share of the former images.

        Raises
        ------
        InputError
            If the rate is not between 0 and 1, ``append`` is no truth value, the window is no whole number from 1, or
            the samples are not like those of the fit.
        """
        rate = self.false_alarm_rate if false_alarm_rate is None else false_alarm_rate
        check({"false_alarm_rate": rate}, type(self))
        check_switch("append", append)
        if window is not None:
            check_count("window", window)
        x = _new_normal_samples(self, X)
        former = {name: getattr(self.model_, name) for name in CALIBRATION if hasattr(self.model_, name)}
        model = self.model_.twin()
        model.calibrate(x, self.progress)
        n_added = len(model.calibration)
        if not has_absorbed(model):
            _warn_of_learned(model.calibration, former["calibration"])
        if append or window is not None:
            _warn_of_repetition(model.calibration, former["calibration"])
            for name, values in appended(former, {n: getattr(model, n) for n in former}, window).items():
                setattr(model, name, values)
        others = dict.fromkeys(("false_alarm_rate", "false_alarm_rate_"), rate) | {"held_out_from_": None}
        # All at once, as an interruption or another thread, which scores, saves or copies, must find nothing half done.
        vars(self).update(model_=model, offset_=self._offset(model, rate), n_added_=n_added, **others)
        return self

    @property
    def guaranteed_rate(self) -> float:
        """Share of normal samples that is flagged at most, on average: the rate asked for, if it is within reach."""
        check_is_fitted(self)
        return conformal.reachable_rate(len(self.model_.calibration), self.false_alarm_rate_)

    def _offset(self, model: Any, false_alarm_rate: float, remedy: str = REMEDY) -> float:
        """The threshold of a model; a warning says if it has too few held-out samples for the rate, and the remedy."""
        calibration, needed = model.calibration, conformal.samples_needed(false_alarm_rate)
        if len(calibration) < needed:
            warn_user(
                f"a false-alarm rate of {false_alarm_rate:g} needs {needed} held-out normal samples, found "
                f"{len(calibration)}: the threshold is set for {1 / (len(calibration) + 1):.3g}; {remedy}"
            )
        return conformal.offset(calibration.cpu(), false_alarm_rate)


def _new_normal_samples(detector: Any, X: Any) -> Tensor:
    """X as samples; a warning says what is read of a folder, and that labels decide nothing."""
    check_is_fitted(detector)
    X, remark = part_to_calibrate(X)
    if remark is not None:
        warn_user(remark)
    samples = as_samples(detector, X, reset=False)
    if (unheeded := all_taken_as_normal(samples, IN_PYTHON)) is not None:
        warn_user(unheeded)
    return samples.x


def has_absorbed(model: Any) -> bool:
    """Whether a term of the score has absorbed the samples of the calibration: new ones score higher than those did."""
    return any(model.terms[name].absorbs for name in getattr(model, "deciding", ()))


def appended(
    former: dict[str, Tensor], new: dict[str, Tensor], window: int | None = None
) -> dict[str, Tensor]:
    """Former and new calibration by the names of ``CALIBRATION``, the oldest first, as far as the window goes.

    Of the largest values of maps, which are those of at most 200 of the images, the latest of the former and of the new
    ones stay in the same shares as of the scores, as none says which score is of the same image.
    """
    n_former, n_new = (len(each["calibration"]) for each in (former, new))
    stay_new = n_new if window is None else min(n_new, window)
    stay_former = n_former if window is None else min(n_former, window - stay_new)
    return {
        name: torch.cat([_latest(former[name], stay_former, n_former), _latest(new[name], stay_new, n_new)])
        for name in former
    }


def _latest(values: Tensor, stay: int, of: int) -> Tensor:
    """The same share of the values, rounded up, as ``stay`` of ``of``."""
    return values[len(values) - -(-len(values) * stay // of) :]


def _warn_of_learned(new: Tensor, former: Tensor) -> None:
    found = conformal.drift(new.cpu().numpy(), former.cpu().numpy())
    if found.p_value <= conformal.DRIFT_LEVEL and not found.lower:
        warn_user(
            f"the {len(new)} samples score higher than those behind the threshold before (Kolmogorov-Smirnov test: "
            f"p = {found.p_value:.2g}): if the model learned from them, the guarantee is lost, and new normal samples "
            "are flagged too often",
        )


def _warn_of_repetition(new: Tensor, former: Tensor) -> None:
    if torch.isin(new, former).all():
        warn_user(
            f"each of the {len(new)} added scores equals a former one: the guarantee is lost if the same samples are "
            "added twice",
        )
