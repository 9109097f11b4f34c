"""Paths that a user passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ama.errors import InputError, as_written


def given_path(value: Any, name: str) -> Path:
    """An argument as a path.

    Parameters
    ----------
    value
        What the user passed.
    name
        Of the argument, for messages.

    Raises
    ------
    InputError
        If it is neither text nor a path.
    """
    try:
        return Path(value)
    except TypeError:
        raise InputError(f"{name} must be text or a pathlib.Path, found {as_written(value)}") from None
