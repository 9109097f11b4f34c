"""Names of columns on every path from fit to score, labels that decide nothing, and what y may be."""

from __future__ import annotations

import warnings

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image

import ama
from ama.baselines.pca import PCAReconstruction
from ama.data.sources import open_source
from ama.detectors.training_inputs import label_numbers, parted, validation_samples
from ama.errors import InputError


@pytest.fixture
def frame(rng, tmp_path, monkeypatch) -> pd.DataFrame:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(rng.normal(size=(100, 3)) * [1, 5, 20], columns=["a", "b", "c"])
    frame.to_csv("good.csv", index=False)
    frame[["c", "a", "b"]].to_csv("swapped.csv", index=False)
    frame[["c", "a", "b"]].to_parquet("swapped.parquet")
    return frame


def detector() -> PCAReconstruction:
    return PCAReconstruction(held_out=0.3, random_state=0)


@pytest.mark.parametrize("fitted_on", ["file", "frame"])
def test_columns_are_found_by_name_whatever_the_forms_and_orders(frame, fitted_on):
    fitted = detector().fit("good.csv" if fitted_on == "file" else frame)
    assert fitted.feature_names_in_.tolist() == ["a", "b", "c"]
    expected = fitted.score_samples(frame)
    swapped = frame[["c", "a", "b"]]
    for form in (
        swapped,
        "swapped.csv",
        "swapped.parquet",
        pa.table(dict(swapped.items())),
        datasets.Dataset.from_pandas(swapped),
    ):
        assert np.allclose(fitted.score_samples(form), expected)
    with pytest.warns(
        UserWarning, match="column 'more' of the data frame is left out, as the model does not use"
    ):
        assert np.array_equal(fitted.score_samples(frame.assign(more="x")), expected)
    with pytest.raises(InputError, match="the data frame has no column 'b', which the model needs"):
        fitted.score_samples(frame[["a", "c"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert np.array_equal(fitted.score_samples(frame.to_numpy()), expected)


def test_a_detector_without_names_takes_a_frame_by_position(frame):
    fitted = detector().fit(frame.to_numpy())
    assert not hasattr(fitted, "feature_names_in_")
    with pytest.warns(UserWarning, match="the data frame are taken by their positions, as the model has no"):
        assert np.array_equal(fitted.score_samples(frame), fitted.score_samples(frame.to_numpy()))


def test_an_index_in_a_frame_is_left_out_with_a_warning(frame):
    with pytest.warns(UserWarning, match="column 'id' of the data frame is left out, as it numbers the rows"):
        fitted = detector().fit(frame.assign(id=range(100)))
    assert fitted.n_features_in_ == 3


@pytest.mark.parametrize("form", ["file", "frame"])
def test_labels_that_decide_nothing_are_said(frame, form):
    labelled = frame.assign(label=[0] * 90 + [1] * 10)
    labelled.to_csv("labelled.csv", index=False)
    found = (
        r"has the labels 0 \(90\), 1 \(10\), and all samples were taken as normal: choose with --normal-label, "
        r"or in Python pass the normal samples alone"
    )
    with pytest.warns(UserWarning, match=found):
        detector().fit("labelled.csv" if form == "file" else labelled)
    y = np.r_[np.ones(90), -np.ones(10)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "y marks 10 of 100 samples as anomalies, from which PCARec")
        detector().fit("labelled.csv" if form == "file" else labelled, y)
        frame.assign(label="good").to_csv("labelled.csv", index=False)
        detector().fit("labelled.csv")


def test_a_folder_of_training_and_test_samples_is_refused(rng, tmp_path):
    for part in ("train/normal", "test/normal", "test/broken", "ground_truth/broken"):
        (tmp_path / "bottle" / part).mkdir(parents=True)
        for i in range(70):
            pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "bottle" / part / f"{i}.png")
    with pytest.raises(
        InputError, match="holds training and test samples, in train and test: name one of them, "
    ):
        detector().fit(tmp_path / "bottle")
    detector().fit(tmp_path / "bottle" / "train")


@pytest.mark.parametrize(
    ("y", "found"),
    [
        (["a", "b"], r"found 'a' in row 1 \(counted from 1\)"),
        ([1, "x"], "found 'x' in row 2"),
        ([1, {}], r"found \{\} in row 2"),
        ([1, pd.NA], "found <NA> in row 2"),
        ([1, 10**400], "found 1000.* in row 2|found 1000"),
        (np.array(["2026-01-01"], "datetime64[D]"), "found datetime.date"),
        ([1j, 1], "y cannot be used: Complex data not supported$"),
        ({1, 2}, "y cannot be used: y should be a 1d array"),
        (3, "y cannot be used: y should be a 1d array"),
        (object(), "y cannot be used: y should be a 1d array"),
    ],
)
def test_labels_that_are_no_numbers_get_a_sentence(y, found):
    with pytest.raises(InputError, match=found) as caught:
        label_numbers(y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("validation", ["photos", np.zeros((3, 2)), (1, 2, 3)])
def test_validation_is_a_pair(validation, rng):
    samples = open_source(rng.normal(size=(5, 2))).read()
    with pytest.raises(InputError, match=r"validation must be \(X, y\), .*, found an object of type"):
        validation_samples(validation, samples)


def test_validation_samples_are_all_read_and_what_is_changed_of_them_is_told(tmp_path, rng):
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    detector = ama.AMADetector(max_steps=2, random_state=0, false_alarm_rate=0.4)
    labels = [1] * 5 + [-1] * 5
    with pytest.warns(
        UserWarning, match=r"^validation: column 'c' of the data frame is left out, as the model"
    ):
        detector.fit(frame, validation=(frame[:10].assign(c=0), labels))
    images = rng.integers(256, size=(10, 8, 8)).astype(np.uint8)
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    (tmp_path / "10.png").write_text("no image")
    paths = [tmp_path / f"{i}.png" for i in range(11)]
    with pytest.raises(InputError, match=r"in the list, .*10\.png cannot be read"):
        detector.fit(images, validation=(paths[1:], labels))


@pytest.mark.parametrize("shape", [(8, 8), (3,)])
def test_anomalies_that_are_also_normal_samples_are_told(shape, rng):
    x = rng.integers(256, size=(30, *shape)).astype(np.uint8 if len(shape) > 1 else float)
    x[28:] = x[:2]
    marked = np.arange(30) >= 26
    with pytest.warns(
        UserWarning, match=r"^2 of 4 known anomalies also found among the normal samples: leave"
    ):
        normal, anomalies = parted(torch.from_numpy(x), marked)
    assert (len(normal), len(anomalies)) == (26, 4)
    parted(torch.from_numpy(x[:28]), marked[:28])  # warnings are errors
