"""The package as others meet it: its public names, what it imports, and the wheel in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement

import ama
from ama.detectors.registry import METHODS
from ama.utils.extras import EXTRAS

ROOT = Path(__file__).parents[1]
PUBLIC = ["AMADetector", "__version__", "baselines", "errors", "load"]
YAML = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / ".github").rglob("*.yml"))
HELP_SECONDS = 0.1
SCORING = [
    *(
        "ama.scores.model",
        "ama.detectors.registry",
        "ama.detectors.ama",
        "ama.cli.main",
        "ama.cli.commands.score",
    ),
    *("ama.cli.commands.evaluate", "ama.cli.commands.calibrate"),
    *(METHODS[name] for name in ("NearestNeighbours", "PCAReconstruction", "PatchCore", "PaDiM")),
]
OPTIONAL = [
    *("lightning", "pytorch_lightning", "datasets", "huggingface_hub", "matplotlib"),
    *("transformers", "timm"),
]
PACKAGES = {"mlflow": "mlflow-skinny"}  # by the library, where the names differ
BACKBONES = ("transformers", "timm")  # large extras, which few need


def python(code: str, *arguments: object, interpreter: object = sys.executable, **options) -> str:
    """What a program prints."""
    command = [str(interpreter), "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Names


def test_the_public_names_are_listed_and_all_exist():
    assert dir(ama) == sorted(ama.__all__) == PUBLIC
    assert all(getattr(ama, name) is not None for name in PUBLIC)
    with pytest.raises(AttributeError, match="module 'ama' has no attribute 'detector'"):
        ama.detector  # noqa: B018


def test_the_version_is_that_of_the_installed_package():
    assert ama.__version__ == version("ama")
    assert python("import ama; print(ama.__version__)") == f"{version('ama')}\n"


def test_public_names_are_imported_on_first_use():
    code = (
        "import sys, ama; dir(ama), ama.__version__, ama.errors; print({'torch', 'numpy'} & {*sys.modules})"
    )
    assert python(code) == "set()\n"


# Imports


def test_scoring_imports_no_optional_library():
    code = (
        "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"
    )
    assert not set(OPTIONAL) & set(python(code, *SCORING).split())


def test_help_is_shown_at_once():
    def seconds() -> float:
        before = sum(os.times()[2:4])
        subprocess.run([sys.executable, "-m", "ama", "--help"], capture_output=True, check=True)
        return sum(os.times()[2:4]) - before

    # Processor time of the child, which other processes disturb less than the time on the clock.
    assert any(seconds() < HELP_SECONDS for _ in range(20))


# Metadata


@pytest.fixture(scope="module")
def project() -> dict:
    """The project as pyproject.toml declares it."""
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read TOML")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {Requirement(line).name.lower().replace("_", "-") for line in requirements} - {"ama"}


def test_the_package_and_its_citation_agree(project):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["cff-version"], citation["preferred-citation"]["year"]) == ("1.2.0", 2021)
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["repository-code"] == project["urls"]["Source"]
    assert all(url.startswith(project["urls"]["Homepage"]) for url in project["urls"].values())


def test_an_extra_installs_the_libraries_that_its_message_names(project):
    extras = project["optional-dependencies"]
    for name, extra in EXTRAS.items():
        libraries = {PACKAGES.get(library, library.replace("_", "-")) for library in extra.libraries}
        assert libraries <= names(extras[name]), name
        assert not libraries & names(project["dependencies"])
    small = [name for name in EXTRAS if name not in BACKBONES]
    assert extras["all"] == [f"ama[{','.join(small)}]"]


def test_everything_that_is_installed_has_an_exact_version(project):
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = [project["dependencies"], *project["optional-dependencies"].values()]
    assert set.union(*map(names, wanted)) <= names([line for line in lines if "==" in line])


@pytest.mark.parametrize("path", [".pre-commit-config.yaml", *YAML])
def test_every_settings_file_is_yaml(path):
    assert isinstance(yaml.safe_load((ROOT / path).read_text(encoding="utf-8")), dict)


# The wheel


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """A folder with the wheel and the source distribution, built from a copy of the repository."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    # Without isolation, build uses the setuptools installed here and downloads nothing.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", source / "dist", source]
    subprocess.run(command, check=True, capture_output=True)
    return source / "dist"


@pytest.fixture(scope="module")
def environment(dist, tmp_path_factory) -> Path:
    """The Python of an environment that holds the wheel and what it requires without extras, nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    [wheel] = dist.glob("*.whl")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        interpreter,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, "--no-compile", wheel], check=True, env=clean())
    packages = Path(
        python("import sysconfig; print(sysconfig.get_path('purelib'))", interpreter=interpreter).strip()
    )
    with ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith("METADATA")]
        required = re.findall(r"^Requires-Dist: (.*)$", archive.read(metadata).decode(), re.M)
    for path in installed_files(required):
        (packages / path.name).symlink_to(path)
    return interpreter


def installed_files(required: list[str]) -> set[Path]:
    """The top-level files and folders of installed packages, and of those that they require in turn."""
    found: set[Path] = set()
    waiting, seen = [(Requirement(line), "") for line in required], set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if (requirement.name, *requirement.extras) in seen:
            continue
        seen.add((requirement.name, *requirement.extras))
        try:
            package = distribution(requirement.name)
        except PackageNotFoundError:  # a library that only an older one still requires
            continue
        found |= {
            Path(package.locate_file(file.parts[0])) for file in package.files or [] if ".." not in file.parts
        }
        for extra in ("", *requirement.extras):
            waiting += [(Requirement(line), extra) for line in package.requires or []]
    return {path for path in found if path.exists() and path.name != "__pycache__"}


def test_the_wheel_and_the_source_distribution_hold_what_they_should(dist):
    [wheel], [source] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    check = [sys.executable, "-m", "twine", "check", "--strict", wheel, source]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    with ZipFile(wheel) as archive:
        held = set(archive.namelist())
    files = (path for path in (ROOT / "src" / "ama").rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert {f"ama/{path.relative_to(ROOT / 'src' / 'ama').as_posix()}" for path in files} <= held
    assert {"ama/py.typed", *(f"ama/report/page/report.{kind}" for kind in ("html", "css", "js"))} <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)
    assert not [name for name in held if name.startswith("tests")]


SCORES = """
import numpy, torch, ama
torch.set_num_threads(1)
numpy.save("scores.npy", ama.load("model").score_samples("images.npy"))
print(ama.__file__, ama.__version__)
"""
COMMANDS = """
import json, sys
from ama.cli.main import main
print(json.dumps([main(words) for words in json.loads(sys.argv[1])]), end="")
"""


@pytest.fixture
def folder(tmp_path, digits, digit_detector) -> Path:
    """A model and samples."""
    images, labels = digits
    digit_detector.save(tmp_path / "model")
    np.save(tmp_path / "images.npy", images[:40])
    np.save(tmp_path / "normal.npy", images[labels == 0])
    np.savez(tmp_path / "labelled.npz", x=images[labels < 2], y=labels[labels < 2])
    return tmp_path


def test_the_wheel_alone_scores_a_saved_model(environment, folder, digits, digit_detector):
    where, found = python(SCORES, interpreter=environment, cwd=folder, env=clean()).split()
    assert Path(where).is_relative_to(environment.parents[1])
    assert found == ama.__version__
    assert np.array_equal(np.load(folder / "scores.npy"), digit_detector.score_samples(digits[0][:40]))


def test_the_wheel_alone_has_the_commands_and_names_the_extra_that_another_needs(environment, folder):
    done = subprocess.run(
        [environment.with_name("ama"), "--version"], env=clean(), capture_output=True, text=True
    )
    assert done.stdout == f"ama {ama.__version__}\n"
    scoring = [
        ["score", "model", "images.npy", "--out", "scores.csv"],
        ["evaluate", "model", "labelled.npz", "--normal-label", "0"],
        ["calibrate", "model", "normal.npy", "--out", "calibrated"],
    ]
    refused = {
        "train": ["fit", "normal.npy", "--out", "fitted"],
        "report": ["report", "model", "normal.npy", "--out", "page.html"],
        "hub": ["score", "model", "hf://owner/name"],
        "serve": ["serve", "model"],
    }
    command = [environment, "-c", COMMANDS, json.dumps([*scoring, *refused.values()])]
    done = subprocess.run(command, cwd=folder, env=clean(), capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, 0, 0, 2, 2, 2, 2], done.stderr
    sentences = [line for line in done.stderr.splitlines() if "not installed" in line]
    assert [re.search(r"pip install .* \(the extra '(\w+)' of ama\)$", line)[1] for line in sentences] == [
        *refused
    ]


def clean() -> dict[str, str]:
    """Environment variables without those that lead to this repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
