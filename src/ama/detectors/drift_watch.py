"""A watch for drift over all runs of a detector, with a bound on false alarms that holds for any number of runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from ama.decision import conformal
from ama.decision.martingale import LEVEL, DriftMartingale
from ama.detectors.base import Detector
from ama.detectors.calibrating import has_absorbed
from ama.detectors.given_scores import as_scores
from ama.errors import InputError
from ama.io.given_paths import given_path
from ama.io.watch_files import FORMAT, check_watch, read_watch, write_watch
from ama.utils.declarations import check_count, check_share
from ama.utils.progress import phase


class WatchVerdict(NamedTuple):
    """What a drift watch has found so far."""

    seen: int  # samples
    runs: int
    log_evidence: float  # natural logarithm of the evidence against "no drift" now; 0 at the start
    log_largest: float  # of the largest so far
    largest_at: int  # the sample after which it was largest, counted from 1
    change: str  # at the alarm or, without one, then: "lower", "higher", "more varied" or "less varied"
    alarm_at: int | None  # the sample at which the evidence reached 1 / level, counted from 1, if it did
    level: float  # share of the streams without drift that ever alarm, at most
    from_held_out: bool  # whether the stream is compared with held-out samples, or its own earlier ones alone


class DriftWatch:
    """Watches the scores of a stream of samples; see :mod:`ama.decision.martingale`.

    The bound holds for a stream whose scores are exchangeable with those of the held-out normal samples, such as normal
    samples in random order. An alarm means that they are not: normal data have changed, there are many anomalies, or
    samples resemble those next to them, as frames of a video do.

    Where the score has learned from the held-out samples after they calibrated (``nearest_rows``), new samples score
    higher than those, so the stream is compared with its own earlier samples alone.

    Parameters
    ----------
    detector
        A fitted detector. After ``calibrate`` a new watch is needed.
    level
        Share of the streams without drift that ever alarm, at most; between 0 and 1, both excluded.
    seed
        Of ties, and of which scores are remembered; from 0.

    Raises
    ------
    InputError
        If ``level`` or ``seed`` is not as said.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import ama
    >>> from ama.detectors.drift_watch import DriftWatch
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ama.AMADetector(max_steps=20, random_state=0).fit(X[y < 5])
    >>> watch = DriftWatch(detector)
    >>> watch.update(detector.score_samples(X[y >= 5])).seen
    896
    """

    def __init__(self, detector: Detector, level: float = LEVEL, seed: int = 0):
        check_is_fitted(detector)
        check_share("level", level)
        check_count("seed", seed, 0)
        self.detector, self.runs = detector, 0
        # The file that it continues, and what that held when it was last read or written.
        self._kept: tuple[Path, dict[str, Any] | None] | None = None
        self.martingale = DriftMartingale(held_out_scores(detector), level, seed)

    def update(self, scores: Any) -> WatchVerdict:
        """Feed the scores of a run, in the order of the samples.

        Parameters
        ----------
        scores
            What ``score_samples`` returned (n,). Of samples that share a score, as in a group of ``Typicality``, one
            counts.

        Raises
        ------
        InputError
            If they are not finite numbers in one axis; none of the run is then counted.
        """
        scores = self.detector.independent(as_scores(scores))
        with phase(self.detector.progress, len(scores), "drift watch"):
            try:
                self.martingale.update(scores)
            except ValueError as error:
                raise InputError(str(error)) from error
        self.runs += 1
        return self.verdict()

    def verdict(self) -> WatchVerdict:
        """What has been found so far."""
        m = self.martingale
        found = (m.log_evidence, m.log_largest, m.largest_at, m.change, m.alarm_at, m.level)
        return WatchVerdict(m.seen, self.runs, *found, bool(m.n_reference))

    def state_dict(self) -> dict[str, Any]:
        """Everything that later runs need, as JSON types."""
        return {
            "format": FORMAT,
            "calibration_sha256": _fingerprint(self.detector),
            "runs": self.runs,
            **self.martingale.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state of a watch of the same detector; level and seed become those of the state.

        Raises
        ------
        InputError
            If it belongs to another model or calibration, or its values cannot be those of a watch.
        """
        try:
            check_watch(state)
            if state["calibration_sha256"] == _fingerprint(self.detector):
                self.martingale.load_state_dict(state)
                self.runs = state["runs"]
                return
        except (ValueError, OverflowError) as error:
            raise InputError(f"it is no state of a drift watch, or damaged: {error}") from error
        raise InputError(
            "the drift watch belongs to another model, or to this one before it was calibrated anew: start a new one"
        )

    @classmethod
    def open(cls, detector: Detector, path: str | Path) -> DriftWatch:
        """Continue the watch of a file, or start one if there is no such file.

        Raises
        ------
        InputError
            If the file cannot be read, is damaged, or belongs to another model or calibration.
        """
        watch = cls(detector)
        place = given_path(path, "path")
        if (state := read_watch(place)) is not None:
            try:
                watch.load_state_dict(state)
            except InputError as error:
                raise InputError(f"{path} cannot be continued: {error}") from error
        watch._kept = place.resolve(), state
        return watch

    def save(self, path: str | Path) -> None:
        """Write the state to a file, whole or not at all.

        Raises
        ------
        InputError
            If it cannot be written; or if another run has written the file since this watch was opened from it.
        """
        place, state = given_path(path, "path"), self.state_dict()
        file = place.resolve()
        if (
            self._kept is not None
            and self._kept[0] == file
            and read_watch(place) not in (None, self._kept[1])
        ):
            raise InputError(
                f"another run has written {path} since this watch was opened from it, and would be lost: open it "
                "again, and feed it the scores of this run"
            )
        write_watch(place, state)
        self._kept = file, state


def held_out_scores(detector: Detector) -> Float[np.ndarray, " m"]:
    """Scores with which those of new normal samples are exchangeable: of the held-out ones, without the slack.

    Empty where a term of the score has absorbed the held-out samples: new ones then score higher than those did.
    """
    model = detector.model_
    if has_absorbed(model):
        return np.zeros(0)
    return conformal.scores_behind(model.calibration.cpu(), model.arithmetic).numpy()


def _fingerprint(detector: Detector) -> str:
    return hashlib.sha256(detector.model_.calibration.cpu().double().numpy().tobytes()).hexdigest()
