"""The versions that are recorded with results."""

from __future__ import annotations

import json
import platform

import numpy as np
import torch

from ama.io.versions import PACKAGES, versions


def test_ama_python_and_every_main_library_are_named():
    found = versions()
    assert list(found) == ["ama", "python", *PACKAGES]
    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert found["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert "unknown" not in found.values()
    assert json.loads(json.dumps(found)) == found


def test_a_library_that_is_not_installed_is_unknown(monkeypatch):
    monkeypatch.setattr("ama.io.versions.PACKAGES", ("no-such-library",))
    assert versions()["no-such-library"] == "unknown"
