"""Warnings name the line of the user's program, in a process without the checks of shapes, which add callers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict

LINES = """
from pathlib import Path
import numpy as np
from ama.baselines.neighbours import NearestNeighbours
rows = np.random.default_rng(0).normal(size=(100, 2))
known = np.r_[np.ones(95), -np.ones(5)]
Path("rows.csv").write_text("a,b\\n" + "\\n".join(f"{a},{round(b)} %" for a, b in rows))
NearestNeighbours(held_out=0.3, random_state=2).fit("rows.csv")
detector = NearestNeighbours(held_out=0.3, random_state=2).fit(rows, known)
def within():
    detector.fit(np.r_[rows, [[1e18, 1]]])
within()
""".strip().splitlines()


def test_the_line_that_called_ama_is_named(tmp_path):
    (tmp_path / "lines.py").write_text("\n".join(LINES))
    words = [sys.executable, "-W", "always", "lines.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    warned = re.findall(r"lines\.py:(\d+): UserWarning: (.*)", done.stderr)
    assert len(warned) == done.stderr.count("UserWarning")
    by_line = defaultdict(list)
    for number, text in warned:
        by_line[LINES[int(number) - 1].strip()].append(text)
    # Found while a source is read, in the labels, and in the training.
    told = ("becomes an indicator", "y marks 5 of 100", "column 1 holds 1e+18")
    assert list(by_line) == [line.strip() for line in (*LINES[6:8], LINES[9])]
    for texts, words in zip(by_line.values(), told, strict=True):
        assert any(words in text for text in texts)
