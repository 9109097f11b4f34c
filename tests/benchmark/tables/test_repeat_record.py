"""A record of a grid, measured again from its own fields."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from ama.benchmark.tables.compared_methods import AMA
from ama.benchmark.tables.repeat_record import repeat_record
from ama.benchmark.tables.run_grid import run_grid
from ama.cli.main import main
from ama.errors import InputError
from ama.io.results_files import read_results


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("repeat") / "smoke.jsonl"
    return str(run_grid("smoke", None, str(path), 1, ["seed 0"]))


def test_a_record_picked_at_random_is_repeated_from_its_own_fields(results, monkeypatch):
    # The record decides, and not what its method means today.
    monkeypatch.setitem(AMA, "compact", {"preset": "compact", "learning_rate": 0.5, "lambda_pixel": 0.0})
    found = repeat_record(results, None, [], random.SystemRandom().randrange(1000))
    assert found.equal
    assert found.changed == []
    assert found.recorded.keys() >= {"strict, score", "paper, score"}
    assert str(found).endswith("all equal")


@pytest.fixture
def record(results) -> dict[str, Any]:
    """That of neighbours, which takes no time."""
    [found] = [one for one in read_results(Path(results)) if one["cell"]["method"] == "neighbours"]
    return found


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "edited.jsonl"


def test_what_is_no_longer_the_same_is_told(record, path, capsys):
    record["machine"], record["versions"]["torch"] = "an abacus", "0.1"
    path.write_text(json.dumps(record))
    assert main(["benchmark", "repeat", str(path)]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "digits, all but 3, neighbours, seed 0"
    assert "all equal" in told.splitlines()
    assert "not the same as then: machine an abacus, now " in told
    assert "not the same as then: torch 0.1, now " in told


def test_another_auroc_is_told(record, path):
    record["strict"]["score"]["auroc"]["value"] -= 0.25
    path.write_text(json.dumps(record))
    found = repeat_record(str(path), None, [], 0)
    assert not found.equal
    assert "not all equal" in str(found)


def test_a_record_of_another_version_is_refused(record, path):
    record["parameters"]["tentacles"] = 8
    path.write_text(json.dumps(record))
    with pytest.raises(InputError, match="no parameter of this version of ama is tentacles"):
        repeat_record(str(path), None, [], 0)


@pytest.mark.parametrize("only", [["no such cell"], ["neighbours", "seed 1"]])
def test_no_such_record_is_refused(results, only):
    with pytest.raises(InputError, match="holds no record of a grid that these data and --only leave"):
        repeat_record(results, None, only, 0)


def test_a_results_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no results file .*/none\.jsonl"):
        repeat_record(str(tmp_path / "none.jsonl"), None, [], 0)
