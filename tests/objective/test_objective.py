"""The equations of the paper depend on torch alone."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from ama.objective import latent, losses


@pytest.mark.parametrize("module", [latent, losses])
def test_the_equations_import_torch_and_jaxtyping_only(module):
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    packages = {name.partition(".")[0] for name in found}
    assert packages - sys.stdlib_module_names == {"torch", "jaxtyping"}
