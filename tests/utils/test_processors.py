"""What torch reports of this processor decides the type that a fit computes in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import ama
from ama.cli.main import main
from ama.utils.processors import multiplies_bfloat16

FAST = {"max_steps": 20, "held_out": 0.4, "random_state": 0}


def test_it_is_what_the_kernel_says_of_an_x86_processor():
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file() or "flags" not in cpuinfo.read_text():
        pytest.skip("/proc/cpuinfo does not list the flags of an x86 processor")
    flags = set(next(line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")).split())
    assert multiplies_bfloat16("cpu") == bool(flags & {"avx512_bf16", "amx_bf16"})


@pytest.mark.parametrize("name", ["avx512_bf16", "amx_bf16", "bf16", "sve_bf16", None])
def test_x86_and_arm_report_it_by_different_names(name, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "neon": True, name: True})
    assert multiplies_bfloat16("cpu") == (name is not None)


@pytest.mark.parametrize("native", [True, False])
def test_an_older_torch_is_asked_for_x86(native, monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: native)
    assert multiplies_bfloat16("cpu") == native


@pytest.mark.parametrize("native", [True, False])
def test_a_gpu_is_asked_without_emulation(native, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    assert multiplies_bfloat16("cuda") == native


@pytest.fixture(params=[True, False], ids=["native", "emulated"])
def native(request, monkeypatch) -> bool:
    """Either answer of the processor, wherever it is asked for."""
    for place in ("training.fit", "baselines.baseline"):
        monkeypatch.setattr(f"ama.{place}.multiplies_bfloat16", lambda device: request.param)
    return request.param


def test_auto_takes_bfloat16_where_it_is_native_and_the_model_says_so(native, digits, tmp_path):
    detector = ama.AMADetector(**FAST).fit(digits[0][digits[1] == 0])
    expected = "bfloat16" if native else "float32"
    fitted = detector.model_.settings
    assert (fitted.precision, fitted.scoring_precision, detector.precision_) == (expected,) * 3
    assert detector.precision is None
    detector.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    assert loaded.precision_ == loaded.model_.settings.scoring_precision == expected


def test_what_is_asked_for_is_taken_whatever_the_processor(native, digits):
    given = {"precision": "float32", "scoring_precision": "bfloat16"}
    fitted = ama.AMADetector(**given, **FAST).fit(digits[0][digits[1] == 0]).model_.settings
    assert (fitted.precision, fitted.scoring_precision) == ("float32", "bfloat16")


def test_rows_are_never_in_bfloat16(native, rng):
    fitted = ama.AMADetector(precision="auto", scoring_precision="auto", **FAST).fit(rng.normal(size=(90, 3)))
    assert (fitted.model_.settings.precision, fitted.precision_) == ("float32", "float32")


@pytest.mark.parametrize("method", ["AMADetector", "ALAD", "NearestNeighbours"])
def test_the_last_line_of_a_fit_names_the_type(native, method, digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("zeros.npy", digits[0][digits[1] == 0])
    length = [] if method == "NearestNeighbours" else ["--max-steps", "5"]
    assert main(["fit", "zeros.npy", "--method", method, "--held-out", "0.4", *length, "--out", "model"]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    named = "" if method == "NearestNeighbours" else f", in {'bfloat16' if native else 'float32'}"
    assert f" s{named}; flags about 5% of normal samples" in last
