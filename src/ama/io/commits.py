"""The commit that the package runs from."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from ama.errors import InputError

PACKAGE = Path(__file__).parents[1]
CHANGED = "-dirty"  # git's own word


@cache
def commit() -> str | None:
    """12 digits of the commit, with "-dirty" if a file of the package differs; None outside of its repository."""
    digits = _git("rev-parse", "--short=12", "HEAD")
    # In an environment within a repository, that is the one of another project, which does not track the package.
    if digits is None or _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    return digits + (CHANGED if _git("status", "--porcelain", "--", ".") else "")


def check_committed(path: Path) -> None:
    """Refuse to add to a results file of the repository what no commit reproduces.

    Raises
    ------
    InputError
        If the file is in the repository, and the package differs from its last commit.
    """
    root = _git("rev-parse", "--show-toplevel")
    if root is not None and (commit() or "").endswith(CHANGED) and path.resolve().is_relative_to(root):
        raise InputError(
            f"{path} is a results file of the repository, and {PACKAGE} differs from the last commit: commit first, so "
            "that the record names what ran"
        )


def _git(*words: str) -> str | None:
    """What a command of git prints in the package's folder; None if it fails."""
    try:
        done = subprocess.run(["git", *words], cwd=PACKAGE, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
