"""``--only`` of the benchmarks: the names that contain a text."""

from __future__ import annotations

from collections.abc import Iterable

from ama.errors import InputError


def selected(names: Iterable[str], only: str | None) -> list[str]:
    """The names that contain a text; all of them for None.

    Raises
    ------
    InputError
        If there is none.
    """
    known = list(names)
    found = [name for name in known if only is None or only in name]
    if not found:
        raise InputError(
            f"--only: nothing has {only!r} in its name, expected a part of one of {', '.join(known)}"
        )
    return found
