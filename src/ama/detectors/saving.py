"""Saving a detector to a model folder, and loading it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_type_hints

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ama.data.encoding.table_encoding import TableEncoding
from ama.data.samples import count, described
from ama.decision import conformal
from ama.errors import ModelFolderError
from ama.errors import sentence as shortened
from ama.io.given_paths import given_path
from ama.io.model_folder import CONFIG, WEIGHTS
from ama.io.model_reader import load_model
from ama.io.model_writer import save_model
from ama.io.storable import Storable
from ama.io.typed_values import check_values
from ama.scores.kinds.factory import kind_of
from ama.utils.class_paths import may_be_one, own_paths
from ama.utils.declarations import check

LONGEST_HISTORY = 20_000
LONGEST_REASON = 80  # characters of an error that a library raised
# Numbers in a sample of a model that is smaller: photographs have up to 3 x 4,096 x 4,096.
LARGEST_SAMPLE = 2**26
# Of a sample in the middle of the normal ones; a fitted model's are below a few thousand.
LARGEST_SCORE = 1e30
Self = TypeVar("Self", bound="SavedEstimator")


class SavedEstimator(BaseEstimator):
    """An estimator around a :class:`ama.io.storable.Storable` that is kept in a model folder."""

    # The class of the model in the folder.
    _model_class: ClassVar[type[Storable]]

    model_: Any
    false_alarm_rate: float
    false_alarm_rate_: float
    columns_: list[str] | None
    encoding_: TableEncoding | None
    learned_from_: str
    held_out_from_: str | None = None
    offset_: float
    n_steps_: int
    precision_: str | None
    fit_seconds_: float
    history_: list[dict[str, Any]]
    versions_: dict[str, str]
    _device: Callable[[], str]

    def save(self, folder: str | Path) -> None:
        """Write the model folder, whole or not at all.

        Raises
        ------
        InputError
            If ``folder`` is no path.
        ModelFolderError
            If it cannot be written, ``folder`` holds something other than a model, or ``false_alarm_rate`` was changed
            without its threshold.
        """
        check_is_fitted(self)
        kept = copy.copy(self)  # another thread may calibrate meanwhile
        kept.check_threshold()
        save_model(kept.model_, given_path(folder, "folder"), kept._record())

    @classmethod
    def load(cls: type[Self], folder: str | Path, device: str = "auto") -> Self:
        """The detector saved at ``folder``; see :func:`ama.load`."""

        def this_class(name: str) -> type[Self]:
            if name != cls.__name__:
                raise ModelFolderError(
                    f"{folder} holds a {name}, not a {cls.__name__}: load it by {name}.load, or by ama.load if "
                    "that is a class of ama"
                )
            return cls

        return load_detector(given_path(folder, "folder"), device, this_class)

    def __getstate__(self) -> dict[str, Any]:
        # A copy: another thread may calibrate while the attributes are pickled one by one.
        return dict(super().__getstate__())

    def _classes(self) -> list[tuple[str, type]]:
        """The classes that the folder names, and by which names."""
        return [(type(self).__name__, type(self))]

    def _record(self) -> dict[str, Any]:
        """What ``config.json`` holds beside the model's description, as JSON types."""
        names = getattr(self, "feature_names_in_", None)
        return {
            "method": type(self).__name__,
            **({"classes": own} if (own := own_paths(self._classes())) else {}),
            "ama_version": self.versions_["ama"],
            "parameters": {name: _plain(value) for name, value in self.get_params().items()},
            "learned_from": self.learned_from_,
            "held_out_from": self.held_out_from_,
            "columns": self.columns_,
            "feature_names": None if names is None else list(names),
            **({} if self.encoding_ is None else {"encoding": self.encoding_.to_json()}),
            "offset": self.offset_,
            "steps": self.n_steps_,
            "training_precision": self.precision_,
            "seconds": round(self.fit_seconds_, 3),
            "versions": self.versions_,
            # Of very many steps, losses far enough apart to be read again.
            "history": self.history_[:: 1 + len(self.history_) // LONGEST_HISTORY],
        }

    def _restore(self, model: Any, config: dict[str, Any]) -> None:
        self.model_ = model.to(self._device())
        self.shape_, self.columns_ = model.shape, config["columns"]
        self.encoding_ = _encoding(config, model.shape)
        names = config["feature_names"]
        kind = kind_of(model.shape)
        n_columns = model.shape[0] if self.encoding_ is None else len(self.encoding_)
        for known in (self.columns_, names):
            if known is not None and (kind.pictured or len(known) != n_columns):
                what = described(model.shape, self.encoding_)
                raise ValueError(f"it names {count(len(known), 'column')} for {what}")
        if not kind.pictured:
            self.n_features_in_ = n_columns
            if names is not None:
                self.feature_names_in_ = np.asarray(names, dtype=object)
        self.offset_, self.n_steps_ = float(config["offset"]), config["steps"]
        self.false_alarm_rate_ = self.false_alarm_rate
        self.precision_ = config["training_precision"]
        self.history_, self.fit_seconds_ = config["history"], float(config["seconds"])
        self.versions_ = config["versions"]
        self.learned_from_, self.held_out_from_ = config["learned_from"], config.get("held_out_from")
        self.check_threshold()

    def check_threshold(self) -> None:
        """Refuse a threshold that is not that of the false-alarm rate.

        Raises
        ------
        ModelFolderError
            If it is another.
        """
        calibration = self.model_.calibration.cpu()
        if not len(calibration):
            raise ModelFolderError("the model has no calibration scores")
        expected = conformal.offset(calibration, self.false_alarm_rate)
        if not math.isclose(self.offset_, expected, rel_tol=1e-9, abs_tol=1e-12):
            raise ModelFolderError(
                f"offset_ is {self.offset_:g}, but the threshold of false_alarm_rate {self.false_alarm_rate:g} is "
                f"{expected:g}: set_threshold sets both"
            )


def _encoding(config: dict[str, Any], shape: tuple[int, ...]) -> TableEncoding | None:
    """The encoding of a model's columns, if it has one.

    Raises
    ------
    ValueError
        One sentence about the first thing in it that is wrong.
    """
    if "encoding" not in config:
        return None
    encoding = TableEncoding.from_json(config["encoding"])
    if shape != (encoding.width,):
        raise ValueError(
            f"its encoding makes {count(encoding.width, 'number')} of a row, expected its shape {shape}"
        )
    return encoding


def load_detector(folder: Path, device: str, class_of: Callable[[str], type[Self]]) -> Self:
    """The detector of a model folder.

    Parameters
    ----------
    folder
        A model folder.
    device
        "auto", "cpu" or "cuda": where to score.
    class_of
        The class of a detector by its name.

    Raises
    ------
    InputError
        If there is no such device.
    ModelFolderError
        If the folder is missing, truncated, altered, foreign, or from another version.
    """
    model, config = load_model(folder, lambda config: class_of(config["method"])._model_class)
    detector_class, given = class_of(config["method"]), config["parameters"]
    try:
        check_values(given, get_type_hints(detector_class.__init__), "parameters")
        check(given, detector_class)
    except ValueError as error:
        raise ModelFolderError(f"{folder / CONFIG} does not describe a detector: {error}") from error
    check({"device": device}, detector_class)
    detector = detector_class(**{**given, "device": device})
    detector._device()  # whether there is one is no matter of the folder
    try:
        detector._restore(model, config)
    except ValueError as error:
        raise ModelFolderError(f"{folder / CONFIG} does not describe a detector: {error}") from error
    _check_classes(detector, config, folder)
    _check_scores(detector.model_, folder)
    return detector


def _check_classes(detector: Any, config: dict[str, Any], folder: Path) -> None:
    """Refuse a class of the user's own that only has the name of the one that was saved."""
    stored = config.get("classes", {})
    for name, path in own_paths(detector._classes()).items():
        if not may_be_one(stored.get(name, path), path):
            raise ModelFolderError(
                f"{folder} was saved with {stored[name]}, and {name} is {path} here: if that is the same class, moved, "
                f"say so in 'classes' of {CONFIG}"
            )


def _check_scores(model: Any, folder: Path) -> None:
    """Refuse statistics that are not those of the networks, by the scores of a sample."""
    sentence = f"the statistics of {folder / WEIGHTS} do not fit its networks"
    if math.prod(model.shape) > max(LARGEST_SAMPLE, sum(t.numel() for t in model.state_dict().values())):
        raise ModelFolderError(f"{sentence}: a sample of {kind_of(model.shape).describe()} is too large")
    try:
        scores = model.trial(model.middle())
        conformal.p_value(scores["score"].cpu(), model.calibration.cpu())
    except Exception as error:  # whatever they make of statistics that nobody fitted
        reason = shortened(f"{type(error).__name__}: {error}", LONGEST_REASON)
        raise ModelFolderError(f"{sentence}: {reason}") from error
    for name, score in scores.items():
        if not score.abs().max() < LARGEST_SCORE:
            raise ModelFolderError(f"{sentence}: the {name} of an ordinary sample is {score.max():g}")


def _plain(value: Any) -> Any:
    """A parameter as JSON; a random state other than a number is not repeatable and becomes None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else None
