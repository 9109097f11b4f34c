"""The commit of the sources that run, in a repository made for the test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ama.errors
import ama.io

ASK = "import ama.io.commits; print(ama.io.commits.commit())"
CHECK = "import ama.io.commits as c, pathlib; c.check_committed(pathlib.Path({!r}))"


@pytest.fixture
def package(tmp_path) -> Path:
    """The module alone in a package of its own."""
    folder = tmp_path / "ama" / "io"
    folder.mkdir(parents=True)
    for init in (folder, folder.parent):
        (init / "__init__.py").touch()
    shutil.copy(Path(ama.io.__file__).with_name("commits.py"), folder)
    shutil.copy(Path(ama.errors.__file__), folder.parent)
    (tmp_path / ".gitignore").write_text("__pycache__\n")
    return tmp_path


def _asked(place: Path) -> str:
    command = [sys.executable, "-B", "-c", ASK]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout.strip()


def _git(place: Path, *words: str) -> str:
    name = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    found = subprocess.run(["git", *name, *words], cwd=place, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def test_it_is_the_digits_of_the_commit_and_says_if_a_file_differs(package):
    assert _asked(package) == "None"
    _git(package, "init", "--quiet")
    _git(package, "add", ".")
    _git(package, "commit", "--quiet", "--message", "one")
    _git(package, "tag", "--annotate", "v1", "--message", "one")
    digits = _git(package, "rev-parse", "HEAD")[:12]
    assert _asked(package) == digits
    (package / "ama" / "__init__.py").write_text("changed = True")
    assert _asked(package) == f"{digits}-dirty"


def test_a_package_that_is_installed_within_a_repository_of_another_project_has_no_commit(package):
    (package / ".gitignore").write_text("ama\n")
    _git(package, "init", "--quiet")
    _git(package, "add", ".")
    _git(package, "commit", "--quiet", "--message", "one")
    assert _asked(package) == "None"


def test_a_results_file_does_not_make_its_own_commit_differ(package):
    (package / "results.jsonl").write_text("{}\n")
    _git(package, "init", "--quiet")
    _git(package, "add", ".")
    _git(package, "commit", "--quiet", "--message", "one")
    (package / "results.jsonl").write_text("{}\n{}\n")
    assert not _asked(package).endswith("-dirty")


def test_records_of_the_repository_need_a_commit(package, tmp_path_factory):
    def refused(path: Path) -> bool:
        command = [sys.executable, "-B", "-c", CHECK.format(str(path))]
        done = subprocess.run(command, cwd=package, capture_output=True, text=True)
        assert done.returncode == 0 or "differs from the last commit: commit first" in done.stderr
        return done.returncode != 0

    inside, outside = package / "results.jsonl", tmp_path_factory.mktemp("outside") / "results.jsonl"
    assert not refused(inside)
    _git(package, "init", "--quiet")
    _git(package, "add", ".")
    _git(package, "commit", "--quiet", "--message", "one")
    assert not refused(inside)
    (package / "ama" / "__init__.py").write_text("changed = True")
    assert refused(inside)
    assert not refused(outside)
