"""A detector as a file that other programs run."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, TypeVar

import torch
from sklearn.utils.validation import check_is_fitted

from ama.data.samples import count
from ama.detectors.exported import Exported
from ama.io.given_paths import given_path
from ama.utils.declarations import check_switch
from ama.utils.extras import needs_extra
from ama.utils.user_warnings import warn_user

Self = TypeVar("Self", bound="ExportingMixin")


class ExportingMixin:
    """A detector that can be exported as ONNX."""

    exports = True

    def export(self, path: str | Path, *, X: Any = None, terms: bool = False, maps: bool = False) -> Exported:
        """Write the detector as one ONNX file, which takes raw samples and returns score, p-value and label.

        Reading image files and encoding the columns of a table stay outside. The calibration scores are lowered by a
        bound on the difference from Python's scores, so the false-alarm rate holds.

        Parameters
        ----------
        path
            Its name ends in .onnx.
        X
            Samples on which the two are compared, best those of the calibration; by default made by the networks.
        terms
            Whether each term of the score is an output, too.
        maps
            Whether the anomaly map of images is one.

        Raises
        ------
        ModelFolderError
            If ``false_alarm_rate`` was changed without its threshold.
        InputError
            If an argument is not as said, its backbone is not ``lite0``, a map of rows is wanted, the file cannot be
            written, or the model scores in bfloat16 and an older ama saved it.
        MissingLibraryError
            If onnx, onnxscript or onnxruntime is not installed.
        """
        check_is_fitted(self)
        detector: Any = self
        file = given_path(path, "path")
        check_switch("terms", terms)
        check_switch("maps", maps)
        detector.check_threshold()
        with needs_extra("onnx"):
            from ama.export.export_card import export_card
            from ama.export.onnx_file import check_exportable, export_onnx

        check_exportable(detector.model_, file, maps, detector.encoding_)
        for remark in self._remarks_on_export():
            warn_user(remark)
        samples = None if X is None else detector._fitted_samples(X).cpu()
        if detector.model_.arithmetic == torch.bfloat16:
            detector = copy.deepcopy(detector).score_in_float32()
        model, rate = detector.model_, detector.guaranteed_rate
        card, before = export_card(detector, rate, terms, maps), next(model.networks.parameters()).device
        try:
            return export_onnx(model.to("cpu"), file, rate, card, samples, terms, maps, detector.progress)
        finally:
            model.to(before)

    def score_in_float32(self: Self) -> Self:
        """Score in float32 from now on, as an exported file does, with a threshold and p-values of these scores.

        A fit on a processor with bfloat16 has the model score in it, which takes longer than float32 elsewhere. Nothing
        changes for a model that scores in float32 already.

        Raises
        ------
        InputError
            If the model scores in bfloat16 and an older ama saved it, without the calibration in float32.
        """
        check_is_fitted(self)
        detector: Any = self
        detector.model_.score_in_float32()
        return detector.set_threshold(detector.false_alarm_rate)

    def _remarks_on_export(self) -> list[str]:
        """What a user should know of the file beforehand."""
        detector: Any = self
        remarks = []
        if (encoding := detector.encoding_) is not None:
            remarks.append(
                f"the file takes the {count(encoding.width, 'number')} into which ama encodes the "
                f"{count(len(encoding), 'column')} of a row, not the columns: detector.open(table).read().x has them"
            )
        if detector.model_.arithmetic == torch.bfloat16:
            remarks.append(
                "the model scores in bfloat16 and the file in float32, with a calibration in float32: its scores are "
                "those of ama score --float32"
            )
        return remarks
