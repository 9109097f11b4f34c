"""Writing a model folder; :mod:`ama.io.model_folder` says what a save guarantees."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save

from ama.errors import ModelFolderError
from ama.io.locks import locked
from ama.io.model_config import MAX_BYTES, read_any_config
from ama.io.model_folder import CONFIG, FORMAT, WEIGHTS, hidden_weights, sync
from ama.io.storable import Storable
from ama.io.whole_files import TEMPORARY, check_folder, link_target

# Files of a file system or a desktop, which count as hidden.
NOBODYS = {"lost+found", "desktop.ini", "Thumbs.db"}


def check_writable(folder: Path) -> Path:
    """Check before a long training that a model can be saved at ``folder``.

    Returns
    -------
    Path
        The folder to write, where ``folder`` is a link to it.

    Raises
    ------
    ModelFolderError
        If ``folder`` cannot be written to or created, or holds something other than a model.
    """
    try:
        target = link_target(folder)
        if target.exists():
            _check_replaceable(target)
        check_folder(target if target.exists() else target.parent)
    except (OSError, ValueError) as error:
        raise _cannot_save(folder, error) from error
    return target


def save_model(model: Storable, folder: Path, extra: dict[str, Any]) -> None:
    """Write a model folder, in the place of an older model if there is one.

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
        As :func:`check_writable`, or if writing fails; then an older model stays.
    """
    target = check_writable(folder)
    try:
        if not target.exists() and _create(model, target, extra):
            return
        _replace(model, target, extra)
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise _cannot_save(folder, error) from error


def _cannot_save(folder: Path, error: Exception) -> ModelFolderError:
    return ModelFolderError(f"cannot save a model at {folder}: {getattr(error, 'strerror', None) or error}")


def _check_replaceable(target: Path) -> None:
    """Refuse a file, and a folder that holds other things and no ama model."""
    if not target.is_dir():
        raise ValueError("it is a file")
    visible = {path.name for path in target.iterdir() if not path.name.startswith(".")} - NOBODYS
    if not visible:
        return
    try:
        config = read_any_config(target)
    except ModelFolderError:
        config = {}
    if "ama_version" not in config:
        raise ValueError("it holds something other than an ama model, which is not overwritten")
    if config["format"] > FORMAT:
        raise ValueError(
            f"it holds a model of a newer ama ({config['ama_version']}), which is not overwritten"
        )


def _create(model: Storable, target: Path, extra: dict[str, Any]) -> bool:
    """Write a new folder; false if another process was faster."""
    _remove_stale(target.parent)
    with _temporary_folder(target.parent) as temporary:
        digest = _write_weights(model, temporary / WEIGHTS)
        _write_config(model, digest, extra, temporary / CONFIG)
        sync(temporary)
        try:
            temporary.rename(target)
        except OSError:
            if target.is_dir():
                return False
            raise
    sync(target.parent)
    return True


@contextlib.contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    """A new folder whose lock tells other saves that it is in use; removed if it was not renamed."""
    while True:
        temporary = Path(tempfile.mkdtemp(dir=parent, prefix=TEMPORARY))
        try:
            with locked(temporary):
                if not temporary.exists():  # removed by a save that was faster to lock it
                    continue
                temporary.chmod(0o755)
                yield temporary
                return
        finally:
            _remove(temporary)


def _remove_stale(parent: Path) -> None:
    """Remove the temporary folders of killed saves: those that nobody has locked."""
    for folder in parent.glob(f"{TEMPORARY}????????"):
        with contextlib.suppress(OSError), locked(folder, wait=False) as stale:
            if stale:
                _remove(folder)


def _remove(temporary: Path) -> None:
    with contextlib.suppress(OSError):  # it is gone, or not a save's
        for name in (CONFIG, WEIGHTS):
            (temporary / name).unlink(missing_ok=True)
        temporary.rmdir()


def _replace(model: Storable, target: Path, extra: dict[str, Any]) -> None:
    """Write into an existing folder, so that it holds the older model or the new one at every moment."""
    with locked(target):
        _tidy(target)
        try:
            weights, config = _new_file(target, WEIGHTS), _new_file(target, CONFIG)
            digest = _write_weights(model, weights)
            hidden = target / hidden_weights(digest)
            weights.replace(hidden)
            _write_config(model, digest, extra, config)
            sync(target)
            config.replace(target / CONFIG)  # from here on, the folder holds the new model
            sync(target)
            with contextlib.suppress(OSError):  # as on Windows, if a reader has the older weights open
                hidden.replace(target / WEIGHTS)
        finally:
            _tidy(target)


def _new_file(folder: Path, name: str) -> Path:
    stem, suffix = name.split(".")
    descriptor, path = tempfile.mkstemp(dir=folder, prefix=f".{stem}-", suffix=f".{suffix}")
    os.close(descriptor)
    return Path(path)


def _tidy(target: Path) -> None:
    """Remove what a save has left or will not need, whatever stopped it: all hidden files that the model does not need.

    What is on the disk decides, as a signal may have come between any two steps of the save.
    """
    try:
        needed = hidden_weights(str(read_any_config(target).get("weights_sha256")))
    except ModelFolderError:
        if (target / CONFIG).exists():
            return  # which weights it names is unknown
        needed = ""
    for name in (WEIGHTS, CONFIG):
        for path in target.glob(".{}-*.{}".format(*name.split("."))):
            if path.name != needed:
                with contextlib.suppress(OSError):
                    path.unlink()


def _write_weights(model: Storable, path: Path) -> str:
    """Write the tensors of a model; returns the SHA-256 of the file."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.stored().items()}
    content = save(tensors)  # killed in safetensors' save_file, a process leaves a file of a name of its own
    path.write_bytes(content)
    _finish(path)
    return hashlib.sha256(content).hexdigest()


def _write_config(model: Storable, digest: str, extra: dict[str, Any], path: Path) -> None:
    config = {
        "format": FORMAT,
        "shape": list(model.shape),
        "dtype": str(model.dtype).removeprefix("torch."),
        **model.description(),
        "weights_sha256": digest,
        **extra,
    }
    text = json.dumps(config, indent=2, allow_nan=False, default=_plain_number) + "\n"
    if len(text) > MAX_BYTES:
        raise OSError(errno.EFBIG, f"its {CONFIG} would be larger than {MAX_BYTES // 2**20} MiB")
    path.write_text(text, encoding="utf-8", newline="\n")
    _finish(path)


def _plain_number(value: Any) -> Any:
    """A number of numpy, as parameters may be, as Python's own."""
    return value.item() if hasattr(value, "item") else float(value)


def _finish(path: Path) -> None:
    """Let others read a file, since the rights of its folder decide, and bring it to the disk."""
    with contextlib.suppress(PermissionError):  # some network file systems have no rights
        path.chmod(0o644)
    sync(path)
