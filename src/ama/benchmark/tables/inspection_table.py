"""The tables of the grid ``inspection``: AUROC of every set and class, and what each method finds, shows and costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.experiment_table import experiment_table
from ama.benchmark.tables.table_text import NOT_RUN, head, line
from ama.data.samples import count

Record = dict[str, Any]


def inspection_tables(cells: Sequence[Cell], records: dict[Cell, Record], pixels: list[Cell]) -> list[str]:
    """The tables, with their headings.

    Parameters
    ----------
    cells
        The cells of the grid: sets of photographs, and classes of a data set.
    records
        The records of those that were run, and of the cells ``pixels``.
    pixels
        Cells of another grid on the same classes, which are shown beside them.
    """
    classes = [cell for cell in cells if not cell.labelled]
    families = list(dict.fromkeys(_family(cell) for cell in cells))
    sets = sorted((cell for cell in cells if cell.labelled), key=lambda cell: families.index(_family(cell)))
    parts = ["## Sets of photographs", _auroc_table(sets, records)]
    for data, own in groupby(sets, key=lambda cell: cell.data):
        of_set = list(own)
        if any(cell in records for cell in of_set):
            parts += [f"### {data}", _detail_table(of_set, records)]
    shown = [*classes, *(cell for cell in pixels if cell.normal in {own.normal for own in classes})]
    parts += [f"## {classes[0].data}, one class normal", experiment_table(shown, records, "strict")]
    if any(cell in records for cell in classes):
        parts.append(_detail_table(classes, records))
    return parts


def _auroc_table(cells: Sequence[Cell], records: dict[Cell, Record]) -> str:
    """A line for each method; a column for each set and for the average of a family, or one where nothing was run."""
    methods = list(dict.fromkeys(cell.method for cell in cells))
    columns: dict[str, list[str]] = {}
    for family, members in groupby(cells, key=_family):
        of_family = list(members)
        names = list(dict.fromkeys(cell.data for cell in of_family))
        if len(names) > 1 and not any(cell in records for cell in of_family):
            columns[f"{family}, {len(names)} sets"] = [NOT_RUN] * len(methods)
            continue
        found = {(cell.data, cell.method): _auroc(records[cell]) for cell in of_family if cell in records}
        for name in names:
            aurocs = [found.get((name, method)) for method in methods]
            columns[name] = [NOT_RUN if value is None else f"{value:.3f}" for value in aurocs]
        if len(names) > 1:
            whole = [[found.get((name, method), np.nan) for name in names] for method in methods]
            columns[f"{family}, average"] = [_average(values) for values in whole]
    rows = zip(methods, *columns.values(), strict=True)
    return "\n".join([*head("AUROC", *columns), *(line(*row) for row in rows)])


def _family(cell: Cell) -> str:
    return cell.data.split("/")[0]


def _auroc(record: Record) -> float:
    return record["strict"]["score"]["auroc"]["value"]


def _average(values: list[float]) -> str:
    missing = int(np.isnan(values).sum())
    return f"{NOT_RUN}: {missing} missing" if missing else f"**{np.mean(values):.3f}**"


def _mean(form: str, value: Callable[[Record], float | None]) -> Callable[[list[Record]], str]:
    """Text of the mean over records; a dash if one of them has no value."""

    def text(records: list[Record]) -> str:
        values = [value(record) for record in records]
        return "-" if None in values else format(np.mean([v for v in values if v is not None]), form)

    return text


def _of_pixels(name: str) -> Callable[[Record], float | None]:
    return lambda record: (record["localisation"] or {}).get(name)


def _share(part: str, whole: str) -> Callable[[list[Record]], str]:
    def text(records: list[Record]) -> str:
        n = sum(record["decision"][part] for record in records)
        total = sum(record["strict"]["score"][whole] for record in records)
        return f"{n:,} of {total:,}"

    return text


def _with_interval(records: list[Record]) -> str:
    aurocs = [record["strict"]["score"]["auroc"] for record in records]
    if len(aurocs) > 1:
        return f"{np.mean([auroc['value'] for auroc in aurocs]):.3f}"
    return f"{aurocs[0]['value']:.3f} ({aurocs[0]['low']:.3f} to {aurocs[0]['high']:.3f})"


COLUMNS: dict[str, Callable[[list[Record]], str]] = {
    "AUROC": _with_interval,
    "average precision": _mean(".3f", lambda record: record["strict"]["score"]["average_precision"]["value"]),
    "false alarms": _share("false_alarms", "n_normal"),
    "anomalies flagged": _share("detected", "n_anomalous"),
    "pixel AUROC": _mean(".3f", _of_pixels("pixel_auroc")),
    "PRO": _mean(".3f", _of_pixels("pro")),
    "fit, seconds": _mean(".0f", lambda record: record["fit_seconds"]),
    "CPU seconds": _mean(".0f", lambda record: record["fit_cpu_seconds"]),
    "ms an image": _mean(".0f", lambda record: 1000 * record["score_seconds"] / _n_tested(record)),
    "peak, GiB": _mean(".1f", lambda record: record["peak_gib"]),
}


def _n_tested(record: Record) -> int:
    return record["strict"]["score"]["n_normal"] + record["strict"]["score"]["n_anomalous"]


def _detail_table(cells: Sequence[Cell], records: dict[Cell, Record]) -> str:
    """A line for each method that was run: its record, or the mean over its classes and the sum of their images."""
    lines = head("method", "normal images", *COLUMNS)
    machines: dict[str, None] = {}
    not_run = []
    for method in dict.fromkeys(cell.method for cell in cells):
        own = [cell for cell in cells if cell.method == method]
        found = [records[cell] for cell in own if cell in records]
        if not found:
            not_run.append(method)
            continue
        title = method if len(own) == 1 else f"{method}, {len(found)} of {len(own)} classes"
        learned = ", ".join(f"{n:,}" for n in sorted({record["n_learned"] for record in found}))
        lines.append(line(title, learned, *(text(found) for text in COLUMNS.values())))
        machines |= dict.fromkeys(
            f"{record['machine']}; {count(record['threads'], 'thread')}" for record in found
        )
    about = [f"Not run: {'; '.join(not_run)}.", ""] if not_run else []
    return "\n".join([*lines, "", *about, f"Processor: {' / '.join(machines)}."])
