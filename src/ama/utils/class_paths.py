"""Where classes of a user's own are defined, which tells two of one name apart."""

from __future__ import annotations

from collections.abc import Iterable

MAIN = ("__main__.", "__mp_main__.")  # modules of a script, whatever its file is


def own_paths(classes: Iterable[tuple[str, type]]) -> dict[str, str]:
    """Module and name of each class that is none of ama's, by what it is known as."""
    return {
        name: f"{found.__module__}.{found.__qualname__}"
        for name, found in classes
        if found.__module__.partition(".")[0] != "ama"
    }


def may_be_one(path: str, other: str) -> bool:
    """Whether two paths may be of one class: of a script and a module, or of a package and one that holds it."""
    for main in MAIN:
        path, other = path.removeprefix(main), other.removeprefix(main)
    return f".{path}".endswith(f".{other}") or f".{other}".endswith(f".{path}")
