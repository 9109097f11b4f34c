"""The text of a Markdown table: its lines and its numbers."""

from __future__ import annotations

NOT_RUN = "not run"


def line(*texts: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(texts)} |"


def head(*titles: str) -> list[str]:
    """The first two lines of a table."""
    return [line(*titles), line(*["---"] * len(titles))]


def published(value: float | None) -> str:
    """A published number, or a dash if there is none."""
    return "-" if value is None else f"{value:.3f}"
