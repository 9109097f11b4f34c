"""A detector as a file that other programs run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from ama.utils.extras import needs_extra

if TYPE_CHECKING:
    from ama.export.onnx_file import Exported


class ExportingMixin:
    """A detector that can be exported as ONNX."""

    def export(self, path: str | Path, *, X: Any = None, terms: bool = False) -> Exported:
        """Write the detector as one ONNX file, which takes raw samples and returns score, p-value and label.

        Preprocessing, networks, densities, calibration scores and threshold are inside. Reading and resizing image
        files, and making numbers of text and categories, are not. Convolutions run in float32. The calibration scores
        are lowered by twice the largest difference from Python's scores, so the false-alarm rate holds.

        Parameters
        ----------
        path
            Its name ends in .onnx.
        X
            Samples on which the two are compared, best those of the calibration; by default some that the networks
            make.
        terms
            Whether each term of the score is an output, too.

        Returns
        -------
        Exported
            ``path``, ``difference``, ``n_compared`` and ``outputs``.

        Raises
        ------
        InputError
            If the detector sees images through a backbone, or the file cannot be written.
        MissingLibraryError
            If onnx, onnxscript or onnxruntime is not installed.
        """
        check_is_fitted(self)
        detector: Any = self
        with needs_extra("onnx"):
            from ama.export.onnx_file import export_onnx

        samples = None if X is None else detector._fitted_samples(X).cpu()
        model = detector.model_
        before = next(model.networks.parameters()).device
        try:
            rate = detector.guaranteed_rate
            return export_onnx(model.to("cpu"), Path(path), rate, self._card(rate), samples, terms)
        finally:
            model.to(before)

    def _card(self, rate: float) -> dict[str, Any]:
        """What the metadata of the file say, as JSON types."""
        detector: Any = self
        kind = detector.kind_
        return {
            "method": type(self).__name__,
            "learned_from": detector.learned_from_,
            "samples": kind.describe(),
            "columns": detector.columns_,
            "calibration_samples": len(detector.model_.calibration),
            "false_alarm_rate": rate,
            "score": dict(detector.score_weights()) or detector.score_name(),
            "parameters": detector._record()["parameters"],
            "versions": detector.versions_,
        }
