"""The layout of the package, from the code itself: imports run downward, and a room is found by its name."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import ama

PACKAGE = Path(ama.__file__).parent
# Bottom first: a module imports from its own room and from those before it.
ROOMS = (
    "errors", "utils", "settings", "decision", "io", "networks", "objective", "features", "scores", "training", "data",
    "detectors", "baselines", "report", "export", "serving", "distributed", "benchmark", "cli",
)  # fmt: skip
AT_THE_ROOT = {"__init__.py", "__main__.py", "errors.py", "settings.py", "py.typed"}
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOM_FILES = [path for path in MODULES if path.parent != PACKAGE]


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(tree: ast.AST) -> list[str]:
    """The rooms that a piece of code imports from."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "ama"
                else [node.module]
            )
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            continue
        names += [name.split(".")[1] for name in found if name.startswith("ama.")]
    return names


def _without_plots(tree: ast.Module) -> ast.Module:
    """The module without the bodies of ``plot_*`` and ``export`` methods, which may import what lies above."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (node.name.startswith("plot_") or node.name == "export"):
            node.body = [ast.Pass()]
    return tree


@pytest.mark.parametrize("path", [p for p in MODULES if _room(p) not in ("__init__", "__main__")], ids=_name)
def test_imports_run_downward(path):
    allowed = set(ROOMS[: ROOMS.index(_room(path)) + 1])
    found = set(_imports(_without_plots(ast.parse(path.read_text()))))
    assert found <= allowed, f"{_name(path)} imports from {sorted(found - allowed)}, which lie above it"


def test_the_root_holds_nothing_but_what_everything_needs():
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == AT_THE_ROOT
    assert {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"} <= set(ROOMS)


@pytest.mark.parametrize("path", [p for p in ROOM_FILES if p.name == "__init__.py"], ids=_name)
def test_a_room_opens_with_a_docstring_alone(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    # The baselines are public by their names, and are imported when one is asked for.
    allowed = 1 if _name(path) != "baselines/__init__.py" else len(tree.body)
    assert len(tree.body) == allowed
    assert "torch" not in _imported_at_the_top(tree)


def test_the_equations_import_torch_alone():
    for path in (PACKAGE / "objective").glob("*.py"):
        assert _imported_at_the_top(ast.parse(path.read_text())) <= {
            "__future__", "math", "collections", "typing", "torch", "jaxtyping",
        }, path.name  # fmt: skip


def test_the_declarations_import_the_standard_library_alone():
    for name in ("errors.py", "settings.py", "utils/declarations.py"):
        found = _imported_at_the_top(ast.parse((PACKAGE / name).read_text()))
        assert found <= {"__future__", "dataclasses", "numbers", "re", "types", "typing", "ama"}, name


def test_no_two_modules_share_a_name():
    # A command is called as what it does.
    names = [p.name for p in ROOM_FILES if p.name != "__init__.py" and "commands" not in p.parts]
    assert [name for name, n in Counter(names).items() if n > 1] == []


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_file_has_one_idea(path):
    text = path.read_text()
    assert len(text.splitlines()) < 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno + 1 < 50, f"{_name(path)}: {node.name}"


def test_only_the_factory_looks_at_the_number_of_axes():
    asking = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Compare)
                and "len(" in (text := ast.unparse(node.left))
                and "shape" in text
            ):
                asking.append(_name(path))
    assert asking == ["scores/kinds/factory.py"]


def _imported_at_the_top(tree: ast.Module) -> set[str]:
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found
