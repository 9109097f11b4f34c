"""Closed, broken and full standard streams: no work is lost, and lost results are no success."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ama.cli.main import main
from children import Ended, command, end, start

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell closes the streams")

FIT = "fit r.csv --out m --max-steps 20 --held-out 0.3"
MODEL = ["config.json", "weights.safetensors"]
NO_FULL = "there is no full device"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    rows = np.random.default_rng(0).normal(size=(100, 3))
    np.savetxt(folder / "r.csv", rows, delimiter=",", header="a,b,c", comments="")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # What this process has imported, the forked ones need not.
        assert main([*FIT.split(), "--out", "model"]) == 0
    return folder


def run(folder: Path, line: str) -> subprocess.CompletedProcess:
    """Run a line of a shell, in which ama is the command."""
    script = f'ama() {{ "{sys.executable}" -m ama "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120)


def forked(folder: Path, written: Path, line: str, streams: Callable[[], object]) -> Ended:
    """Run a command in a forked process, which does something to its streams first."""

    def work() -> int:
        streams()
        return command(*line.split())()

    return end(start(work, folder, written), written)


def test_a_fit_ends_and_saves_with_closed_streams(folder):
    done = run(folder, f"ama {FIT} >&- 2>&- <&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(os.listdir(folder / "m")) == MODEL
    assert b"ama:" not in (folder / "m" / "weights.safetensors").read_bytes()


def full() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def without_reader() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(full, marks=pytest.mark.skipif(not os.path.exists("/dev/full"), reason=NO_FULL)),
        without_reader,
    ],
)
def test_a_fit_ends_and_saves_though_nothing_can_be_written_to_its_streams(folder, tmp_path, stream):
    def fill() -> None:
        for descriptor in (1, 2):
            os.dup2(stream(), descriptor)

    assert forked(folder, tmp_path, FIT, fill) == (0, "", "")
    assert sorted(os.listdir(folder / "m")) == MODEL


@pytest.mark.parametrize("command", ["--version", "--help", "score --help", "score model r.csv"])
@pytest.mark.parametrize(
    ("stream", "reason"), [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")]
)
def test_lost_results_are_no_success(folder, tmp_path, command, stream, reason):
    if "--help" in command and stream == ">&-":
        pytest.skip("one of the three is enough")
    if stream == ">/dev/full" and command == "score model r.csv":
        status, _, errors = forked(folder, tmp_path, command, lambda: os.dup2(full(), 1))
    else:
        done = run(folder, f"ama {command} {stream}")
        status, errors = done.returncode, done.stderr
    assert (status, errors) == (1, f"ama: cannot write to standard output: {reason}\n")


def test_scores_reach_a_file_without_standard_error(folder, tmp_path):
    def close() -> None:
        os.close(2)
        sys.stderr = None  # as Python starts

    assert forked(folder, tmp_path, "score model r.csv --out s.csv", close).status == 0
    assert len((folder / "s.csv").read_text().splitlines()) == 101


def test_a_wrong_call_is_one_whoever_reads_of_it(folder):
    assert run(folder, "ama nonsense 2>&-").returncode == 2
    assert run(folder, "ama fit --nonsense 2>/dev/full").returncode == 2


IN_PYTHON = """
import os, sys, warnings
import numpy as np
import ama
warnings.simplefilter("error")
x = np.random.default_rng(0).normal(size=(100, 3))
for errors in ("None", "closed", "full"):
    for progress in (True, None):
        sys.stderr = None if errors == "None" else open(os.devnull if errors == "closed" else "/dev/full", "w")
        if errors == "closed":
            sys.stderr.close()
        given = dict(max_steps=30, random_state=0, progress=progress, held_out=0.5)
        ama.AMADetector(**given).fit(x).save(f"{errors}-{progress}")
os._exit(0)
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason=NO_FULL)
def test_fits_in_python_need_no_standard_error(folder, tmp_path):
    assert end(start(lambda: exec(IN_PYTHON, {}), folder, tmp_path), tmp_path) == (0, "", "")
    for errors in ("None", "closed", "full"):
        for progress in (True, None):
            assert sorted(os.listdir(folder / f"{errors}-{progress}")) == MODEL


def test_a_user_without_a_home_is_told_nothing_of_it(folder):
    lines = ["report model r.csv --out r.html", FIT]
    code = f"import sys; from ama.cli.main import main; sys.exit(any(main(line.split()) for line in {lines}))"
    done = run(
        folder,
        f'unset XDG_CACHE_HOME XDG_CONFIG_HOME MPLCONFIGDIR; HOME=/dev/null "{sys.executable}" -c "{code}"',
    )
    assert (done.returncode, (folder / "r.html").exists()) == (0, True)
    assert [line for line in done.stderr.splitlines() if not line.startswith("ama: ")] == []


def test_a_machine_without_a_folder_for_temporary_files_is_told_so(folder):
    pytest.importorskip("dill", reason="torch imports it if it is there, and it looks for the folder")
    code = (
        "import sys, tempfile; tempfile._candidate_tempdir_list = lambda: ['/dev/null']; "
        "from ama.cli.main import main; sys.exit(main(['score', 'model', 'r.csv']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120
    )
    told = "ama: there is no folder for temporary files: TMPDIR must name one that can be written to\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)
