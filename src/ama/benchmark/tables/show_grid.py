"""``ama benchmark show``: results as Markdown, beside what the paper prints. A cell without a result is "not run"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ama.benchmark.tables.compared_methods import FALLING
from ama.benchmark.tables.grid import METHODS_OF, Cell, cells_of, records_of, results_path
from ama.benchmark.tables.published import (
    OTHERS_OF_TABLE_1,
    OTHERS_OF_TABLE_2,
    OWN_OF_TABLE_1,
    OWN_OF_TABLE_2,
    TABLE_1,
    TABLE_2,
    TABLE_2_AVERAGE,
)

NOT_RUN = "not run"
# Column of a table: method, protocol, score.
Column = tuple[str, str, str]
# Scores of a method that show why it has another.
ALONE = ("likelihood", "r_score")
SCORES = {"score": "", "r_score": " (R-score)", "a_score": " (A-score)"}


def show(grid: str, results: str | None) -> str:
    """The tables of a grid.

    Parameters
    ----------
    grid
        A name of :data:`ama.benchmark.tables.grid.GRIDS`.
    results
        Results file; by default ``benchmarks/results/GRID.jsonl``.
    """
    records = records_of(results_path(grid, results))
    cells = cells_of(grid)
    done = sum(cell in records for cell in cells)
    parts = [f"{done} of {len(cells)} cells run."]
    if any(len({cell.seed for cell in cells if _row(cell) == row}) > 1 for row in map(_row, cells)):
        parts.append(_ablations(cells, records))
    elif grid == "minutes":
        parts.append(_by_time(cells, records))
    elif grid.endswith(METHODS_OF):
        base = grid.removesuffix(METHODS_OF)
        found = records_of(results_path(grid, results).with_name(f"{base}.jsonl"))
        parts.append(_by_method([*cells_of(base), *cells], {**found, **records}))
    else:
        parts += [_by_row(cells, records, protocol) for protocol in ("strict", "paper")]
    return "\n\n".join(parts) + "\n"


def _by_row(cells: Sequence[Cell], records: dict[Cell, Any], protocol: str) -> str:
    """A line for each experiment, a column for each method and score."""
    cells = [cell for cell in cells if protocol == "strict" or not cell.strict_only]
    columns: list[Column] = []
    for method in dict.fromkeys(cell.method for cell in cells):
        ours = [r for c, r in records.items() if c.method == method and c in cells]
        scores = ["score", "r_score", "a_score"] if any("r_score" in r[protocol] for r in ours) else ["score"]
        columns += [(method, protocol, score) for score in scores]
    rows = list(dict.fromkeys(map(_row, cells)))
    titles = [f"{method}{SCORES[score]}" for method, _, score in columns]
    lines = [_line(f"AUROC, {protocol} protocol", "paper", *titles), _line(*["---"] * (len(titles) + 2))]
    values = np.full((len(rows), len(columns)), np.nan)
    for i, row in enumerate(rows):
        texts = []
        for j, (method, _, score) in enumerate(columns):
            found = [
                records[c][protocol] for c in cells if _row(c) == row and c.method == method and c in records
            ]
            if not found:
                texts.append(NOT_RUN)
                continue
            auroc = found[0][score]["auroc"]
            values[i, j] = auroc["value"]
            texts.append(f"{auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f})")
        lines.append(_line(row, _printed(_published(cells, row)), *texts))
    averages = [
        f"**{column.mean():.4f}**"
        if np.isfinite(column).all()
        else f"{NOT_RUN}: {np.isnan(column).sum()} missing"
        for column in values.T
    ]
    average = TABLE_2_AVERAGE.get(cells[0].data) if cells[0].against is None else None
    if cells[0].against is None:
        lines.append(_line("**average**", _printed(average), *averages))
    return "\n".join(lines)


def _by_method(cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """A line for each method and for what is printed of it elsewhere, a column for each experiment; strict protocol."""
    rows = list(dict.fromkeys(map(_row, cells)))
    one_class = cells[0].against is None
    of_row = {_row(cell): cell.normal if one_class else (cell.data, cell.against) for cell in cells}
    keys = [of_row[row] for row in rows] + (["average"] if one_class else [])
    titles = [row.split(", ")[1] if one_class else row for row in rows] + (["average"] if one_class else [])
    lines = [_line("AUROC, strict protocol", *titles), _line(*["---"] * (len(titles) + 1))]
    for method in dict.fromkeys(cell.method for cell in cells):
        own = {_row(cell): cell for cell in cells if cell.method == method}
        found = [records[own[row]]["strict"] if own.get(row) in records else None for row in rows]
        names = dict.fromkeys(name for scores in found if scores for name in scores)
        missing = [NOT_RUN if row in own else _printed(None) for row in rows]
        for name in ("score", *(extra for extra in ALONE if extra in names)):
            values = [None if scores is None else scores[name]["auroc"]["value"] for scores in found]
            texts = [f"{value:.3f}" if value is not None else missing[i] for i, value in enumerate(values)]
            if one_class:
                texts.append(
                    NOT_RUN if None in values else f"{np.mean([v for v in values if v is not None]):.3f}"
                )
            title = _title(next(iter(own.values())))
            lines.append(_line(title if name == "score" else f"{title}: {name} alone", *texts))
        for source, printed in _elsewhere(method, cells[0].data, one_class):
            lines.append(_line(f"{method}, {source}", *(_printed(printed.get(key)) for key in keys)))
    return "\n".join(lines)


def _elsewhere(method: str, data: str, one_class: bool) -> Iterator[tuple[str, dict[Any, float]]]:
    """Where a method's figures are printed, and what they are."""
    if method == FALLING:
        ours = {**TABLE_2[data], "average": TABLE_2_AVERAGE[data]} if one_class else TABLE_1
        yield "in the AMA paper, its own networks", ours
        return
    for source, tables in (
        ("in the AMA paper", OTHERS_OF_TABLE_2.get(data, {}) if one_class else OTHERS_OF_TABLE_1),
        ("in its own paper", OWN_OF_TABLE_2.get(data, {}) if one_class else OWN_OF_TABLE_1),
    ):
        if method in tables:
            yield source, tables[method]


def _by_time(cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """A line for each training: how long it took, and what it reached, strict protocol."""
    lines = [_line("", "method", "steps", "seconds", "AUROC, strict protocol"), _line(*["---"] * 5)]
    for cell in cells:
        found = [NOT_RUN, NOT_RUN]
        if cell in records:
            found = [
                _seconds(records[cell]["fit_seconds"]),
                f"{records[cell]['strict']['score']['auroc']['value']:.3f}",
            ]
        lines.append(
            _line(_row(cell), cell.method, "-" if cell.max_steps is None else str(cell.max_steps), *found)
        )
    return "\n".join(lines)


def _ablations(cells: Sequence[Cell], records: dict[Cell, Any]) -> str:
    """A line for each method and each other score of the whole, a column for each experiment.

    Mean and spread over seeds, strict protocol.
    """
    rows = list(dict.fromkeys(map(_row, cells)))
    lines = [_line("AUROC, strict protocol", *rows, "mean"), _line(*["---"] * (len(rows) + 2))]
    whole = [records[c]["strict"] for c in cells if c.method == "compact" and c in records]
    scores = dict.fromkeys(name for found in whole for name in found)
    kinds = [(method, "score") for method in dict.fromkeys(cell.method for cell in cells)]
    kinds += [("compact", score) for score in scores if score != "score"]
    for method, score in kinds:
        texts, means = [], []
        for row in rows:
            wanted = [c for c in cells if c.method == method and _row(c) == row]
            found = [
                records[c]["strict"][score]["auroc"]["value"]
                for c in wanted
                if c in records and score in records[c]["strict"]
            ]
            if not found:
                texts.append(NOT_RUN)
                continue
            missing = f", {len(found)} of {len(wanted)} seeds" if len(found) < len(wanted) else ""
            spread = f" ± {np.std(found, ddof=1):.3f}" if len(found) > 1 else ""
            texts.append(f"{np.mean(found):.3f}{spread}{missing}")
            means.append(np.mean(found))
        title = method if score == "score" else f"{method}, by {score} alone"
        lines.append(_line(title, *texts, f"{np.mean(means):.3f}" if len(means) == len(rows) else NOT_RUN))
    return "\n".join(lines)


def _row(cell: Cell) -> str:
    if cell.against is None:
        return f"{cell.data}, {cell.normal}"
    return f"{cell.data} against {cell.against}" + (", both through JPEG" if cell.jpeg else "")


def _title(cell: Cell) -> str:
    """A method, with what is less than all in its cells."""
    if cell.judged is not None:
        return f"{cell.method} ({cell.judged:,} test images)"
    return cell.method if cell.max_steps is None else f"{cell.method} ({cell.max_steps:,} steps)"


def _published(cells: Iterable[Cell], row: str) -> float | None:
    cell = next(c for c in cells if _row(c) == row)
    if cell.against is not None:
        return TABLE_1.get((cell.data, cell.against))
    return TABLE_2.get(cell.data, {}).get(cell.normal or "")


def _seconds(value: float | None) -> str:
    return "cut off" if value is None else f"{value:.0f}"


def _printed(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _line(*texts: str) -> str:
    return f"| {' | '.join(texts)} |"
