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
        If it is neither text nor a path, or empty, which would be the current folder.
    """
    if isinstance(value, str) and not value:
        raise InputError(f"{name} is empty, expected a path: '.' is the current folder")
    try:
        return Path(value)
    except TypeError:
        raise InputError(f"{name} must be text or a pathlib.Path, found {as_written(value)}") from None
