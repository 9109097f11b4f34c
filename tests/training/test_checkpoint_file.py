"""Checkpoints: of this very fit, or refused; damaged ones are set aside; nothing in them is executed."""

from __future__ import annotations

import os
import pickle
import shutil
import warnings

import numpy as np
import pytest
import torch

import ama
from ama.baselines import DeepSVDD
from ama.errors import InputError
from children import end, start
from places import SMALL

TINY = {
    "max_steps": 12, "batch_size": 8, "latent_dim": 4, "encoder_width": 4, "generator_width": 4,
    "discriminator_width": 4, "held_out": 0.5, "random_state": 0, "progress": False, "device": "cpu",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _few_samples_are_enough(recwarn):
    warnings.filterwarnings("ignore", message="a false-alarm rate")


def normal_rows() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, 3))


@pytest.fixture
def rows() -> np.ndarray:
    return normal_rows()


@pytest.fixture
def folder(tmp_path) -> str:
    return str(tmp_path / "checkpoints")


def fit(rows, folder, y=None, **given):
    return ama.AMADetector(**{**TINY, "checkpoints": folder, **given}).fit(rows, y)


def content(folder) -> dict:
    return torch.load(os.path.join(folder, "last.ckpt"), weights_only=True)


def refused(sentence: str):
    return pytest.raises(
        InputError, match=rf"^the checkpoint is of another fit: {sentence}; name another folder or"
    )


def test_a_fit_resumes_from_its_own_checkpoint(rows, folder):
    first = fit(rows, folder)
    assert int(content(folder)["state_dict"]["steps_done"]) == 12
    again = fit(rows, folder)
    assert np.array_equal(first.score_samples(rows), again.score_samples(rows))
    assert again.history_ == first.history_


@pytest.mark.parametrize(
    "change", [lambda x: x * 5 + 100, lambda x: x[::-1], lambda x: x[:-1], lambda x: x[:, :2]]
)
def test_a_checkpoint_of_other_data_is_refused(rows, folder, change):
    fit(rows, folder)
    with refused(r"its (data are others|shape is \[3\], expected \[2\])"):
        fit(change(rows).copy(), folder)
    alone = fit(change(rows).copy(), None).score_samples(change(rows))
    other = fit(change(rows).copy(), folder + "-2").score_samples(change(rows))
    assert np.array_equal(alone, other)


def test_a_checkpoint_of_other_anomalies_or_validation_samples_is_refused(rows, folder):
    y = np.r_[np.ones(38), -1, -1]
    fit(rows, folder, y)
    changed = np.r_[rows[:38], rows[38:] + 1]
    with refused("its known anomalies are others"):
        fit(changed, folder, y)
    with refused("its known anomalies are others"):
        fit(rows[:38], folder)
    with refused("its validation samples are others"):
        ama.AMADetector(**TINY, checkpoints=folder).fit(rows, y, (rows, y))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"learning_rate": 0.5}, r"its learning_rate is [\d.e-]+, expected 0.5"),
        ({"random_state": 1}, r"its seed is \d+, expected \d+"),
        ({"max_steps": 13}, "its max_steps is 12, expected 13"),
    ],
)
def test_a_checkpoint_of_other_parameters_is_refused(rows, folder, given, sentence):
    fit(rows, folder)
    with refused(sentence):
        fit(rows, folder, **given)


def test_a_checkpoint_of_another_method_is_refused(rows, folder):
    fit(rows, folder)
    with refused("its method is AMADetector, expected DeepSVDD"):
        DeepSVDD(max_steps=3, random_state=0, device="cpu", checkpoints=folder).fit(rows)


def test_a_search_refuses_checkpoints_of_other_data(rows, folder):
    y = np.r_[np.ones(30), -np.ones(10)]
    detector = ama.AMADetector(**{**TINY, "max_steps": 2}, direction="auto", checkpoints=folder)
    detector.fit(rows, validation=(rows, y))
    assert sorted(os.listdir(folder)) == [".lock", "choice-0", "choice-1"]
    detector.fit(rows, validation=(rows, y))
    with refused("its data are others"):
        detector.fit(rows + 1, validation=(rows, y))


def test_a_method_with_two_trainings_refuses_checkpoints_of_other_data(rows, folder):
    detector = DeepSVDD(max_steps=3, pretraining_steps=3, random_state=0, device="cpu", checkpoints=folder)
    detector.fit(rows)
    assert {"last.ckpt", "pretraining"} <= set(os.listdir(folder))
    with refused("its data are others"):
        detector.fit(rows + 1)


def test_numbers_of_numpy_as_parameters_are_read_back(rows, folder):
    first = fit(rows, folder, learning_rate=np.float64(1e-3))
    again = fit(rows, folder, learning_rate=np.float64(1e-3))
    assert np.array_equal(first.score_samples(rows), again.score_samples(rows))


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("code-ran",)


def damage(path, how: str) -> None:
    whole = path.read_bytes()
    middle = len(whole) // 2
    # The padding between the parts of the file is read by nobody.
    largest = max(torch.load(path, weights_only=True)["state_dict"].values(), key=lambda value: value.nbytes)
    weight = whole.index(largest.numpy().tobytes())
    broken = {
        "empty": b"",
        "text": b"text " * 100,
        "zeros": bytes(len(whole)),
        "half": whole[:middle],
        "cut": whole[:-1],
        "bit": whole[:weight] + bytes([whole[weight] ^ 1]) + whole[weight + 1 :],
        "pickle": pickle.dumps(Harmful()),
    }
    if how in broken:
        path.write_bytes(broken[how])
    elif how == "torch pickle":
        torch.save({"ama": Harmful()}, path)
    else:  # the header is whole, the rest is not
        found = torch.load(path, weights_only=True)
        state = found["state_dict"]
        if how == "shape":
            name = next(name for name, value in state.items() if value.ndim == 2)
            state[name] = torch.zeros(1, 1)
        elif how == "missing":
            del found["state_dict"][next(iter(state))]
        elif how == "beyond":
            state["steps_done"] += 1000
        elif how == "optimizer":
            found["optimizer_states"] = [{"state": {0: {"step": 1}}, "param_groups": []}]
        elif how == "moments":
            moments = found["optimizer_states"][0]["state"][0]
            moments["exp_avg"] = torch.zeros(7)
        else:
            found["loops"] = "nothing"
        torch.save(found, path)


DAMAGED = [
    "empty", "text", "zeros", "half", "cut", "bit", "pickle", "torch pickle", "shape", "missing", "beyond", "optimizer",
    "moments", "loops",
]  # fmt: skip


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    """Of a fit without checkpoints."""
    rows = normal_rows()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="a false-alarm rate")
        return fit(rows, None).score_samples(rows)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The checkpoint of a fit that was killed at step 10, so that it resumes with steps left."""
    folder = str(tmp_path_factory.mktemp("stopped"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ama.training.callbacks.SaveCheckpoint.on_train_batch_end", stops_at(10))
        with pytest.raises(KeyboardInterrupt):
            fit(normal_rows(), folder, checkpoint_every=0.0001)
    assert int(content(folder)["state_dict"]["steps_done"]) == 10
    return os.path.join(folder, "last.ckpt")


def test_a_stopped_fit_goes_on_to_the_scores_of_a_whole_one(rows, tmp_path, stopped, scores):
    shutil.copy(stopped, tmp_path)
    assert np.array_equal(fit(rows, str(tmp_path)).score_samples(rows), scores)


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_checkpoint_is_set_aside_and_the_fit_starts_over(
    rows, tmp_path, monkeypatch, stopped, scores, how
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "c" / "last.ckpt"
    path.parent.mkdir()
    shutil.copy(stopped, path)
    damage(path, how)
    broken = path.read_bytes()
    with pytest.warns(
        UserWarning, match=r"c/last.ckpt is damaged or not .*; it is kept as last.ckpt.damaged, and"
    ):
        assert np.array_equal(fit(rows, "c").score_samples(rows), scores)
    assert (tmp_path / "c" / "last.ckpt.damaged").read_bytes() == broken
    assert sorted(os.listdir(tmp_path)) == ["c"]
    assert sorted(os.listdir(tmp_path / "c")) == [".lock", "last.ckpt", "last.ckpt.damaged"]


def stops_at(step: int):
    """What ends a training after a step, right after its checkpoint was written."""
    from ama.training.callbacks import SaveCheckpoint

    original = SaveCheckpoint.on_train_batch_end

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        original(self, trainer, module, outputs, batch, batch_idx)
        if batch.step + 1 == step:
            raise KeyboardInterrupt

    return on_train_batch_end


def test_no_older_damaged_checkpoint_is_overwritten(rows, folder, tmp_path):
    fit(rows, folder)
    path = tmp_path / "checkpoints" / "last.ckpt"
    for number in range(3):
        path.write_text(f"junk {number}")
        with pytest.warns(UserWarning, match="is damaged"):
            fit(rows, folder)
    kept = [path.with_name(f"last.ckpt.damaged{end}").read_text() for end in ("", "-2", "-3")]
    assert kept == ["junk 0", "junk 1", "junk 2"]


@pytest.mark.parametrize(
    "found", [{"state_dict": {}, "a": 1}, [1, 2], "x", {"ama": {"format": 2}}, {"ama": 3}]
)
def test_a_file_of_something_else_is_refused(rows, folder, tmp_path, found):
    (tmp_path / "checkpoints").mkdir()
    torch.save(found, tmp_path / "checkpoints" / "last.ckpt")
    with pytest.raises(
        InputError, match=r"last\.ckpt is not a checkpoint of ama; name another folder or remove it"
    ):
        fit(rows, folder)


def test_a_checkpoint_of_another_version_is_refused(rows, folder, tmp_path):
    fit(rows, folder)
    found = content(folder)
    found["ama"]["format"] = 99
    torch.save(found, tmp_path / "checkpoints" / "last.ckpt")
    with pytest.raises(
        InputError, match="was written by another version of ama; name another folder or remove it"
    ):
        fit(rows, folder)


def test_a_folder_or_a_pipe_in_place_of_the_file_is_refused(rows, folder, tmp_path):
    (tmp_path / "checkpoints" / "last.ckpt").mkdir(parents=True)
    with pytest.raises(InputError, match=r"last\.ckpt is not a file, and so no checkpoint"):
        fit(rows, folder)
    if hasattr(os, "mkfifo"):
        (tmp_path / "checkpoints" / "last.ckpt").rmdir()
        os.mkfifo(tmp_path / "checkpoints" / "last.ckpt")
        with pytest.raises(InputError, match=r"last\.ckpt is not a file, and so no checkpoint"):
            fit(rows, folder)


# A limit on file size makes the kernel refuse the write, as a full disk does.
FULL = """
import resource, sys, warnings
import numpy as np
import ama
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
rows = np.random.default_rng(0).normal(size=(80, 3))
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    given = dict(max_steps=12, held_out=0.4, random_state=0, progress=False, device="cpu")
    one = ama.AMADetector(**given, checkpoints="checkpoints", checkpoint_every=0.0001).fit(rows)
    other = ama.AMADetector(**given).fit(rows)
assert np.array_equal(one.score_samples(rows), other.score_samples(rows))
print(*(warning.message for warning in told), sep="\\n")
"""


@pytest.mark.skipif(os.name != "posix", reason="limits on file size are POSIX's")
def test_a_checkpoint_that_cannot_be_written_is_one_warning(tmp_path):
    sentence = "the checkpoint checkpoints/last.ckpt cannot be written (File too large); the fit goes on\n"
    assert end(start(lambda: exec(FULL, {}), tmp_path, tmp_path), tmp_path) == (0, sentence, "")
    assert os.listdir(tmp_path / "checkpoints") == [".lock"]


def test_small_settings_are_those_of_the_command_line():
    assert {f"--{name.replace('_', '-')}" for name in TINY} > set(SMALL[::2])
