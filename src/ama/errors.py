"""What goes wrong, told apart by whose turn it is to act."""

from __future__ import annotations


class InputError(ValueError):
    """The user's call or data is not usable; the message is one sentence that says what to change."""


class ModelFolderError(InputError):
    """A model folder is missing, damaged, foreign, or newer than this version."""


class DivergenceError(RuntimeError):
    """Training left the finite numbers or learned nothing; no model was made."""
