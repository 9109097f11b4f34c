"""Saves that cannot lose: to a new name and in place, interrupted, killed, beside readers, and where nothing can be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import ama
from ama.baselines import PCAReconstruction
from ama.errors import ModelFolderError
from ama.io import model_writer
from ama.io.locks import locked
from ama.io.model_folder import CONFIG, WEIGHTS, hidden_weights
from ama.io.model_writer import check_writable
from children import end, start

posix = pytest.mark.skipif(os.name != "posix", reason="links, locks and signals are POSIX's")


@pytest.fixture(scope="module")
def two() -> list[ama.AMADetector]:
    """Two detectors that can be told apart by their shape."""
    rng, small = (
        np.random.default_rng(0),
        dict.fromkeys(("latent_dim", "encoder_width", "generator_width"), 2),
    )
    return [
        ama.AMADetector(max_steps=1, scoring="r_score", random_state=0, progress=False, **small).fit(
            rng.normal(size=(200, n))
        )
        for n in (2, 3)
    ]


@pytest.fixture
def streams(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("streams")


def shape(folder: Path) -> tuple[int, ...]:
    return ama.load(folder).shape_


def test_a_folder_is_written_whole_and_alone(two, tmp_path):
    two[0].save(tmp_path / ("m" * 255))
    assert shape(tmp_path / ("m" * 255)) == (2,)
    assert os.listdir(tmp_path) == ["m" * 255]
    two[0].save(tmp_path / ("m" * 255))
    assert sorted(os.listdir(tmp_path / ("m" * 255))) == [CONFIG, WEIGHTS]


@pytest.mark.parametrize("beside", [[], [".DS_Store", ".git"], ["lost+found"], ["README.md", ".hidden"]])
def test_a_folder_is_filled_or_replaced_in_place(two, tmp_path, beside):
    (tmp_path / "model").mkdir()
    if "README.md" in beside:
        two[0].save(tmp_path / "model")
    for name in beside:
        (tmp_path / "model" / name).write_text("mine")
    before = (tmp_path / "model").stat().st_ino
    two[1].save(tmp_path / "model")
    assert shape(tmp_path / "model") == (3,)
    assert (tmp_path / "model").stat().st_ino == before
    assert sorted(os.listdir(tmp_path / "model")) == sorted([CONFIG, WEIGHTS, *beside])
    assert all((tmp_path / "model" / name).read_text() == "mine" for name in beside)


@posix
def test_a_link_to_a_folder_is_followed(two, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "model").symlink_to("disk")
    for detector in two:
        detector.save(tmp_path / "model")
        assert (tmp_path / "model").is_symlink()
        assert shape(tmp_path / "disk") == detector.shape_


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_a_name(two, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    for detector in two:
        detector.save(folder)
        assert shape(folder) == detector.shape_


def test_numbers_of_numpy_are_saved_as_numbers(tmp_path):
    detector = PCAReconstruction(n_components=np.int64(1), random_state=np.int32(0))
    detector.fit(np.random.default_rng(0).normal(size=(200, 3))).save(tmp_path / "model")
    assert ama.load(tmp_path / "model").get_params()["n_components"] == 1


def test_a_threshold_of_another_rate_is_not_saved(two, tmp_path):
    two[0].save(tmp_path / "model")
    detector = ama.load(tmp_path / "model").set_params(false_alarm_rate=0.3)
    assert detector.offset_ == two[0].offset_  # parameters count for the next fit
    with pytest.raises(
        ModelFolderError, match=r"the threshold of false_alarm_rate 0\.3 is .*set_threshold sets both"
    ):
        detector.save(tmp_path / "model")
    detector.set_threshold(0.3).save(tmp_path / "model")
    assert ama.load(tmp_path / "model").false_alarm_rate == 0.3


REFUSED = {
    "n" * 256: "File name too long",
    "link": "it is a link to .*nowhere/at/all, which does not exist",
    "loop": "it is a link to .*loop, which does not exist",
    "nowhere/model": "the folder .*nowhere does not exist",
    "file": "it is a file",
    "file/model": "the folder .*file does not exist",
    "photos": "it holds something other than an ama model, which is not overwritten",
    "bert": "it holds something other than an ama model, which is not overwritten",
    "newer": r"it holds a model of a newer ama \(9\.0\), which is not overwritten",
    "nul\0": "null",
}


@posix
@pytest.mark.parametrize("name", REFUSED, ids=lambda name: name[:8].strip("\0"))
def test_what_cannot_be_saved_is_found_out_before_the_work(tmp_path, name):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere/at/all")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("x")
    for folder, file, text in (
        ("photos", "holiday.txt", "sun"),
        ("bert", CONFIG, '{"model_type": "bert", "format": 3}'),
        ("newer", CONFIG, '{"format": 99, "ama_version": "9.0"}'),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text(text)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelFolderError, match=f"^cannot save a model at .*: .*{REFUSED[name]}"):
        check_writable(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def interrupted_at(line: int, call) -> bool:
    """Whether a call was interrupted: by Ctrl-C as its n-th line of the module that writes begins."""
    left = line

    def tracer(frame, event, arg):
        nonlocal left
        if frame.f_code.co_filename != model_writer.__file__:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@posix
@pytest.mark.filterwarnings(
    "ignore"
)  # a file that is interrupted as it is opened is closed by Python, which warns
@pytest.mark.parametrize("exists", [False, True])
def test_ctrl_c_at_any_moment_leaves_the_older_model_or_the_new_one(two, tmp_path, exists):
    older, newer = two
    folder, line = tmp_path / "model", 0
    shapes, interrupted, found = set(), True, None
    while interrupted:
        if exists and found != (2,):
            older.save(folder)
        line += 1
        interrupted = interrupted_at(line, lambda: newer.save(folder))
        found = shape(folder) if folder.exists() else None
        shapes.add(found)
        assert found in ((2,), (3,)) if exists else found in (None, (3,))
        if not exists and folder.exists():
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
    assert len(shapes) == 2
    assert line > 50
    newer.save(folder)
    assert os.listdir(tmp_path) == ["model"]
    assert sorted(os.listdir(folder)) == [CONFIG, WEIGHTS]


# Every change of a file or folder that Python reports of a save is once the moment of a SIGKILL.
KILL = """
import os, signal, sys
import ama
from pathlib import Path

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "fcntl.flock"}
older, newer = ama.load(home / "older"), ama.load(home / "newer")

def killed_at(event, folder):
    if not (child := os.fork()):
        left = event
        def hook(name, arguments):
            nonlocal left
            if name in CHANGES or name == "open" and arguments[1] not in ("r", "rb", None):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)
        newer.save(folder)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])

for name in ("new", "old"):
    event, seen, found, killed = 0, set(), None, True
    folder = home / "place" / name
    while killed:
        if name == "old" and found != (2,):
            older.save(folder)
        event += 1
        killed = killed_at(event, folder)
        found = ama.load(folder).shape_ if folder.exists() else None
        seen.add(str(found))
    print(event > 10, sorted(seen), flush=True)
    newer.save(home / "place" / "another")
    newer.save(folder)
print(sorted(str(path.relative_to(home)) for path in (home / "place").rglob("*")))
"""


@posix
def test_a_kill_at_any_moment_leaves_the_older_model_or_the_new_one(two, tmp_path, streams):
    two[0].save(tmp_path / "older")
    two[1].save(tmp_path / "newer")
    (tmp_path / "place").mkdir()
    assert run(KILL, tmp_path, streams).splitlines() == [
        "True ['(3,)', 'None']",
        "True ['(2,)', '(3,)']",
        str(
            [
                f"place/{name}{end}"
                for name in ("another", "new", "old")
                for end in ("", "/" + CONFIG, "/" + WEIGHTS)
            ]
        ),
    ]


def run(code: str, home: Path, streams: Path) -> str:
    done = end(start(lambda: exec(code, {"home": home}), home, streams), streams)
    assert done.status == 0, done.errors
    return done.output


BESIDE = """
import os, signal, sys
import ama

both = [ama.load(home / name) for name in ("older", "newer")]
both[0].save(home / "model")
savers = []
for _ in range(2):
    if not (child := os.fork()):
        while True:
            for detector in both:
                detector.save(home / "model")
    savers.append(child)
try:
    found = {ama.load(home / "model").shape_ for _ in range(20)}
finally:
    for child in savers:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
both[1].save(home / "model")
print(sorted(found), sorted(os.listdir(home / "model")))
"""


@posix
def test_a_model_is_loaded_while_others_replace_it(two, tmp_path, streams):
    two[0].save(tmp_path / "older")
    two[1].save(tmp_path / "newer")
    assert run(BESIDE, tmp_path, streams) == f"[(2,), (3,)] {[CONFIG, WEIGHTS]}\n"


def test_weights_without_their_usual_name_are_found(two, tmp_path):
    # As a save leaves them on Windows, if a reader had the older weights open.
    two[0].save(tmp_path / "model")
    two[1].save(tmp_path / "other")
    digest = ama.io.model_config.read_config(tmp_path / "other")["weights_sha256"]
    (tmp_path / "other" / WEIGHTS).replace(tmp_path / "model" / hidden_weights(digest))
    (tmp_path / "other" / CONFIG).replace(tmp_path / "model" / CONFIG)
    assert shape(tmp_path / "model") == (3,)
    two[0].save(tmp_path / "model")
    assert sorted(os.listdir(tmp_path / "model")) == [CONFIG, WEIGHTS]


@posix
def test_only_what_a_killed_save_left_is_removed(two, tmp_path):
    for name in (".ama-abcdefgh", ".ama-12345678", ".ama-mine_own"):
        (tmp_path / name).mkdir()
        (tmp_path / name / WEIGHTS).write_text("half")
    (tmp_path / ".ama-mine_own" / "note").write_text("mine")
    with locked(tmp_path / ".ama-12345678"):
        two[0].save(tmp_path / "model")
    assert sorted(os.listdir(tmp_path)) == [".ama-12345678", ".ama-mine_own", "model"]
    assert "note" in os.listdir(tmp_path / ".ama-mine_own")
