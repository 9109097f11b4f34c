"""Optional libraries, by the extra of the package that installs them."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import NamedTuple

from ama.errors import MissingLibraryError


class Extra(NamedTuple):
    """What an extra is for, the libraries that ``ama`` imports once it is installed, and what installs them."""

    purpose: str
    libraries: tuple[str, ...]
    install: str | None = None  # by default the names of the libraries


EXTRAS = {
    "train": Extra("training", ("lightning",)),
    "hub": Extra("reading data sets of the Hugging Face hub", ("datasets",)),
    "heic": Extra("reading HEIC images", ("pi_heif",)),
    "excel": Extra("reading workbooks of Excel", ("openpyxl", "pandas")),
    "transformers": Extra("a backbone of transformers", ("transformers",)),
    "timm": Extra("a backbone of timm", ("timm",)),
    "onnx": Extra("export", ("onnx", "onnxscript", "onnxruntime")),
    "completion": Extra("shell completion", ("shtab",)),
    "report": Extra("plotting", ("matplotlib", "jinja2", "pandas")),
    "serve": Extra("serving", ("fastapi", "uvicorn", "python_multipart", "prometheus_client"), "'.[serve]'"),
    "ray": Extra("scoring on a Ray cluster", ("ray",), "'.[ray]'"),
    "mlflow": Extra("a model of MLflow", ("mlflow",), "'.[mlflow]'"),
}


@contextmanager
def needs_extra(name: str, purpose: str | None = None) -> Iterator[None]:
    """Enclose the imports that need an extra, and refuse before them if one of its libraries is missing.

    >>> with needs_extra("train"):
    ...     from ama.training.fit import fit_model

    Parameters
    ----------
    name
        A key of ``EXTRAS``.
    purpose
        Subject of the message; by default what the extra is for.

    Raises
    ------
    MissingLibraryError
        If a library is not installed; the message names it and the command that installs it.
    """
    extra = EXTRAS[name]
    if missing := [library for library in extra.libraries if not _is_installed(library)]:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingLibraryError(
            f"{purpose or extra.purpose} needs {' and '.join(missing)}, which {verb} not installed: "
            f"pip install {extra.install or ' '.join(missing)} (the extra {name!r} of ama)"
        )
    if all(library in sys.modules for library in extra.libraries):
        yield
        return
    state = random.getstate()
    with warnings.catch_warnings():  # some libraries add filters of their own, and one draws a random number
        yield
    random.setstate(state)


def _is_installed(library: str) -> bool:
    # A folder of that name in the working directory, such as "datasets", is found too, but has no origin.
    spec = find_spec(library)
    return spec is not None and spec.origin is not None
