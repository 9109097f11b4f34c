"""A model on its way to other processes: the bytes of its folder, which are loaded once a process."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from ama.detectors.base import Detector
from ama.detectors.registry import load

_loaded: dict[tuple[str, str], Detector] = {}  # by digest and device; of this process


class ShippedModel:
    """A fitted detector as bytes, so that other machines need not see its folder.

    Parameters
    ----------
    detector
        A fitted detector, with the threshold that it is to have elsewhere.
    """

    def __init__(self, detector: Detector):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "model"
            detector.save(folder)
            self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.digest = hashlib.sha256(b"".join(self.files.values())).hexdigest()

    def load(self, device: str = "auto") -> Detector:
        """The detector, loaded at the first call in a process.

        Parameters
        ----------
        device
            "auto", "cpu" or "cuda": where to score.

        Raises
        ------
        InputError
            If the device is not there, or weights that the model names by reference are not.
        """
        key = self.digest, device
        if key not in _loaded:
            _loaded.clear()  # a process that outlives its work keeps one model
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name) / "model"
                folder.mkdir()
                for file, content in self.files.items():
                    (folder / file).write_bytes(content)
                _loaded[key] = load(folder, device)
        return _loaded[key]
