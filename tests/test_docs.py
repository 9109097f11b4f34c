"""Figures in the documents are those of the results files."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from statistics import mean

import pytest

from ama.benchmark.checks.defect_maps import CLASSES
from ama.benchmark.checks.defects import DEFECTS
from ama.benchmark.checks.drift_alarms import CASES
from ama.benchmark.checks.exported_scores import CASES as EXPORTED
from ama.benchmark.checks.serving_table import serving_table
from ama.benchmark.speed.speed_table import speed_table
from ama.benchmark.tables.grid import GRIDS, KEEL_TABLES, TABLES
from ama.benchmark.tables.grid_results import records_of, results_path
from ama.benchmark.tables.outside_detectors import FIFTH, FIRST
from ama.benchmark.tables.published import DIGITS, TABLE_2_AVERAGE
from ama.benchmark.tables.row_sets import folder_of
from ama.benchmark.tables.show_grid import show_grid
from ama.cli.main import COMMANDS
from ama.cli.parser import command_parser
from ama.decision.conformal import false_alarm_distribution
from ama.io.results_files import read_results

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
RUN = [grid for grid in GRIDS if (ROOT / results_path(grid, None)).exists() and grid != "digits"]

NAMES_OF_TILES = {0: "reduced to 512", 512: "tiles of 512"}
PAGES = {
    **dict.fromkeys(("mnist", "cifar10", "fashion_mnist"), "one-class"),
    **dict.fromkeys(
        ("mnist_methods", "cifar10_methods", "table1_methods", "paper_form", "equal_seconds"), "methods"
    ),
    **dict.fromkeys(("ablations", "faster", "garments", "minutes"), "ablations"),
    **dict.fromkeys(("paper", "hour", "readings"), "readings"),
    **dict.fromkeys(("tables", "tables_keel", "tables_contaminated"), "tables"),
    "table1": "data-sets",
    "inspection": "inspection",
}


def missing_from(page, lines):
    written = set((ROOT / page).read_text().splitlines())
    return [line for line in lines if line not in written]


def test_there_are_results_to_look_at():
    assert {"mnist", "cifar10"} <= set(RUN)


@pytest.mark.parametrize("grid", RUN)
def test_the_results_pages_show_what_the_command_prints(grid):
    page = f"docs/results/{PAGES[grid]}.md"
    assert missing_from(page, show_grid(grid, str(RESULTS / f"{grid}.jsonl")).splitlines()) == []


def test_the_page_of_the_guarantee_has_the_false_alarms_counted():
    lines = [
        f"| {r['digit']} | {r['rate']:.0%} | {r['held_out']} | {r['flagged']} of {r['tested']:,} | "
        f"{r['flagged'] / r['tested']:.2%} | {r['low']:.2%} to {r['high']:.2%} |"
        for r in read_results(RESULTS / "false_alarms.jsonl")
    ]
    assert len(lines) == 3 * len(DIGITS)
    assert missing_from("docs/results/guarantee.md", lines) == []


def test_the_page_of_the_guarantee_has_the_drift_watched():
    tests = ("drift_watch", "batch_test", "batch_test_of_stream")
    quiet, *changed = read_results(RESULTS / "drift.jsonl")
    counts = " | ".join(f"{quiet[test]['false']} of {quiet['streams']:,}" for test in tests)
    lines = [f"| none | | {counts} |"]
    for r in changed:
        cells = (
            f"{r[test]['found']} of {r['streams'] - r[test]['false']}, {r[test]['median_delay'] or '-'}"
            for test in tests
        )
        lines.append(f"| {r['lowered']:g} | {r['first']} | {' | '.join(cells)} |")
    assert len(lines) == len(CASES)
    assert missing_from("docs/results/guarantee.md", lines) == []
    assert quiet["drift_watch"]["false"] <= quiet["level"] * quiet["streams"]


def test_the_page_on_clusters_has_what_the_killed_worker_changed():
    *_, r = read_results(RESULTS / "ray.jsonl")
    text = " ".join((ROOT / "docs/how-to/cluster.md").read_text().split())
    assert (
        f"of {r['images']:,} images in {r['files']} Parquet files, scored by {r['workers']} workers" in text
    )
    assert f"{r['lost']} rows were lost, {r['doubled']} doubled, and all are equal bit for bit" in text
    assert f"It took {r['seconds_ray']} seconds" in text
    assert f"and {r['seconds_one_process']} in one process" in text
    assert r["equal"] and r["same_order"] and r["killed"]  # noqa: PT018


def test_the_page_of_the_export_has_the_files_measured():
    *detectors, alarms = read_results(RESULTS / "export.jsonl")
    lines = [
        f"| {r['kind']} | {r['samples']:,} | {r['difference']:.1e} | {r['bound']:.1e} | {r['smaller']} | "
        f"{r['labels']} | {max(r['terms'].values()):.1e} |"
        for r in detectors
    ]
    assert [r["kind"] for r in detectors] == list(EXPORTED)
    lines.append(
        f"Over {alarms['splits']} splits of digits, files with a rate of {alarms['rate']:.0%} flag "
        f"{alarms['mean']:.2%} of {alarms['tested']:,} new digits on average, with a standard error of "
        f"{alarms['standard_error']:.2%}."
    )
    assert missing_from("docs/how-to/export.md", lines) == []
    assert alarms["mean"] <= alarms["rate"] + 3 * alarms["standard_error"]
    assert all(r["difference"] <= r["bound"] and not r["smaller"] for r in detectors)
    assert not any(r["labels"] for r in detectors if r["bound"] < 0.01)


def test_the_page_of_maps_has_the_columns_measured():
    lines = [
        f"| {r['table']} | {r['columns']} | {r['flagged']:,} of {r['rows']:,} | {r['map']:.3f} | "
        f"{r['reconstruction_error']:.3f} |"
        for r in read_results(RESULTS / "columns.jsonl")
    ]
    assert len(lines) == 4
    assert missing_from("docs/results/maps.md", lines) == []


def test_the_page_of_maps_has_the_defects_measured():
    lines = []
    for r in read_results(RESULTS / "maps.jsonl"):
        values = [
            r[of][metric] for metric in ("pixel_auroc", "region_overlap") for of in ("map", "difference")
        ]
        texts = " | ".join(f"{value:.3f}" for value in values)
        lines.append(f"| {r['data']}, {r['normal']} | {r['defect']} | {texts} |")
    assert len(lines) == len(CLASSES) * len(DEFECTS)
    assert missing_from("docs/results/maps.md", lines) == []


def test_the_page_of_inspection_has_the_scratches_measured():
    lines = [
        f"| {NAMES_OF_TILES[r['tile_size']]} | {r['auroc']:.3f} | {r['false_alarms']} of {r['n_judged']} | "
        f"{r['found']} of {r['n_judged']} | {r['located']} of {r['n_judged']} |"
        for r in read_results(RESULTS / "scratches.jsonl")
    ]
    assert len(lines) == 2
    assert missing_from("docs/results/inspection.md", lines) == []


@pytest.mark.parametrize("m", [100, 500, 4000])
def test_the_page_of_the_guarantee_has_the_intervals_of_the_distribution(m):
    page = " ".join((ROOT / "docs" / "results" / "guarantee.md").read_text().split())
    low, high = false_alarm_distribution(m, 0.05).interval(0.95)
    assert re.search(rf"{low:.1%} and {high:.1%} with {m:,}\b".replace("%", " %"), page)


def test_the_performance_page_has_the_steps_measured():
    records = read_results(RESULTS / "speed.jsonl")
    of_preset = defaultdict(list)
    for row in records:
        if row["kind"] == "preset":
            of_preset[row["machine"]].append(row)
    without_amx = [row for row in records if row.get("case", "").startswith("paper") and "commit" in row]
    assert [len(rows) for rows in (*of_preset.values(), without_amx)] == [8, 8, 3]
    for rows in (*of_preset.values(), without_amx):
        lines = [line for line in speed_table(rows).splitlines() if line.startswith("|")]
        assert missing_from("docs/results/performance.md", lines) == []


def test_the_page_of_figures_has_the_reconstructions_measured():
    lines = [
        f"| {r['row']} | {r['pixel_error']:.3f} | {r['fine_rows']:.3f} | {r['fine_columns']:.3f} |"
        for r in read_results(RESULTS / "figures.jsonl")
    ]
    assert len(lines) == 6
    assert missing_from("docs/results/figures.md", lines) == []


def averages(grid):
    """Mean AUROC over the classes of each method that has been run on all of them."""
    values = defaultdict(list)
    for cell, record in records_of(RESULTS / f"{grid}.jsonl").items():
        values[cell.method].append(record["strict"]["score"]["auroc"]["value"])
    return {method: mean(found) for method, found in values.items() if len(found) == len(DIGITS)}


@pytest.mark.parametrize(("page", "others"), [("README.md", True), ("docs/results/index.md", False)])
def test_the_table_of_averages(page, others):
    def line(title, *values):
        return f"| {title} | {' | '.join('-' if v is None else f'{v:.3f}' for v in values)} |"

    of_grid = [averages(grid) for grid in ("mnist", "cifar10", "fashion_mnist")]
    titles = {
        "compact": "ama, compact preset",
        "neighbours": "nearest neighbours on pixels",
        "pca": "PCA reconstruction error",
    }
    lines = [line(title, *(found[method] for found in of_grid)) for method, title in titles.items()]
    lines.append(line("AMA, as published", *(TABLE_2_AVERAGE[data] for data in ("mnist", "cifar10")), None))
    if others:
        by_data = [averages(f"{data}_methods") for data in ("mnist", "cifar10")]
        methods = ("Deep SVDD", "ALAD", "AnoGAN", "FGAN", "Skip-GANomaly")
        lines += [line(f"{m}, trained here", *(found.get(m) for found in by_data), None) for m in methods]
    assert missing_from(page, lines) == []


def test_the_readme_has_the_averages_on_rows():
    titles = {
        "compact": "ama, compact preset",
        FIRST: "distance to the nearest neighbour",
        FIFTH: "distance to the fifth (as PyOD's KNN)",
        "five Gaussians": "five Gaussians",
        "LOF": "local outlier factor",
        "one Gaussian": "one Gaussian",
        "isolation forest": "isolation forest",
        "ECOD": "ECOD of PyOD",
    }
    values = defaultdict(list)
    for grid in (TABLES, KEEL_TABLES):
        for cell, record in records_of(RESULTS / f"{grid}.jsonl").items():
            values[cell.method, folder_of(cell.data)].append(record["strict"]["score"]["auroc"]["value"])
    lines = [
        f"| {title} | {' | '.join(f'{mean(values[m, of]):.3f}' for of in ('adbench', 'embeddings', 'keel'))} |"
        for m, title in titles.items()
    ]
    assert missing_from("README.md", lines) == []


def test_the_page_of_reliability_has_what_the_long_runs_found():
    lines = []
    for run in read_results(RESULTS / "fuzz.jsonl"):
        faults = run["cases"] - run["accepted"] - run["refused"]
        lines.append(
            f"| {run['seed']} | {run['cases']:,} | {run['accepted']:,} | {run['refused']:,} | {faults} |"
        )
    for run in read_results(RESULTS / "kill.jsonl"):
        lines += [f"| {name} | {done['pieces']} | {done['kills']} |" for name, done in run["works"].items()]
        lines.append(f"Seed {run['seed']}: {run['failures']} failures.")
    assert lines
    assert missing_from("docs/reliability.md", lines) == []


def test_the_page_of_the_server_has_the_loads_measured():
    records = read_results(RESULTS / "serving.jsonl")
    assert missing_from("docs/how-to/serve.md", serving_table(records).splitlines()) == []
    assert all(record["equal"] == record["compared"] for record in records)


def test_the_container_runs_a_command_that_there_is():
    text = (ROOT / "Dockerfile").read_text()
    assert text in (ROOT / "docs/how-to/serve.md").read_text()
    name, command, *words = json.loads(text.rpartition("CMD ")[2])
    given = command_parser(command, COMMANDS[command], words).parse_args(words)
    assert (name, given.model, given.host) == ("ama", "/model", "0.0.0.0")
    assert f"EXPOSE {given.port}" in text
    assert all((ROOT / name).exists() for name in re.findall(r"/ama/([\w.]+)", text))


def test_getting_started_has_the_scanned_digits():
    found = {record["digit"]: record for record in read_results(RESULTS / "demo.jsonl")}
    page = (ROOT / "docs" / "guide" / "getting-started.md").read_text()
    assert len(found) == len(DIGITS)
    for digit, record in found.items():
        assert (
            f"  {digit}                                {record['metrics']['auroc']['value']:.4f}   " in page
        )
    assert (
        f"average                          {mean(r['metrics']['auroc']['value'] for r in found.values()):.4f}   "
        in page
    )


@pytest.mark.parametrize(
    "page",
    sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")),
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_what_a_page_points_to_is_there(page):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    assert [t for t in targets if "://" not in t and not (page.parent / t).exists()] == []


def test_the_notebook_runs_and_shows_what_it_did_when_it_was_saved(run_notebook):
    saved = [
        cell
        for cell in json.loads((ROOT / "docs" / "tour.ipynb").read_text())["cells"]
        if cell["cell_type"] == "code"
    ]
    sources = ["".join(cell["source"]) for cell in saved]
    [training] = [i for i, source in enumerate(sources) if "max_steps=800" in source]
    sources[training] = sources[training].replace("max_steps=800", "max_steps=10")
    cells = run_notebook(sources)
    for before, now in zip(saved, cells, strict=True):
        assert distinct_kinds(now.outputs) == distinct_kinds(before["outputs"])
    shown = [kind for cell in cells for output in cell.outputs for kind in kinds(output)]
    assert shown.count("image/png") == 4
    assert shown.count("text/html") == 1
    assert "stderr" not in shown
    assert "same scores after loading: True" in "".join(output["text"] for output in cells[-1].outputs)


def distinct_kinds(outputs):
    """The kinds of a cell's outputs in order; a kernel may send one stream in several parts."""
    return [kind for kind, _ in groupby(map(kinds, outputs))]


def kinds(output):
    """What a cell's output is made of."""
    return [output["name"]] if output["output_type"] == "stream" else sorted(output["data"])
