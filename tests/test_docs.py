"""Figures in the documents are those of the results files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import mean

import pytest

from ama.benchmark.checks.defect_maps import CLASSES
from ama.benchmark.checks.defects import DEFECTS
from ama.benchmark.tables.grid import GRIDS
from ama.benchmark.tables.grid_results import records_of, results_path
from ama.benchmark.tables.published import DIGITS, TABLE_2, TABLE_2_AVERAGE
from ama.benchmark.tables.show_grid import show_grid
from ama.decision.conformal import false_alarm_distribution
from ama.io.results_files import read_results

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
RUN = [grid for grid in GRIDS if (ROOT / results_path(grid, None)).exists() and grid != "digits"]


def missing_from(page, lines):
    written = set((ROOT / page).read_text().splitlines())
    return [line for line in lines if line not in written]


def test_there_are_results_to_look_at():
    assert {"mnist", "cifar10"} <= set(RUN)


@pytest.mark.parametrize("grid", RUN)
def test_the_results_page_shows_what_the_command_prints(grid):
    assert missing_from("docs/results.md", show_grid(grid, str(RESULTS / f"{grid}.jsonl")).splitlines()) == []


def test_the_page_of_the_guarantee_has_the_false_alarms_counted():
    lines = [
        f"| {r['digit']} | {r['rate']:.0%} | {r['held_out']} | {r['flagged']} of {r['tested']:,} | "
        f"{r['flagged'] / r['tested']:.2%} | {r['low']:.2%} to {r['high']:.2%} |"
        for r in read_results(RESULTS / "false_alarms.jsonl")
    ]
    assert len(lines) == 3 * len(DIGITS)
    assert missing_from("docs/guarantee.md", lines) == []


def test_the_page_of_maps_has_the_columns_measured():
    lines = [
        f"| {r['table']} | {r['columns']} | {r['flagged']:,} of {r['rows']:,} | {r['map']:.3f} | "
        f"{r['reconstruction_error']:.3f} |"
        for r in read_results(RESULTS / "columns.jsonl")
    ]
    assert len(lines) == 4
    assert missing_from("docs/maps.md", lines) == []


def test_the_page_of_maps_has_the_defects_measured():
    lines = []
    for r in read_results(RESULTS / "maps.jsonl"):
        values = [
            r[of][metric] for metric in ("pixel_auroc", "region_overlap") for of in ("map", "difference")
        ]
        texts = " | ".join(f"{value:.3f}" for value in values)
        lines.append(f"| {r['data']}, {r['normal']} | {r['defect']} | {texts} |")
    assert len(lines) == len(CLASSES) * len(DEFECTS)
    assert missing_from("docs/maps.md", lines) == []


@pytest.mark.parametrize("m", [100, 500, 4000])
def test_the_page_of_the_guarantee_has_the_intervals_of_the_distribution(m):
    page = " ".join((ROOT / "docs" / "guarantee.md").read_text().split())
    low, high = false_alarm_distribution(m, 0.05).interval(0.95)
    assert re.search(rf"{low:.1%} and {high:.1%} with {m:,}\b".replace("%", " %"), page)


def test_the_readme_has_the_digits_of_mnist():
    records = records_of(RESULTS / "mnist.jsonl")
    auroc = {
        (cell.normal, cell.method): record["strict"]["score"]["auroc"]["value"]
        for cell, record in records.items()
    }
    methods = ("compact", "neighbours", "pca")
    rows = [
        [f"{auroc[digit, m]:.3f}" for m in methods] + [f"{TABLE_2['mnist'][digit]:.3f}"] for digit in DIGITS
    ]
    lines = [f"| {digit} | {' | '.join(row)} |" for digit, row in zip(DIGITS, rows, strict=True)]
    averages = [f"{mean(auroc[digit, m] for digit in DIGITS):.4f}" for m in methods]
    lines.append(f"| average | {' | '.join(averages)} | {TABLE_2_AVERAGE['mnist']:.3f} |")
    assert missing_from("README.md", lines) == []


def test_the_readme_has_the_averages_of_the_competitors():
    page = " ".join((ROOT / "README.md").read_text().split())
    records = records_of(RESULTS / "mnist_methods.jsonl")
    for method in ("Deep SVDD", "ALAD", "AnoGAN", "FGAN", "Skip-GANomaly"):
        found = [r["strict"]["score"]["auroc"]["value"] for c, r in records.items() if c.method == method]
        assert len(found) == len(DIGITS)
        assert f"{method} {mean(found):.3f}" in page


def test_the_readme_has_the_scanned_digits():
    found = {record["digit"]: record for record in read_results(RESULTS / "digits.jsonl")}
    page = (ROOT / "README.md").read_text()
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
    "page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=lambda p: p.name
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
    sources[training] = sources[training].replace("max_steps=800", "max_steps=60")
    cells = run_notebook(sources)
    for before, now in zip(saved, cells, strict=True):
        assert [kinds(output) for output in now.outputs] == [kinds(output) for output in before["outputs"]]
    shown = [kind for cell in cells for output in cell.outputs for kind in kinds(output)]
    assert shown.count("image/png") == 4
    assert shown.count("text/html") == 1
    assert "stderr" not in shown
    assert "same scores after loading: True" in cells[-1].outputs[0]["text"]


def kinds(output):
    """What a cell's output is made of."""
    return [output["name"]] if output["output_type"] == "stream" else sorted(output["data"])
