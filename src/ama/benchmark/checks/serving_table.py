"""The table of ``ama benchmark serving``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HEAD = """\
| images | a request | images/s | of `ama score` | p50, ms | p99, ms | errors |
| --- | --- | --- | --- | --- | --- | --- |"""


def serving_table(records: Sequence[dict[str, Any]]) -> str:
    """The loads of each kind of image, in Markdown; of several records of a kind the latest counts."""
    lines = [HEAD]
    for record in {record["images"]: record for record in records}.values():
        score = record["score"]["images_per_second"]
        lines.append(f"| {record['images']} | `ama score` | {score:,} | | | | |")
        for found in (record["one"], record["many"]):
            lines.append(
                f"| {record['images']} | {found['images_per_request']} | {found['images_per_second']:,.0f} | "
                f"{found['images_per_second'] / score:.0%} | {found['p50_ms']:.1f} | {found['p99_ms']:.1f} | "
                f"{found['errors']} |"
            )
    return "\n".join(lines) + "\n"
