"""A grid: finished whatever happens, shared by processes, the same as if nothing had."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ama.benchmark.tables import run_grid as module
from ama.benchmark.tables.compared_methods import AMA
from ama.benchmark.tables.grid import GRIDS, Cell, cells_of, trainings
from ama.benchmark.tables.run_grid import finished, run
from ama.benchmark.tables.show_grid import show
from ama.errors import InputError
from ama.io.results_files import read_results

SCORES = {
    "score",
    "a_score",
    "r_score",
    "latent_density",
    "memory_bank",
    "rotated_memory_bank",
    "rotation",
    "equal weights",
}
TIMES = {"seconds", "fit_seconds", "date", "commit"}


def command(path, *options):
    words = [sys.executable, "-m", "ama", "benchmark", "run", "smoke", "--results", str(path), *options]
    # Test workers share the cores.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def records(path):
    """What must not depend on how often the run was killed, in the order of the cells."""
    found = [{k: v for k, v in record.items() if k not in TIMES} for record in read_results(path)]
    return sorted(found, key=lambda record: json.dumps(record["cell"]))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("grid") / "smoke.jsonl"
    assert command(path).wait() == 0
    return path


def test_every_cell_has_one_line_with_what_repeats_it(undisturbed):
    found = read_results(undisturbed)
    assert [Cell(**record["cell"]) for record in found] == cells_of("smoke")
    for record in found:
        assert {"parameters", "seconds", "commit", "machine", "versions", "strict", "paper"} <= record.keys()
        assert record["parameters"]
        for protocol in ("strict", "paper"):
            auroc = record[protocol]["score"]["auroc"]
            assert 0 <= auroc["low"] <= auroc["value"] <= auroc["high"] <= 1
        if record["cell"]["method"] == "compact":
            assert record["parameters"]["max_steps"] == 20
            assert record["strict"].keys() == record["paper"].keys() == SCORES
        normal, drawn = (record[p]["score"] for p in ("strict", "paper"))
        assert drawn["n_normal"] == normal["n_normal"]
        assert drawn["n_anomalous"] == min(normal["n_anomalous"], round(0.2 * normal["n_normal"]))


def test_killed_five_times_the_results_are_those_of_an_undisturbed_run(undisturbed, tmp_path):
    path, moment = tmp_path / "killed.jsonl", random.Random(0)
    for _ in range(5):
        process = command(path)
        time.sleep(moment.uniform(1, 5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert command(path).wait() == 0
    assert records(path) == records(undisturbed)


def test_workers_end_with_a_command_that_is_killed(tmp_path):
    path = tmp_path / "left.jsonl"
    process = command(path, "--jobs", "2")
    folder = path.with_suffix(".work")
    deadline = time.monotonic() + 60
    while not (list(folder.glob("*.lock")) if folder.exists() else []):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(workers) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 3  # the cells that are left would take longer
    while any(_runs(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_processes_share_a_grid(undisturbed, tmp_path):
    path = tmp_path / "shared.jsonl"
    both = [command(path) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(read_results(path)) == len(cells_of("smoke"))
    # One that came when every cell was held leaves the other to finish.
    assert {Cell(**record["cell"]) for record in read_results(path)} == set(cells_of("smoke"))


def test_a_finished_grid_is_not_run_again(undisturbed, monkeypatch):
    monkeypatch.setattr(module, "measure_all", lambda *_, **__: pytest.fail("measured again"))
    run("smoke", None, str(undisturbed), jobs=1, only=[])


def test_a_line_cut_short_is_measured_again(undisturbed, tmp_path):
    path = tmp_path / "cut.jsonl"
    whole = undisturbed.read_bytes()
    path.write_bytes(whole[: len(whole) - 100])
    assert len(finished(path)) == len(cells_of("smoke")) - 1
    run("smoke", None, str(path), jobs=1, only=[])
    assert records(path) == records(undisturbed)


def test_cells_without_data_are_said_not_to_be_run(tmp_path, capsys):
    run("mnist", str(tmp_path), str(tmp_path / "r.jsonl"), jobs=1, only=[])
    assert "30 of 30 cells need data that is not there; not run" in capsys.readouterr().out
    assert show("mnist", str(tmp_path / "r.jsonl")).count("not run") == 2 * 33


def test_only_cells_with_all_of_the_texts_are_run(undisturbed, tmp_path):
    path = tmp_path / "some.jsonl"
    assert command(path, "--only", "neighbours", "seed 1").wait() == 0
    whole = records(undisturbed)
    wanted = [r for r in whole if (r["cell"]["method"], r["cell"]["seed"]) == ("neighbours", 1)]
    assert records(path) == wanted
    assert 0 < len(wanted) < len(whole)


def test_a_grid_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(InputError, match="there is no grid 'minst', expected one of mnist, "):
        cells_of("minst")


def test_no_grid_holds_a_cell_twice_and_all_have_names_of_their_own():
    for cells in GRIDS.values():
        assert len({cell.name for cell in cells}) == len(set(cells)) == len(cells)


def test_one_training_serves_all_sets_of_anomalies_but_not_where_they_select_its_weights():
    groups = trainings(cells_of("table1_methods"))
    assert {cell for group in groups for cell in group} == set(cells_of("table1_methods"))
    assert sum(map(len, groups)) == len(cells_of("table1_methods"))
    for group in groups:
        assert len({(c.data, c.method, c.seed, c.jpeg) for c in group}) == 1
    [served] = [g for g in groups if (g[0].data, g[0].method) == ("fashion_mnist", "WAIC")]
    assert [cell.against for cell in served] == ["mnist", "omniglot"]
    for grid in ("mnist", "ablations", "smoke"):
        assert [group for group in trainings(cells_of(grid)) if len(group) > 1] == []


def test_one_training_of_ama_serves_all_sets_of_anomalies_where_none_is_seen_before_the_test():
    groups = [group for group in trainings(cells_of("table1")) if len(group) > 1 and group[0].method in AMA]
    assert [(group[0].data, [cell.against for cell in group]) for group in groups] == [
        ("fashion_mnist", ["mnist", "omniglot"]),
        ("cifar10", ["svhn", "tiny_imagenet32", "cifar100"]),
        ("svhn", ["cifar10", "tiny_imagenet32", "cifar100"]),
    ] * 2  # trained for longer, and with bounded terms
    assert all(cell.strict_only for group in groups for cell in group)
    # Known anomalies are trained with, so each set of them is a training of its own.
    known = [
        Cell("fashion_mnist", None, against, "with 10 real anomalies", strict_only=True) for against in "ab"
    ]
    assert trainings(known) == [[cell] for cell in known]


def test_cells_of_one_training_are_measured_by_one_and_the_same_as_alone(tmp_path, monkeypatch):
    cells = [
        Cell("digits", "all but 3", None, "Deep SVDD", max_steps=5, judged=n, strict_only=True)
        for n in (None, 50)
    ]
    monkeypatch.setitem(GRIDS, "pair", cells)
    run("pair", None, str(tmp_path / "both.jsonl"), jobs=1, only=[])
    both = records(tmp_path / "both.jsonl")
    monkeypatch.setitem(GRIDS, "pair", cells[1:])
    run("pair", None, str(tmp_path / "alone.jsonl"), jobs=1, only=[])
    [alone] = records(tmp_path / "alone.jsonl")
    assert len(both) == 2
    assert alone in both
    # What is left of a group is measured by its own training, and nothing twice.
    monkeypatch.setitem(GRIDS, "pair", cells)
    run("pair", None, str(tmp_path / "alone.jsonl"), jobs=1, only=[])
    assert records(tmp_path / "alone.jsonl") == both
