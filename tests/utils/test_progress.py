"""Progress bars in a real notebook and into a real pipe."""

from __future__ import annotations

import subprocess
import sys

import pytest

BAR = """
from ama.utils.progress import progress_bar

with progress_bar({show}, total=7, desc="walking", unit="step") as bar:
    bar.update(7)
"""


def said(cell):
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream")


@pytest.mark.parametrize(("show", "seen"), [(None, True), (True, True), (False, False)])
def test_a_notebook_shows_the_bar_and_no_warning(run_notebook, show, seen):
    [cell] = run_notebook([BAR.format(show=show)])
    assert ("walking: 100%" in said(cell)) is seen
    assert "7/7" in said(cell) or not seen
    assert "Warning" not in said(cell)


@pytest.mark.parametrize(("show", "seen"), [(None, False), (True, True), (False, False)])
def test_a_pipe_gets_no_bar_unless_it_is_asked_for(show, seen):
    code = [sys.executable, "-c", BAR.format(show=show)]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert ("walking: 100%" in done.stderr) is seen
