"""The measured speed as the Markdown tables of docs/results/performance.md."""

from __future__ import annotations

import json
from typing import Any


def speed_table(rows: list[dict[str, Any]]) -> str:
    """Tables of training, of scoring and of the compact preset, the start times, and the machine's peak rates."""
    parts = [
        *_table("training", "ms a step", ("step_ms", "reference_step_ms"), rows),
        *_table("scoring", "images a second", ("images_per_second", "reference_images_per_second"), rows),
    ]
    parts += _presets(rows)
    parts += [
        f"`ama --help`: {row['help_seconds']:.2f} s; `ama score` on ten images: "
        f"{row['score_10_images_seconds']:.2f} s."
        for row in rows
        if row["kind"] == "start"
    ]
    if rows and "peaks" in rows[0]:
        parts.append(f"Peaks, in 10^9 operations a second: {json.dumps(rows[0]['peaks'])}")
    return "\n".join(parts)


def _presets(rows: list[dict[str, Any]]) -> list[str]:
    chosen = [row for row in rows if row["kind"] == "preset"]
    if not chosen:
        return []
    lines = ["| compact preset, a step | ms | before | times faster |", "| --- | --- | --- | --- |"]
    for row in chosen:
        case = (
            f"{row['case'].removeprefix('preset, ')}, {row['precision']}{', as auto chooses' * row['auto']}"
        )
        lines.append(
            f"| {case} | {row['step_ms']:,.1f} | {row['step_ms_before']:,.1f} | {row['ratio']:.2f} |"
        )
    return [*lines, ""]


def _table(kind: str, unit: str, keys: tuple[str, str], rows: list[dict[str, Any]]) -> list[str]:
    chosen = [row for row in rows if row["kind"] == kind]
    if not chosen:
        return []
    lines = [
        f"| {kind} | {unit} | reference | times faster | images a second | GFLOP an image (reference) "
        "| fraction of peak | GiB resident |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in chosen:
        ours, theirs = (row[key] for key in keys)
        chosen_by = ", as auto chooses" if row["auto"] else ""
        lines.append(
            f"| {row['case']}, {row['precision']}{chosen_by} | {ours:,.1f} | {theirs:,.1f} "
            f"| {row['ratio']:.2f} | {row['images_per_second']:,.0f} | {row['gflop_per_image']:.3f} "
            f"({row['reference_gflop_per_image']:.3f}) "
            f"| {row['fraction_of_peak']:.0%} | {row['peak_resident_gib']:.2f} |"
        )
    return [*lines, ""]
