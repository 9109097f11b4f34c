"""A few kills of each kind; ``make kill`` does as many as one likes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from children import environment


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_whatever_is_killed_leaves_the_older_or_the_newer_and_comes_to_its_end():
    # A process of its own: it forks, which is safe only before threads have worked.
    done = subprocess.run(
        [sys.executable, "-W", "ignore:a false-alarm rate", "-m", "kill", "--count", "8", "--seed", "0"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    words = done.stdout.splitlines()[-1].split()
    assert words[:5] == ["seed", "0:", "8", "pieces", "of"]
    assert int(words[words.index("kills,") - 1]) > 2
