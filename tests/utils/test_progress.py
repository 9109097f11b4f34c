"""Progress bars in a real notebook and into a real pipe, and phases that count what is done in them."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.utils.progress import advance, counting, inner_phase, phase, progress_bar, showing

BAR = """
from ama.utils.progress import progress_bar

with progress_bar({show}, total=7, desc="walking", unit="step") as bar:
    bar.update(7)
"""


def said(cell):
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream")


def test_a_notebook_shows_the_bar_and_no_warning(run_notebook):
    shown = {None: True, True: True, False: False}
    cells = run_notebook([BAR.format(show=show) for show in shown])
    for cell, seen in zip(cells, shown.values(), strict=True):
        assert ("walking: 100%" in said(cell)) is seen
        assert "7/7" in said(cell) or not seen
        assert "Warning" not in said(cell)


@pytest.mark.parametrize(("show", "seen"), [(None, False), (True, True), (False, False)])
def test_a_pipe_gets_no_bar_unless_it_is_asked_for(show, seen):
    code = [sys.executable, "-c", BAR.format(show=show)]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert ("walking: 100%" in done.stderr) is seen


PHASE = """
import time
import ama.utils.progress as progress

progress.DELAY = {delay}
with progress.phase({show}, 4, "looking", "image"):
    progress.advance(3)
    with progress.phase({show}, 2, "inside"):
        for _ in range(5):
            progress.advance()
    progress.advance(9)
"""


@pytest.mark.parametrize(
    ("show", "delay", "seen"), [(True, 0, True), (True, 60, False), (None, 0, False), (False, 0, False)]
)
def test_a_phase_counts_what_advances_in_it_and_shows_a_bar_if_it_takes_long(show, delay, seen):
    code = [sys.executable, "-c", PHASE.format(show=show, delay=delay)]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert [text in done.stderr for text in ("4/4", "2/2")] == [seen] * 2
    assert seen or not done.stderr


@given(st.integers(0, 20), st.lists(st.integers(0, 9)))
def test_a_bar_never_moves_beyond_its_samples_and_ends_at_the_last(total, steps):
    with progress_bar(True, total=total, file=io.StringIO()) as bar:
        with counting(bar, total) as counter:
            for step in steps:
                advance(step)
                assert counter.done == bar.n <= total
            counter.reach(0)
            assert bar.n == min(total, sum(steps))
        assert bar.n == total
        advance()
        assert bar.n == total


def test_a_phase_that_fails_leaves_the_outer_one_counting():
    with progress_bar(True, total=9, file=io.StringIO()) as bar, counting(bar, 9):
        with contextlib.suppress(ZeroDivisionError), phase(False, 5, "failing"):
            advance(2)
            raise ZeroDivisionError
        advance()
        assert bar.n == 1


@pytest.mark.parametrize("shown", [True, False])
def test_an_inner_phase_is_shown_if_what_calls_it_says_so(shown, capsys, monkeypatch):
    monkeypatch.setattr("ama.utils.progress.DELAY", 0.0)
    with showing(shown), inner_phase(3, "inside", "step"):
        advance(2)
    assert ("inside: 100%" in capsys.readouterr().err) is shown
    with contextlib.suppress(ZeroDivisionError), showing(shown):
        raise ZeroDivisionError
    with inner_phase(3, "outside", "step"):
        advance(3)
    assert not capsys.readouterr().err
