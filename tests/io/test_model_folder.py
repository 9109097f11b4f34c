"""The model folder: whole or absent, the same scores after loading, and one clear sentence for every damage."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import ama
from ama.errors import ModelFolderError
from ama.io.model_folder import CONFIG, WEIGHTS
from ama.io.model_writer import check_writable
from children import end, start

pytestmark = pytest.mark.usefixtures("no_patience")


@pytest.fixture
def folder(digit_detector, tmp_path) -> Path:
    digit_detector.save(tmp_path / "model")
    return tmp_path / "model"


def test_a_folder_holds_the_two_files_and_nothing_else(folder):
    assert sorted(os.listdir(folder)) == [CONFIG, WEIGHTS]
    assert os.listdir(folder.parent) == [folder.name]


def test_scores_after_loading_equal_those_before_bit_for_bit(folder, digit_detector, digits):
    images, _ = digits
    loaded = ama.load(folder)
    for method in ("score_samples", "r_score", "a_score", "p_value", "predict", "reconstruct", "anomaly_map"):
        before, after = getattr(digit_detector, method)(images[:300]), getattr(loaded, method)(images[:300])
        assert np.array_equal(before, after), method
    assert loaded.offset_ == digit_detector.offset_
    assert loaded.get_params() == digit_detector.get_params() | {"device": "auto"}


def test_a_detector_of_rows_comes_back_with_its_precision(row_detector, tmp_path):
    rows = np.random.default_rng(1).normal(size=(50, 5))
    row_detector.save(tmp_path / "rows")
    assert np.array_equal(ama.load(tmp_path / "rows").score_samples(rows), row_detector.score_samples(rows))


SCORE = """
import sys
import ama, numpy, torch

folder, images, scores = sys.argv[1:]
detector, found = ama.load(folder), {}
for threads in (1, 2):
    torch.set_num_threads(threads)
    found[str(threads)] = detector.score_samples(numpy.load(images))
numpy.savez(scores, **found)
"""


def test_loading_in_another_process_gives_the_same_scores(folder, digit_detector, digits, tmp_path):
    images, _ = digits
    np.save(tmp_path / "x.npy", images[:40])
    words = [folder, tmp_path / "x.npy", tmp_path / "s.npz"]
    subprocess.run([sys.executable, "-c", SCORE, *words], check=True)
    there, here = np.load(tmp_path / "s.npz"), digit_detector.score_samples(images[:40])
    assert torch.get_num_threads() == 1
    assert np.array_equal(there["1"], here)
    # Sums are split between threads: rounding differs.
    np.testing.assert_allclose(there["2"], here, rtol=1e-4, atol=1e-4)


def test_saving_again_replaces_the_older_model(folder, row_detector):
    row_detector.save(folder)
    assert ama.load(folder).shape_ == (5,)
    assert os.listdir(folder.parent) == [folder.name]


def test_something_that_is_no_model_is_never_overwritten(tmp_path, row_detector):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.txt").write_text("sun")
    with pytest.raises(ModelFolderError, match=r"photos.*something other than an ama model"):
        row_detector.save(tmp_path / "photos")
    assert os.listdir(tmp_path / "photos") == ["holiday.txt"]


def test_a_model_of_another_library_is_never_overwritten(tmp_path, row_detector):
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / CONFIG).write_text('{"model_type": "bert"}')
    with pytest.raises(ModelFolderError, match=r"bert.*something other than an ama model"):
        row_detector.save(tmp_path / "bert")
    assert os.listdir(tmp_path / "bert") == [CONFIG]


def test_files_beside_a_model_are_left_alone(folder, row_detector):
    for name in ("README.md", "MLmodel", ".DS_Store"):
        (folder / name).write_text("mine")
    row_detector.save(folder)
    assert ama.load(folder).shape_ == (5,)
    assert sorted(os.listdir(folder)) == [".DS_Store", "MLmodel", "README.md", CONFIG, WEIGHTS]
    assert (folder / "README.md").read_text() == "mine"


def test_others_may_read_a_model(folder):
    assert [oct((folder / name).stat().st_mode)[-3:] for name in (CONFIG, WEIGHTS)] == ["644", "644"]


def test_a_missing_parent_is_named_before_any_work(tmp_path):
    with pytest.raises(ModelFolderError, match=r"nowhere does not exist"):
        check_writable(tmp_path / "nowhere" / "model")


@pytest.mark.skipif(os.name != "posix", reason="limits on file size are POSIX's")
def test_a_disk_that_fills_up_leaves_the_older_model_whole(folder, tmp_path, tmp_path_factory):
    # A limit on file size makes the kernel refuse the write, as a full disk does.
    before = {name: (folder / name).read_bytes() for name in (CONFIG, WEIGHTS)}

    def work() -> None:
        import resource  # which Windows lacks

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        detector = ama.load(folder)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        with pytest.raises(ModelFolderError, match=r"^cannot save a model .*File too large"):
            detector.save(folder)

    streams = tmp_path_factory.mktemp("streams")
    assert end(start(work, tmp_path, streams), streams) == (0, "", "")
    assert {name: (folder / name).read_bytes() for name in (CONFIG, WEIGHTS)} == before
    assert os.listdir(folder.parent) == [folder.name]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write to read-only folders"
)
def test_a_read_only_folder_is_refused(tmp_path, row_detector):
    tmp_path.chmod(0o555)
    with pytest.raises(ModelFolderError, match="cannot save a model"):
        row_detector.save(tmp_path / "model")


def _edit(folder, **changes):
    config = json.loads((folder / CONFIG).read_text())
    config.update(changes)
    (folder / CONFIG).write_text(json.dumps(config))


DAMAGES = {
    "no such folder": (
        lambda f: [(f / n).unlink() for n in (CONFIG, WEIGHTS)] and f.rmdir(),
        "no such folder",
    ),
    "foreign": (
        lambda f: (f / CONFIG).write_text('{"model_type": "bert"}'),
        "not the configuration of an ama model",
    ),
    "not JSON": (lambda f: (f / CONFIG).write_text("{"), "cannot be read"),
    "binary config": (
        lambda f: (f / CONFIG).write_bytes(b"\xff\xfe\x00"),
        "it is not text in UTF-8, by its byte 0",
    ),
    "no config": (lambda f: (f / CONFIG).unlink(), f"holds no {CONFIG}"),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), f"{WEIGHTS} is missing"),
    "truncated": (
        lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-100]),
        "truncated or altered",
    ),
    "altered": (
        lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-1] + b"\x01"),
        "truncated or altered",
    ),
    "older": (
        lambda f: _edit(f, format=1, ama_version="0.1.0"),
        r"older ama \(0.1.0, format 1.*fit it again",
    ),
    "newer": (lambda f: _edit(f, format=99, ama_version="9.0"), r"newer ama \(9.0.*upgrade"),
    "unknown setting": (lambda f: _edit(f, settings={"depth": 3}), "does not describe a model"),
    "no parameters": (lambda f: _edit(f, parameters={"depth": 3}), "does not describe a detector"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_gets_one_clear_sentence(folder, damage):
    spoil, sentence = DAMAGES[damage]
    spoil(folder)
    with pytest.raises(ModelFolderError, match=sentence) as caught:
        ama.load(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_a_file_is_no_model_folder(folder):
    with pytest.raises(ModelFolderError, match=r"config\.json is not a model folder: it is a file$"):
        ama.load(folder / CONFIG)


def test_a_byte_order_mark_is_no_damage(folder, digit_detector):
    (folder / CONFIG).write_text((folder / CONFIG).read_text(), encoding="utf-8-sig")
    assert ama.load(folder).offset_ == digit_detector.offset_


def test_a_tensor_of_another_shape_is_named(folder):
    import hashlib

    tensors = load_file(folder / WEIGHTS)
    tensors["networks.encoder.to_latent.weight"] = tensors["networks.encoder.to_latent.weight"][:3].clone()
    save_file(tensors, folder / WEIGHTS)
    _edit(folder, weights_sha256=hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest())
    with pytest.raises(
        ModelFolderError, match=r"networks\.encoder\.to_latent\.weight has shape \(3, .*expected"
    ):
        ama.load(folder)
