"""Vectors as Python, JSON and NumPy write them: "[0.1, 0.2]", "[0.1 0.2]"."""

from __future__ import annotations

import re

VECTOR = re.compile(r"\s*[\[{]\s*[+-]?\.?\d[\d.eE+-]*[\s,;][\d\s.,;eE+-]*[\]}]\s*")
BETWEEN = re.compile(r"[\s,;]+")


def vector(text: str) -> list[float] | None:
    """The numbers of a vector in text, two or more; None if it is none."""
    if VECTOR.fullmatch(text) is None:
        return None
    try:
        return [float(number) for number in BETWEEN.split(text.strip(" \t\r\n[]{},;"))]
    except ValueError:  # such as 1.2.3
        return None
