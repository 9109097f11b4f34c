"""Saving a detector to a model folder, and loading it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ama.errors import ModelFolderError
from ama.io.model_folder import CONFIG, load_model, save_model
from ama.io.storable import Storable
from ama.scores.kinds.factory import kind_of

Self = TypeVar("Self", bound="SavedEstimator")


class SavedEstimator(BaseEstimator):
    """An estimator around a :class:`ama.io.storable.Storable` that is kept in a model folder."""

    # The class of the model in the folder.
    _model_class: ClassVar[type[Storable]]

    model_: Any
    columns_: list[str] | None
    learned_from_: str
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
        ModelFolderError
            If it cannot be written, or ``folder`` holds something other than a model.
        """
        check_is_fitted(self)
        save_model(self.model_, Path(folder), self._record())

    @classmethod
    def load(cls: type[Self], folder: str | Path, device: str = "auto") -> Self:
        """The detector saved at ``folder``; see :func:`ama.load`."""
        model, config = load_model(Path(folder), cls._model_class)
        try:
            detector = cls(**{**config["parameters"], "device": device})
            detector._restore(model, config)
        except (KeyError, TypeError) as error:
            raise ModelFolderError(
                f"{Path(folder) / CONFIG} does not describe a detector: {type(error).__name__}: {error}"
            ) from error
        return detector

    def _record(self) -> dict[str, Any]:
        """What ``config.json`` holds beside the model's description, as JSON types."""
        names = getattr(self, "feature_names_in_", None)
        return {
            "method": type(self).__name__,
            "ama_version": self.versions_["ama"],
            "parameters": {name: _plain(value) for name, value in self.get_params().items()},
            "learned_from": self.learned_from_,
            "columns": self.columns_,
            "feature_names": None if names is None else list(names),
            "offset": self.offset_,
            "steps": self.n_steps_,
            "training_precision": self.precision_,
            "seconds": round(self.fit_seconds_, 3),
            "versions": self.versions_,
            "history": self.history_,
        }

    def _restore(self, model: Any, config: dict[str, Any]) -> None:
        self.model_ = model.to(self._device())
        self.shape_, self.columns_ = model.shape, config["columns"]
        if not kind_of(model.shape).pictured:
            self.n_features_in_ = model.shape[0]
            if config["feature_names"] is not None:
                self.feature_names_in_ = np.asarray(config["feature_names"], dtype=object)
        self.offset_, self.n_steps_ = float(config["offset"]), int(config["steps"])
        self.precision_ = config["training_precision"]
        self.history_, self.fit_seconds_ = config["history"], float(config["seconds"])
        self.versions_ = config["versions"]
        self.learned_from_ = config["learned_from"]


def _plain(value: Any) -> Any:
    """A parameter as JSON; a random state other than a number is not repeatable and becomes None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else None
