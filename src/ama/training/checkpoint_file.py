"""The file of a training's last checkpoint: whole at any moment, never executed, and resumed by its own fit alone."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.plugins import CheckpointIO
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from ama.errors import InputError, printable
from ama.utils.user_warnings import warn_user

FORMAT = 2  # raised when a checkpoint of an older version could no longer be resumed


def digests(samples: dict[str, Tensor | None]) -> dict[str, str | None]:
    """A checksum of the values, type and shape of each tensor."""
    return {name: None if x is None else _digest(x) for name, x in samples.items()}


class CheckpointFile(CheckpointIO):
    """What Lightning writes its checkpoints with and reads them from.

    Parameters
    ----------
    path
        Of the file.
    identity
        What must be the same for a resumed fit to equal an undisturbed one, as JSON types.
    data
        :func:`digests` of its samples, by what they are.
    """

    def __init__(self, path: Path, identity: dict[str, Any], data: dict[str, str | None]):
        self.path, self.partial = path, path.with_suffix(".partial")
        # As it will be read: lists for tuples, and no types of numpy.
        self.identity = json.loads(json.dumps(identity, default=_plain))
        self.data = data
        self._found: dict[str, Any] | None = None

    def is_usable(self) -> bool:
        """Whether there is a checkpoint of this very fit; a damaged one is set aside with a warning.

        Raises
        ------
        InputError
            If there is a checkpoint of another fit, or something that is no checkpoint.
        """
        self._found = None
        self.partial.unlink(missing_ok=True)  # of a fit that was killed
        if not os.path.lexists(self.path):
            return False
        if not self.path.is_file():
            raise InputError(
                f"{self.path} is not a file, and so no checkpoint; name another folder or remove it"
            )
        found = self._read()
        if found is None:
            self.set_aside()
            return False
        self._refuse_others(found)
        if not self._is_within(found):
            self.set_aside()
            return False
        self._found = found
        return True

    def set_aside(self) -> None:
        """Rename a checkpoint that cannot be resumed from, and say so; no older one is overwritten."""
        suffixes = itertools.chain([".damaged"], (f".damaged-{number}" for number in itertools.count(2)))
        places = (self.path.with_name(self.path.name + suffix) for suffix in suffixes)
        aside = next(place for place in places if not os.path.lexists(place))
        self.path.rename(aside)
        warn_user(
            f"{self.path} is damaged or not a checkpoint; it is kept as {aside.name}, and the fit starts over",
        )

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any = None, storage_options: Any = None
    ) -> None:
        header = {"format": FORMAT, "fit": self.identity, "data": self.data}
        # A learning rate may be a number of numpy, which torch would not read again.
        plain = apply_to_collection(checkpoint, np.generic, _plain)
        content = io.BytesIO()
        torch.save({**plain, "ama": header}, content)
        try:
            with self.partial.open("wb") as file:
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            self.partial.replace(self.path)
        finally:
            self.partial.unlink(missing_ok=True)

    def load_checkpoint(self, path: Any = None, *_: Any, **__: Any) -> dict[str, Any]:
        assert self._found is not None
        found, self._found = self._found, None
        return found

    def remove_checkpoint(self, path: Any = None) -> None:
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any] | None:
        """The content of the file, or None if it is damaged."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise InputError(
                f"the checkpoint {self.path} cannot be read: {error.strerror or error}"
            ) from error
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if archive.testzip() is not None:  # torch does not compare checksums
                    return None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except MemoryError:
            raise
        except Exception:  # a damaged file may break a reader anywhere
            return None
        header = found.get("ama") if isinstance(found, dict) else None
        if not isinstance(header, dict) or not isinstance(header.get("fit"), dict):
            raise InputError(f"{self.path} is not a checkpoint of ama; name another folder or remove it")
        if header.get("format") != FORMAT:
            raise InputError(
                f"the checkpoint {self.path} was written by another version of ama; name another folder or remove it"
            )
        return found

    def _is_within(self, found: dict[str, Any]) -> bool:
        """Whether the number of steps is one of this training."""
        state = found.get("state_dict")
        steps = state.get("steps_done") if isinstance(state, dict) else None
        return isinstance(steps, Tensor) and steps.numel() == 1 and 0 <= int(steps) <= self.identity["length"]

    def _refuse_others(self, found: dict[str, Any]) -> None:
        fit, data = found["ama"]["fit"], found["ama"].get("data")
        data = data if isinstance(data, dict) else {}
        others = {
            name: f"{name} is {fit.get(name)}, expected {expected}"
            for name, expected in self.identity.items()
            if fit.get(name) != expected
        }
        of_data = [f"{name} are others" for name, expected in self.data.items() if data.get(name) != expected]
        # What was fitted, to what, and only then how.
        told = [others["method"]] if "method" in others else [*of_data, *others.values()]
        if told:
            raise InputError(
                f"the checkpoint is of another fit: its {printable(told[0])}; name another folder or remove "
                f"{self.path}"
            )


def _digest(samples: Tensor) -> str:
    values = samples.detach().cpu().contiguous()
    found = hashlib.sha256(f"{values.dtype} {tuple(values.shape)} ".encode())
    found.update(values.flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def _plain(value: Any) -> Any:
    """A number of numpy as one of Python, and anything else that JSON lacks as text."""
    return value.item() if isinstance(value, np.generic) else str(value)
