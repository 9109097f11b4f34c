"""Exceptions: mistakes in a call or in the data, and runs that failed."""

from __future__ import annotations


class InputError(ValueError):
    """A call or its data cannot be used; the message is one sentence that says what to change."""


class ModelFolderError(InputError):
    """A model folder is missing, damaged, foreign, or newer than this version."""


class DivergenceError(RuntimeError):
    """Training diverged or learned nothing, and made no model."""
