"""A grid: complete after any interruption, shared by processes, with the same results."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

import children
from ama.benchmark.tables import run_grid as module
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.grid import GRIDS, cells_of
from ama.benchmark.tables.run_grid import finished, run_grid
from ama.benchmark.tables.show_grid import show_grid
from ama.errors import InputError
from ama.io.results_files import read_results

TIMES = {"seconds", "fit_seconds", "score_seconds", "date", "commit"}


def records(path):
    """The part of the records that must not depend on interruptions, ordered by cell."""
    found = [{k: v for k, v in record.items() if k not in TIMES} for record in read_results(path)]
    return sorted(found, key=lambda record: json.dumps(record["cell"]))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("grid") / "smoke.jsonl"
    run_grid("smoke", None, str(path), jobs=1, only=[])
    return path


def test_every_cell_has_one_complete_line(undisturbed):
    found = read_results(undisturbed)
    assert [Cell(**record["cell"]) for record in found] == cells_of("smoke")
    for record in found:
        assert {"parameters", "seconds", "commit", "machine", "versions", "strict", "paper"} <= record.keys()
        assert record["parameters"]
        for protocol in ("strict", "paper"):
            auroc = record[protocol]["score"]["auroc"]
            assert 0 <= auroc["low"] <= auroc["value"] <= auroc["high"] <= 1
        assert record["strict"].keys() == record["paper"].keys()
        if record["cell"]["method"] == "compact":
            assert record["parameters"]["max_steps"] == 20
        normal, drawn = (record[p]["score"] for p in ("strict", "paper"))
        assert drawn["n_normal"] == normal["n_normal"]
        assert drawn["n_anomalous"] == min(normal["n_anomalous"], round(0.2 * normal["n_normal"]))


def test_workers_end_with_a_killed_command(tmp_path):
    path = tmp_path / "left.jsonl"
    process = children.start(
        children.command("benchmark", "run", "smoke", "--results", path, "--jobs", "2"), tmp_path, tmp_path
    )
    folder = path.with_suffix(".work")
    deadline = time.monotonic() + 60
    while not (list(folder.glob("*.lock")) if folder.exists() else []):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    workers = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    assert len(workers) >= 2
    os.kill(process, signal.SIGKILL)
    assert children.end(process, tmp_path).status == -signal.SIGKILL
    deadline = time.monotonic() + 3  # the remaining cells would take longer
    while any(_runs(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_processes_share_a_grid(undisturbed, tmp_path):
    path, streams = tmp_path / "shared.jsonl", [tmp_path / "first", tmp_path / "second"]
    for written in streams:
        written.mkdir()
    work = children.command("benchmark", "run", "smoke", "--results", path)
    both = [(children.start(work, tmp_path, written), written) for written in streams]
    assert [children.end(*process).status for process in both] == [0, 0]
    assert len(read_results(path)) == len(cells_of("smoke"))
    # A process that finds every cell locked leaves the other to finish.
    assert {Cell(**record["cell"]) for record in read_results(path)} == set(cells_of("smoke"))


def test_a_finished_grid_is_not_run_again(undisturbed, monkeypatch):
    monkeypatch.setattr(module, "measure_cells", lambda *_, **__: pytest.fail("measured again"))
    run_grid("smoke", None, str(undisturbed), jobs=1, only=[])


def test_a_line_cut_short_is_measured_again(undisturbed, tmp_path):
    path = tmp_path / "cut.jsonl"
    whole = undisturbed.read_bytes()
    path.write_bytes(whole[: len(whole) - 100])
    assert len(finished(path)) == len(cells_of("smoke")) - 1
    run_grid("smoke", None, str(path), jobs=1, only=[])
    assert records(path) == records(undisturbed)


def test_the_number_of_cells_without_data_is_printed(tmp_path, capsys):
    run_grid("mnist", str(tmp_path), str(tmp_path / "r.jsonl"), jobs=1, only=[])
    assert (
        "30 of 30 cells need data or a library that is not there; not run: mnist\n" in capsys.readouterr().out
    )
    assert show_grid("mnist", str(tmp_path / "r.jsonl")).count("not run") == 2 * 33


def test_a_folder_of_data_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no folder .*/nowhere, expected NAME/train and NAME/test"):
        run_grid("mnist", str(tmp_path / "nowhere"), str(tmp_path / "r.jsonl"), jobs=1, only=[])
    assert not (tmp_path / "r.jsonl").exists()


@pytest.fixture
def damaged(tmp_path):
    """A folder whose MNIST cannot be read."""
    (tmp_path / "mnist").mkdir()
    for split in ("train", "test"):
        (tmp_path / "mnist" / f"{split}.parquet").write_text("no table")
    return tmp_path


def test_what_stops_a_process_is_told_by_the_command_in_one_sentence(damaged):
    options = ["--data", str(damaged), "--results", str(damaged / "r.jsonl"), "--jobs", "2", "--only", "pca"]
    done = children.called(damaged, damaged, "benchmark", "run", "mnist", *options)
    assert done.status == 2
    assert done.errors.startswith(f"ama: {damaged}/mnist/train.parquet cannot be read: ")
    assert done.errors.count("\n") == 1


def test_a_process_that_is_killed_is_told_in_a_sentence(tmp_path):
    path = tmp_path / "killed.jsonl"
    words = ["benchmark", "run", "smoke", "--results", path, "--jobs", "2", "--only", "neighbours"]
    process = children.start(children.command(*words), tmp_path, tmp_path)
    os.kill(_first_worker(process), signal.SIGKILL)
    done = children.end(process, tmp_path)
    assert done.status == 1
    assert done.errors.endswith(
        "ama: a process of the grid failed (killed by signal 9); the same command measures what is missing\n"
    )


def _first_worker(pid):
    """A process that measures cells, once it has been started; multiprocessing has another of its own."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        time.sleep(0.1)
    raise AssertionError("no process was started")


def test_texts_that_no_cell_has_in_its_name_are_refused(tmp_path):
    refusal = "--only: no cell of the grid mnist has 'eight' and 'pca' in its name; the first is 'mnist, 0, compact, "
    with pytest.raises(InputError, match=refusal):
        run_grid("mnist", None, str(tmp_path / "r.jsonl"), jobs=1, only=["eight", "pca"])
    assert not (tmp_path / "r.jsonl").exists()


def test_only_cells_with_all_texts_in_their_name_are_run(undisturbed, tmp_path):
    path = tmp_path / "some.jsonl"
    run_grid("smoke", None, str(path), jobs=1, only=["neighbours", "seed 1"])
    whole = records(undisturbed)
    wanted = [r for r in whole if (r["cell"]["method"], r["cell"]["seed"]) == ("neighbours", 1)]
    assert records(path) == wanted
    assert 0 < len(wanted) < len(whole)


def test_cells_that_share_a_training_have_the_results_of_separate_ones(tmp_path, monkeypatch):
    cells = [
        Cell("digits", "all but 3", None, "Deep SVDD", max_steps=5, judged=n, strict_only=True)
        for n in (None, 50)
    ]
    monkeypatch.setitem(GRIDS, "pair", cells)
    run_grid("pair", None, str(tmp_path / "both.jsonl"), jobs=1, only=[])
    both = records(tmp_path / "both.jsonl")
    monkeypatch.setitem(GRIDS, "pair", cells[1:])
    run_grid("pair", None, str(tmp_path / "alone.jsonl"), jobs=1, only=[])
    [alone] = records(tmp_path / "alone.jsonl")
    assert len(both) == 2
    assert alone in both
    # The rest of a group is measured with another training, and no cell twice.
    monkeypatch.setitem(GRIDS, "pair", cells)
    run_grid("pair", None, str(tmp_path / "alone.jsonl"), jobs=1, only=[])
    assert records(tmp_path / "alone.jsonl") == both
