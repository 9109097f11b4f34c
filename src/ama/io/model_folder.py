"""The model folder: ``config.json`` and ``weights.safetensors``, whole or absent, and nothing that runs code."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ama.errors import ModelFolderError
from ama.io.storable import Storable

FORMAT = 3  # raised when an older version could no longer read the folder, or this one an older folder
CONFIG, WEIGHTS = "config.json", "weights.safetensors"
DTYPES = {"uint8": torch.uint8, "float32": torch.float32, "float64": torch.float64}  # of raw samples


def check_writable(folder: Path) -> None:
    """Check before a long training that a model can be saved at ``folder``.

    Raises
    ------
    ModelFolderError
        If the parent does not exist or cannot be written to, or ``folder`` holds something other than a model.
    """
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise ModelFolderError(f"cannot save a model at {folder}: the folder {parent} does not exist")
    if folder.exists() and not _replaceable(folder):
        raise ModelFolderError(
            f"cannot save a model at {folder}: it holds something other than an ama model, which is not overwritten"
        )
    try:
        with tempfile.TemporaryDirectory(dir=parent, prefix=".ama-"):
            pass
    except OSError as error:
        raise ModelFolderError(f"cannot save a model at {folder}: {error.strerror or error}") from error


def save_model(model: Storable, folder: Path, extra: dict[str, Any]) -> None:
    """Write a model folder under a temporary name and rename it, replacing an older model there.

    Parameters
    ----------
    model
        What to save.
    folder
        Where; its parent must exist.
    extra
        What else ``config.json`` is to hold, as JSON types.

    Raises
    ------
    ModelFolderError
        As :func:`check_writable`, or if writing fails; then nothing is left behind and an older model stays.
    """
    check_writable(folder)
    folder = folder.absolute()
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
        save_file(tensors, temporary / WEIGHTS)
        config = {
            "format": FORMAT,
            "shape": list(model.shape),
            "dtype": str(model.dtype).removeprefix("torch."),
            **model.description(),
            "weights_sha256": _digest(temporary / WEIGHTS),
            **extra,
        }
        (temporary / CONFIG).write_text(
            json.dumps(config, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )
        for name in (CONFIG, WEIGHTS):
            # safetensors keeps its file to the owner; the folder's rights shall decide.
            (temporary / name).chmod(0o644)
            with open(temporary / name, "rb") as file:
                os.fsync(file.fileno())
        temporary.chmod(0o755)
        _put_in_place(temporary, folder)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFolderError(f"cannot save a model at {folder}: {reason}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_model(folder: Path, kind: type[Storable]) -> tuple[Any, dict[str, Any]]:
    """The model of a folder, on the CPU, and its whole ``config.json``.

    Parameters
    ----------
    folder
        A folder that :func:`save_model` wrote.
    kind
        Of the model in it.

    Raises
    ------
    ModelFolderError
        If the folder is missing, foreign, incomplete, altered, or of another version's format.
    """
    config = read_config(folder)
    if config["format"] < FORMAT:
        raise ModelFolderError(
            f"{folder} was written by an older ama ({config.get('ama_version', 'unknown')}, format {config['format']}; "
            f"this one reads format {FORMAT}): fit it again"
        )
    path = folder / WEIGHTS
    if not path.is_file():
        raise ModelFolderError(f"{folder} is not a whole model: {WEIGHTS} is missing")
    try:
        model = kind.described(tuple(config["shape"]), DTYPES[config["dtype"]], config)
        digest = config["weights_sha256"]
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelFolderError(f"{folder / CONFIG} does not describe a model: {_one_line(error)}") from error
    if _digest(path) != digest:
        raise ModelFolderError(f"{path} is truncated or altered: its checksum is not the one in {CONFIG}")
    try:
        # In memory of torch's own, as those of a fit are: the matrix products of some processors round by the address.
        tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    except (SafetensorError, OSError) as error:
        raise ModelFolderError(f"{path} cannot be read: {_one_line(error)}") from error
    _fill(model, tensors, path)
    return model, config


def read_config(folder: Path) -> dict[str, Any]:
    """The whole ``config.json`` of a model folder.

    Raises
    ------
    ModelFolderError
        If there is none, or it is not of an ama model, or of a newer version's.
    """
    path = folder / CONFIG
    if not folder.exists():
        raise ModelFolderError(f"there is no model at {folder}: no such folder")
    if not path.is_file():
        raise ModelFolderError(f"{folder} is not a model folder: it holds no {CONFIG}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelFolderError(f"{path} cannot be read: {_one_line(error)}") from error
    if not isinstance(config, dict) or not isinstance(config.get("format"), int):
        raise ModelFolderError(f"{path} is not the configuration of an ama model: it names no format")
    if config["format"] > FORMAT:
        raise ModelFolderError(
            f"{folder} was written by a newer ama ({config.get('ama_version', 'unknown')}, format {config['format']}; "
            f"this one reads format {FORMAT}): upgrade ama to use it"
        )
    return config


def _fill(model: Storable, tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Copy the tensors into the model, naming the first that does not fit."""
    for name in sorted(model.state_dict().keys() ^ tensors.keys()):
        where = "is unknown" if name in tensors else "is missing"
        raise ModelFolderError(f"{path} does not fit its {CONFIG}: tensor {name} {where}")
    for name, shape in model.fixed_shapes().items():
        if tensors[name].shape != shape:
            raise ModelFolderError(
                f"{path} does not fit its {CONFIG}: tensor {name} has shape {tuple(tensors[name].shape)}, "
                f"expected {shape}"
            )
    try:
        model.fill(tensors)
    except RuntimeError as error:
        raise ModelFolderError(f"{path} does not fit its {CONFIG}: {_one_line(error)}") from error


def _replaceable(folder: Path) -> bool:
    """Whether a folder is empty, or holds an ama model and nothing else."""
    if not folder.is_dir() or not {path.name for path in folder.iterdir()} <= {CONFIG, WEIGHTS}:
        return False
    try:
        read_config(folder)
    except ModelFolderError:
        return not any(folder.iterdir())
    return True


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Rename, moving an older model aside first and back if the rename fails."""
    if not folder.exists():
        temporary.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-old-"))
    folder.rename(aside / "model")
    try:
        temporary.rename(folder)
    except OSError:
        (aside / "model").rename(folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
