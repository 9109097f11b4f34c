"""A model folder that anybody may have written: one sentence, in little time and memory."""

from __future__ import annotations

import hashlib
import json
import os
import struct
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

pytestmark = pytest.mark.usefixtures("no_patience")


@pytest.fixture(scope="module")
def detector() -> ama.AMADetector:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    return ama.AMADetector(
        scoring="latent_density+mahalanobis+nearest_rows+local_nearest_rows+row_density+symmetric_row_density",
        max_steps=3,
        random_state=0,
        progress=False,
        latent_dim=4,
        encoder_width=4,
    ).fit(rows)


@pytest.fixture
def folder(detector, tmp_path) -> Path:
    detector.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def refused(folder):
    """Expects one sentence that names the folder."""

    def check(sentence: str, at: Path = folder) -> None:
        with pytest.raises(ModelFolderError, match=sentence) as caught:
            ama.load(at)
        assert "\n" not in str(caught.value)
        assert str(at) in str(caught.value)

    return check


def replaced(old: str, new: str):
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def keys(**changes):
    return lambda text: json.dumps({**json.loads(text), **changes})


def within(key: str, **changes):
    return lambda text: keys(**{key: {**json.loads(text)[key], **changes}})(text)


def without(key: str):
    return lambda text: json.dumps({name: value for name, value in json.loads(text).items() if name != key})


CONFIGS = {
    "empty": (lambda text: "\n", r"config\.json cannot be read: it is empty$"),
    "nested lists": (lambda text: "[" * 100_000, "nested too deeply"),
    "many lists": (lambda text: "[" + "[]," * 500_000 + "0]", "more than 400,000 lists"),
    "17 MB": (lambda text: " " * (17 * 2**20), "larger than 16 MiB"),
    "long number": (replaced('"format": 4', '"format": ' + "9" * 5000), "a number of 5,000 digits"),
    "long number within": (replaced('"steps": 3', '"steps": ' + "9" * 25), "a number of 25 digits"),
    "format is true": (keys(format=True), "names no format"),
    "infinite steps": (replaced('"steps": 3', '"steps": Infinity'), "holds Infinity, which is not a number"),
    "offset is NaN": (keys(offset=float("nan")), "holds NaN, which is not a number"),
    "offset is 1e999": (replaced('"offset": ', '"offset": 1e999, "_": '), "offset is inf, expected a number"),
    "twice": (replaced('"steps": 3', '"steps": 3, "steps": 4'), "the key 'steps' appears twice"),
    "unknown key": (keys(offsett=0), "unknown key 'offsett'; did you mean offset?"),
    "missing key": (without("offset"), "the key offset is missing"),
    "missing key of the method": (without("validation_auroc"), "the key validation_auroc is missing"),
    "method is a list": (keys(method=[]), r"method is \[\], expected text"),
    "method is an object": (keys(method={"a": 1}), "method is .*expected text"),
    "method is null": (keys(method=None), "method is None, expected text"),
    "offset is text": (keys(offset="x"), "offset is 'x', expected a number"),
    "offset is null": (keys(offset=None), "offset is None, expected a number"),
    "offset is another": (keys(offset=-1e30), r"offset_ is -1e\+30, but the threshold of false_alarm_rate 0\.05 is"),
    "steps are negative": (keys(steps=-1), "negative"),
    "seconds are text": (keys(seconds="long"), "seconds is 'long', expected a number"),
    "no shape": (keys(shape=[]), r"shape \[\] is neither that of a row nor that of an image"),
    "shape of nothing": (keys(shape=[0]), r"shape \[0\] is neither"),
    "shape of two": (keys(shape=[100000, 100000]), "is neither"),
    "shape of a number": (keys(shape=3), "shape is 3, expected a list"),
    "other shape": (keys(shape=[40_000_000]), r"networks\.scaling\.shift has shape \(3,\), expected \(40000000,\)"),
    "huge shape": (keys(shape=[3, 10**9, 10**9]), "images must be 8 to 256 pixels a side"),
    "huge row": (keys(shape=[2**62]), "does not describe a model|expected"),
    "other dtype": (keys(dtype="float16"), "dtype is 'float16', expected one of uint8, float32, float64"),
    "settings is a list": (keys(settings=[]), r"settings is \[\], expected an object"),
    "unknown setting": (within("settings", latent_dims=4), "unknown key 'latent_dims'; did you mean latent_dim?"),
    "no such term": (within("settings", scoring="nonsense"), "scoring is 'nonsense', but its terms are"),
    "no such term beside auto": (within("settings", scoring="auto+nonsense"), "scoring is 'auto\\+nonsense', but"),
    "a missing term beside auto": (within("settings", scoring="auto+noise_level"), "'auto\\+noise_level', but"),
    "scoring is a number": (within("settings", scoring=3), "scoring is 3, expected text"),
    "lipschitz is null": (within("settings", lipschitz=None), "lipschitz is None, expected one of"),
    "delta is auto": (within("settings", delta="auto"), "delta is 'auto', expected a number"),
    "latent_dim is 0": (within("settings", latent_dim=0), "latent_dim must be a whole number from 1 to 4096, found 0"),
    "latent_dim is true": (within("settings", latent_dim=True), "latent_dim is True, expected a whole number"),
    "wide": (within("settings", encoder_width=4096), r"has shape \(4, 3\), expected \(4096, 3\)"),
    "too wide": (within("settings", encoder_width=10**7), "encoder_width must be a whole number from 1 to 4096"),
    "no terms": (keys(deciding=[]), "scoring is .*but its terms are"),
    "no terms of auto": (
        lambda text: keys(deciding=[])(within("settings", scoring="auto")(text)), "scoring is 'auto', but its terms are"
    ),
    "unknown term": (keys(reported=["nonsense"]), "the term 'nonsense', which is not registered"),
    "another term": (keys(reported=["r_score", "a_score", "memory_bank"]), r"terms\.memory_bank\.mean is missing"),
    "digest is a path": (keys(weights_sha256="../../../etc/passwd"), "weights_sha256 is not a SHA-256"),
    "columns are a number": (keys(columns=3), "columns is 3, expected a list of which each item is text or null"),
    "too few columns": (keys(columns=["a"]), "names 1 column for rows of 3 columns"),
    "too few features": (keys(feature_names=["a"]), "names 1 column for rows of 3 columns"),
    "history is text": (keys(history="x"), "history is 'x', expected a list"),
    "history of text": (keys(history=[{"step": "x"}]), "history is .*expected a list"),
    "versions are a list": (keys(versions=[1]), r"versions is \[1\], expected an object"),
    "rate is text": (within("parameters", false_alarm_rate="x"), "false_alarm_rate is 'x', expected a number"),
    "rate is 2": (within("parameters", false_alarm_rate=2), "false_alarm_rate must be a number between 0 and 1"),
    "unknown parameter": (within("parameters", deltas=2), "unknown key 'deltas'; did you mean delta?"),
    "another method": (keys(method="FenceGAN"), "does not describe a model"),
    "long method": (keys(method="x" * 10_000), "unknown method"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGS)
def test_a_hostile_configuration_gets_one_sentence(folder, refused, case):
    change, sentence = CONFIGS[case]
    path = folder / CONFIG
    path.write_text(change(path.read_text()))
    refused(sentence)


def put(name: str, change):
    return lambda tensors: tensors.update({name: change(tensors[name])})


WEIGHT = "networks.encoder.layers.0.weight"
TENSORS = {
    "weight is NaN": (put(WEIGHT, lambda t: t.fill_(float("nan"))), f"{WEIGHT} holds a number that is not finite"),
    "weight is infinite": (put(WEIGHT, lambda t: t.fill_(float("inf"))), f"{WEIGHT} holds a number that is not finite"),
    "whole weights": (put(WEIGHT, lambda t: t.long()), f"{WEIGHT} is of type torch.int64"),
    "half weights": (put(WEIGHT, lambda t: t.half()), f"{WEIGHT} is of type torch.float16"),
    "single weights": (put(WEIGHT, lambda t: t.float()), "do not fit its networks"),
    "half calibration": (put("calibration", lambda t: t.half()), "calibration is of type torch.float16"),
    "single calibration": (put("calibration", lambda t: t.float()), "offset_ is|do not fit"),
    "calibration is NaN": (put("calibration", lambda t: t.fill_(float("nan"))), "calibration holds a number"),
    "no calibration": (put("calibration", lambda t: t[:0].clone()), "no calibration scores"),
    "a_score.std is 0": (put("terms.a_score.std", lambda t: t.fill_(0)), "std holds 0"),
    "std is 0": (put("combination.std", lambda t: t.fill_(0)), "std holds 0"),
    "std is negative": (put("combination.std", lambda t: -t), "combination.std holds -"),
    "weight is negative": (put("combination.weight", lambda t: -t), "combination.weight holds -"),
    "scale is negative": (put("networks.scaling.scale", lambda t: -t), "scaling.scale holds -"),
    "means of another size": (put("terms.latent_density.means", lambda t: t[:, :2].clone()), r"means has shape"),
    "fewer means": (put("terms.latent_density.weights", lambda t: torch.cat([t, t])), "do not fit its networks"),
    "no means": (put("terms.latent_density.means", lambda t: t[:0].clone()), "do not fit its networks"),
    "mean of another size": (put("terms.mahalanobis.mean", lambda t: t[:-1].clone()), "do not fit its networks"),
    "covariance": (put("terms.latent_density.covariances", lambda t: -t), "do not fit its networks"),
    "no nearest rows": (put("terms.nearest_rows.points", lambda t: t[:0].clone()), "do not fit its networks"),
    "rows of another size": (put("terms.nearest_rows.points", lambda t: t[:, :2].clone()), "do not fit its networks"),
    "fewer distances": (put("terms.local_nearest_rows.own", lambda t: t[:1].clone()), "do not fit its networks"),
    "whitening of another size": (
        put("terms.local_nearest_rows.whitening", lambda t: t[:, :2].clone()), "do not fit its networks"
    ),
    "fewer weights": (put("terms.row_density.log_weights", lambda t: t[:0].clone()), "do not fit its networks"),
    "whitenings": (put("terms.row_density.whitenings", lambda t: -t), "do not fit its networks"),
    "fewer powers": (
        put("terms.symmetric_row_density.columns.powers", lambda t: t[:1].clone()), "do not fit its networks"
    ),
    "no powers": (
        put("terms.symmetric_row_density.columns.powers", lambda t: t[:0].clone()), "do not fit its networks"
    ),
    "powers without a scale": (
        put("terms.symmetric_row_density.columns.std", lambda t: 0 * t), "do not fit its networks"
    ),
    "map of another size": (put("map.precision", lambda t: t[:2, :2].clone()), "do not fit its networks"),
    "one more": (lambda tensors: tensors.update(extra=torch.zeros(1)), "tensor extra is unknown"),
    "one fewer": (lambda tensors: tensors.pop(WEIGHT), f"tensor {WEIGHT} is missing"),
    "another axis": (put("calibration", lambda t: t[:, None].clone()), "calibration has shape"),
}  # fmt: skip


@pytest.mark.parametrize("case", TENSORS)
def test_hostile_weights_get_one_sentence(folder, refused, case):
    change, sentence = TENSORS[case]
    tensors = {name: tensor.clone() for name, tensor in load_file(folder / WEIGHTS).items()}
    change(tensors)
    save_file(tensors, folder / WEIGHTS)
    sign(folder)
    refused(sentence)


def sign(folder: Path) -> None:
    """Let the configuration name the weights as they are."""
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    (folder / CONFIG).write_text(keys(weights_sha256=digest)((folder / CONFIG).read_text()))


def header(**tensors) -> bytes:
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


def one(shape: list[int], start: int, end: int) -> dict:
    return {"dtype": "F64", "shape": shape, "data_offsets": [start, end]}


FILES = {
    "empty": b"",
    "short": b"1234",
    "garbage": b"\xff" * 1000,
    "long header": struct.pack("<Q", 2**62) + b"{}",
    "header beyond the file": struct.pack("<Q", 10_000) + b"{}",
    "huge tensor": header(calibration=one([10**12], 0, 8 * 10**12)),
    "overlapping": header(a=one([2], 0, 16), b=one([2], 8, 24)) + bytes(24),
    "a hole": header(a=one([1], 0, 8), b=one([1], 16, 24)) + bytes(24),
    "nested": header() + b"[" * 100_000,
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_weights_gets_one_sentence(folder, refused, case):
    (folder / WEIGHTS).write_bytes(FILES[case])
    sign(folder)
    refused(f"{WEIGHTS} (is truncated or altered|does not fit its {CONFIG})")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are POSIX's")
@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
@pytest.mark.parametrize("kind", ["pipe", "folder", "zero", "loop"])
def test_what_is_no_file_neither_blocks_nor_fills_the_memory(folder, refused, name, kind):
    (folder / name).unlink()
    make = {
        "pipe": os.mkfifo,
        "folder": os.mkdir,
        "zero": lambda path: os.symlink("/dev/zero", path),
        "loop": lambda path: os.symlink(path, path),
    }
    make[kind](folder / name)
    refused(
        f"{name} cannot be read: (it is a (pipe|folder|device), expected a file|Too many levels of symbolic links)"
    )


def test_a_folder_is_loaded_by_its_own_class(folder):
    assert ama.AMADetector.load(folder).shape_ == (3,)
    with pytest.raises(ModelFolderError, match="holds a AMADetector, not a PCAReconstruction"):
        ama.baselines.PCAReconstruction.load(folder)


def test_loading_draws_no_random_number(folder, detector):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    rows = np.random.default_rng(1).normal(size=(20, 3))
    assert np.array_equal(ama.load(folder).score_samples(rows), detector.score_samples(rows))
    assert torch.equal(torch.rand(1), expected)


OPTIONS = {
    "WAIC": ({"n_models": 2, "max_steps": 2}, {"n_models": 10**9}, "many more layers than there are tensors"),
    "LikelihoodRatio": (
        {"width": 4, "max_steps": 2},
        {"depth": 10**9},
        "many more layers than there are tensors",
    ),
    "DeepSVDD": ({"max_steps": 2}, {"latent_dim": 10**9}, "has shape .*expected"),
    "AnoGAN": ({"max_steps": 2, "search_steps": 2}, {"width": "x"}, "width is 'x', expected a whole number"),
    "ALAD": ({"max_steps": 2}, {"scoring": "l3"}, "scoring is 'l3', expected one of"),
    "NearestNeighbours": ({}, {"n_neighbours": 10**9}, "do not fit its networks"),
    "PCAReconstruction": ({}, {"width": 3}, "unknown key 'width'"),
    "PaDiM": ({}, {"backbone": {"library": "none"}}, "its backbone lacks network"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_options_of_a_baseline_are_checked(digits, tmp_path, name):
    given, changes, sentence = OPTIONS[name]
    detector = getattr(ama.baselines, name)(
        held_out=0.5, random_state=0, device="cpu", progress=False, **given
    )
    detector.fit(digits[0][:60]).save(tmp_path / "model")
    path = tmp_path / "model" / CONFIG
    path.write_text(within("settings", **changes)(path.read_text()))
    with pytest.raises(ModelFolderError, match=sentence):
        ama.load(tmp_path / "model")


def test_a_search_without_end_does_not_delay_the_loading(digits, tmp_path):
    detector = ama.baselines.AnoGAN(max_steps=2, search_steps=2, held_out=0.5, random_state=0, progress=False)
    detector.fit(digits[0][:60]).save(tmp_path / "model")
    path = tmp_path / "model" / CONFIG
    path.write_text(within("settings", search_steps=10**9)(path.read_text()))
    assert ama.load(tmp_path / "model").model_.search_steps == 10**9


MEMORY = """
import json, os, resource, sys, time
from pathlib import Path
import numpy as np
import ama
from ama.errors import ModelFolderError
from ama.io import model_reader

model_reader.PAUSES = 0.0, 0.001  # nobody replaces the folder
folder = Path(sys.argv[1])
ama.load(folder)  # what every model needs
config = json.loads((folder / "config.json").read_text())
def settings(**changes): return {"settings": {**config["settings"], **changes}}
for changes in (
    {"shape": [40_000_000]}, {"shape": [3, 10**9, 10**9]}, {"shape": [10**9, 256, 256]}, {"shape": [2**62]},
    settings(encoder_width=4096, generator_width=4096, discriminator_width=4096, latent_dim=4096),
    {"history": [{}] * 399_000}, {"columns": ["ab"] * 2_000_000}, {"reported": ["r_score"] * 10**6},
):
    if not os.fork():
        (folder / "config.json").write_text(json.dumps({**config, **changes}))
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try: ama.load(folder)
        except ModelFolderError as error: pass
        used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print("less" if used < 250 and time.process_time() - start < 5 else f"{used} MB for {changes}"[:99], flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the memory is Linux's")
def test_no_configuration_takes_much_memory_or_time(folder):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MEMORY, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout.split("\n"), done.stderr) == (["less"] * 8 + [""], "")


def test_a_model_without_a_score_that_commands_report_is_refused(folder, refused):
    config = json.loads((folder / CONFIG).read_text())
    assert "r_score" in config["reported"]
    config["reported"].remove("r_score")
    (folder / CONFIG).write_text(json.dumps(config))
    refused("does not describe a detector: its terms lack r_score")


def test_points_that_nobody_learned_score_without_a_warning(tmp_path):
    rows = np.random.default_rng(0).normal(size=(60, 3))
    ama.baselines.NearestNeighbours(random_state=0, held_out=0.4).fit(rows).save(tmp_path / "model")
    tensors = load_file(tmp_path / "model" / WEIGHTS)
    tensors["points"][0, 0] = -1.77e308
    save_file(tensors, tmp_path / "model" / WEIGHTS)
    digest = hashlib.sha256((tmp_path / "model" / WEIGHTS).read_bytes()).hexdigest()
    config = json.loads((tmp_path / "model" / CONFIG).read_text())
    (tmp_path / "model" / CONFIG).write_text(json.dumps({**config, "weights_sha256": digest}))
    assert np.isfinite(ama.load(tmp_path / "model").score_samples(rows)).all()
