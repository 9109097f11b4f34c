"""The estimator's contract: scikit-learn's own checks, signs, shapes, and sentences for wrong input."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings

import datasets
import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle
from sklearn.utils.estimator_checks import parametrize_with_checks

import ama
from ama.data.sources import open_source
from ama.decision.conformal import ROUNDING
from ama.errors import InputError

FAST = {"max_steps": 20, "random_state": 0}
# Where the networks need not know anything.
SMALL = {
    "batch_size": 16, "latent_dim": 4, "encoder_width": 4, "generator_width": 4, "discriminator_width": 4,
}  # fmt: skip
# With the steps after which it knows a one from a zero.
SCORES = {"auto": 150, "latent_density": 40, "memory_bank": 40, "a_score": 150, "r_score": 150}


@parametrize_with_checks([ama.AMADetector(max_steps=3, random_state=0, device="cpu")])
@pytest.mark.filterwarnings("ignore")  # the checks fit a handful of samples, too few for the threshold
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def zeros_and_ones(digits):
    images, labels = digits
    return images[labels == 0], images[labels == 1]


@pytest.fixture(scope="module", params=SCORES)
def by_score(request, digit_detector, zeros_and_ones):
    """A detector of zeros for each deciding score, trained long enough to know a one from them."""
    scoring, steps = request.param, SCORES[request.param]
    if scoring == "auto":
        return digit_detector
    return ama.AMADetector(scoring=scoring, max_steps=steps, held_out=0.2, random_state=0).fit(
        zeros_and_ones[0]
    )


def test_an_obvious_anomaly_scores_lower_and_is_flagged(by_score, zeros_and_ones):
    zeros, ones = zeros_and_ones
    truth = np.r_[np.ones(len(zeros)), np.zeros(len(ones))]
    # The A-score also turns away what is rebuilt too well, and of 160 zeros knows the spread only roughly.
    at_least = 0.75 if by_score.scoring == "a_score" else 0.9
    assert roc_auc_score(truth, by_score.score_samples(np.concatenate(zeros_and_ones))) > at_least
    assert by_score.r_score(ones).mean() > by_score.r_score(zeros).mean()
    assert by_score.p_value(ones).mean() < by_score.p_value(zeros).mean()
    assert (by_score.predict(ones) == -1).mean() > 0.3 > 0.15 > (by_score.predict(zeros) == -1).mean()


def test_the_methods_agree_with_one_another(by_score, zeros_and_ones):
    images = np.concatenate([part[:50] for part in zeros_and_ones])
    scores = by_score.score_samples(images)
    assert np.array_equal(by_score.decision_function(images), scores - by_score.offset_)
    assert np.array_equal(by_score.predict(images) == -1, scores < by_score.offset_)
    assert np.array_equal(by_score.predict(images) == -1, by_score.p_value(images) <= 0.05)
    expected = {"a_score": by_score.a_score, "r_score": lambda x: -by_score.r_score(x)}
    if by_score.scoring in expected:
        assert np.array_equal(scores, expected[by_score.scoring](images))


def test_a_score_differs_with_the_batch_by_less_than_the_slack_of_the_guarantee(by_score, zeros_and_ones):
    images = np.concatenate([part[:20] for part in zeros_and_ones])
    single = np.concatenate([by_score.score_samples(image[None]) for image in images])
    together = by_score.score_samples(images)
    slack = ROUNDING[by_score.model_.arithmetic]
    assert (np.abs(single - together) <= slack * (1 + np.abs(together))).all()


def test_shapes_and_units(digit_detector, zeros_and_ones):
    images = zeros_and_ones[0][:7]
    for method in ("score_samples", "r_score", "a_score", "decision_function", "predict", "p_value"):
        assert getattr(digit_detector, method)(images).shape == (7,)
    reconstruction, anomaly_map = digit_detector.reconstruct(images), digit_detector.anomaly_map(images)
    assert (reconstruction.shape, anomaly_map.shape) == ((7, 1, 8, 8), (7, 8, 8))
    assert np.abs(reconstruction - images).mean() < np.abs(images.mean() - images).mean()
    assert anomaly_map.min() >= 0


def test_the_anomaly_map_of_a_row_points_at_the_column_that_is_wrong(row_detector):
    row = np.zeros((1, 5))
    row[0, 3] = 60
    assert row_detector.anomaly_map(row).argmax() == 3


FORMS = {
    "(n, h, w)": lambda x: x[:, 0],
    "floats in [0, 1]": lambda x: x.astype(np.float32) / 255,
    "tensor": torch.from_numpy,
    "channels last": lambda x: x.transpose(0, 2, 3, 1),
    "nested lists": lambda x: x[:, 0].tolist(),
    "data set": lambda x: datasets.Dataset.from_dict(
        {"image": list(x[:, 0])}, features=datasets.Features({"image": datasets.Image()})
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_images_score_the_same_in_every_form(digit_detector, zeros_and_ones, form):
    images = zeros_and_ones[1][:9]
    assert np.array_equal(
        digit_detector.score_samples(FORMS[form](images)), digit_detector.score_samples(images)
    )


def test_a_source_is_fitted_and_scored_by_name(tmp_path, zeros_and_ones):
    np.save(tmp_path / "zeros.npy", zeros_and_ones[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_name = ama.AMADetector(**FAST).fit(str(tmp_path / "zeros.npy"))
        by_array = ama.AMADetector(**FAST).fit(zeros_and_ones[0])
    names = by_name.score_samples(tmp_path / "zeros.npy")
    assert np.array_equal(names, by_array.score_samples(zeros_and_ones[0]))


def test_deep_images_keep_their_depth(rng):
    images = rng.random((60, 1, 8, 8), dtype=np.float32) * 0.01
    detector = ama.AMADetector(held_out=0.5, **FAST).fit(images)
    assert detector.model_.dtype == torch.float32
    assert np.abs(detector.reconstruct(images) - images).max() < 0.1


def test_a_frame_is_scored_by_its_columns(rng):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rng.normal(size=(100, 3)), columns=["a", "b", "c"])
    detector = ama.AMADetector(held_out=0.3, **FAST).fit(frame)
    assert detector.feature_names_in_.tolist() == ["a", "b", "c"]
    assert np.array_equal(detector.predict(frame[["c", "b", "a"]]), detector.predict(frame))


def test_one_seed_gives_equal_fits_and_another_gives_another(rng):
    rows = rng.normal(size=(100, 3))

    def fit(seed):
        return ama.AMADetector(max_steps=20, held_out=0.3, random_state=seed).fit(rows).score_samples(rows)

    assert np.array_equal(fit(1), fit(1))
    assert not np.array_equal(fit(1), fit(2))


def test_fitting_leaves_the_callers_random_state_alone(rng):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    ama.AMADetector(held_out=0.5, **FAST).fit(rng.normal(size=(60, 3)))
    assert torch.equal(torch.rand(3), expected)


def test_it_works_in_a_pipeline_and_a_grid_search(rng):
    rows = rng.normal(size=(120, 4))
    pipeline = make_pipeline(StandardScaler(), PCA(2), ama.AMADetector(held_out=0.3, **FAST)).fit(rows)
    assert pipeline.predict(rows).shape == (120,)

    truth = np.r_[np.ones(90), -np.ones(30)].astype(int)
    rows[90:] += 8
    rows, truth = shuffle(rows, truth, random_state=0)
    search = GridSearchCV(
        ama.AMADetector(held_out=0.4, false_alarm_rate=0.2, **FAST),
        {"latent_dim": [2, 4]},
        scoring=make_scorer(roc_auc_score, response_method="decision_function"),
        cv=2,
    ).fit(rows, truth)
    assert search.best_params_["latent_dim"] in (2, 4)


def test_fits_side_by_side_are_equal_and_share_the_cores(rng, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    rows = rng.normal(size=(120, 4))

    def fit(detector):
        return detector.fit(rows), torch.get_num_threads()

    detector = ama.AMADetector(held_out=0.4, false_alarm_rate=0.2, **FAST)
    fits, threads = zip(
        *joblib.Parallel(n_jobs=2)(joblib.delayed(fit)(clone(detector)) for _ in range(2)), strict=True
    )
    assert np.array_equal(fits[0].score_samples(rows), fits[1].score_samples(rows))
    assert max(threads) <= max(1, joblib.cpu_count() // 2)


def test_clone_and_pickle_keep_parameters_and_scores(digit_detector, zeros_and_ones):
    assert clone(digit_detector).get_params() == digit_detector.get_params()
    copy = pickle.loads(pickle.dumps(digit_detector))
    assert np.array_equal(
        copy.score_samples(zeros_and_ones[1]), digit_detector.score_samples(zeros_and_ones[1])
    )


def test_a_list_among_the_parameters_is_fitted_with_saved_and_loaded(rng, tmp_path):
    milestones = [0.3, 0.6]
    detector = ama.AMADetector(held_out=0.5, milestones=milestones, **FAST)
    assert clone(detector).get_params()["milestones"] == milestones
    detector.fit(rng.normal(size=(60, 3))).save(tmp_path / "model")
    assert detector.milestones is milestones
    loaded = ama.load(tmp_path / "model")
    assert loaded.get_params()["milestones"] == milestones
    assert loaded.model_.settings.milestones == milestones


def test_known_anomalies_are_learned_from(digits):
    # A few eights among many other digits: knowing them must help against further eights.
    images, labels = digits
    normal, eights = images[np.isin(labels, (3, 5, 9))], images[labels == 8]
    X = np.concatenate([normal[:400], eights[:40]])
    y = np.r_[np.ones(400), -np.ones(40)]
    test, truth = (
        np.concatenate([normal[400:], eights[40:]]),
        np.r_[np.zeros(len(normal) - 400), np.ones(134)],
    )
    found = []
    for labels_given in (None, y):
        detector = ama.AMADetector(max_steps=60, random_state=0)
        detector.fit(X[:400] if labels_given is None else X, labels_given)
        found.append(roc_auc_score(truth, -detector.score_samples(test)))
    assert found[1] > found[0]


def test_known_anomalies_are_a_term_of_the_score(rng, tmp_path):
    rows, known = rng.normal(size=(100, 4)), rng.normal(3, 1, size=(5, 4))
    X, y = np.concatenate([rows, known]), np.r_[np.ones(100), -np.ones(5)]
    quick = {"max_steps": 3, "held_out": 0.4, "random_state": 0}

    def weights(given_y, **given):
        return ama.AMADetector(**quick, **given).fit(X[: len(given_y)], given_y).score_weights()

    of_rows = {"mahalanobis", "nearest_rows", "symmetric_nearest_rows", "row_density", "noise_level"}
    without, with_known = weights(y[:100]), weights(y)
    assert without.keys() == of_rows
    assert sum(without.values()) == pytest.approx(1)
    assert with_known.keys() == {*of_rows, "known_anomalies"}
    assert with_known["known_anomalies"] == pytest.approx(5 / 15)
    # A score that the caller chose, and the paper's, stay what they are.
    both = {"latent_density": 1, "mahalanobis": 1}
    assert weights(y, scoring="latent_density+mahalanobis") == both
    assert weights(y, preset="authors", batch_size=16) == {}
    with pytest.raises(InputError, match="scoring names the term known_anomalies, but no anomaly is known"):
        weights(y[:100], scoring="mahalanobis+known_anomalies")
    detector = ama.AMADetector(**quick).fit(X, y)
    detector.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    assert loaded.score_weights() == detector.score_weights()
    assert np.array_equal(loaded.score_samples(X), detector.score_samples(X))


def test_a_term_that_joins_auto_has_a_weight_and_is_stored(rng, tmp_path):
    rows = rng.normal(size=(100, 4))
    given = {"max_steps": 3, "held_out": 0.4, "random_state": 0}
    plain = ama.AMADetector(**given).fit(rows)
    detector = ama.AMADetector(**given, scoring="auto+local_nearest_rows").fit(rows)
    weights = detector.score_weights()
    assert weights.keys() == {*plain.score_weights(), "local_nearest_rows"}
    assert sum(weights.values()) == pytest.approx(1)
    assert 0 < weights["local_nearest_rows"] < 1
    assert not np.array_equal(detector.score_samples(rows), plain.score_samples(rows))
    detector.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    assert loaded.score_weights() == weights
    assert np.array_equal(loaded.score_samples(rows), detector.score_samples(rows))


def test_each_choice_of_delta_has_checkpoints_of_its_own(zeros_and_ones, tmp_path):
    zeros, ones = zeros_and_ones
    validation = (np.concatenate([zeros[:20], ones[:10]]), np.r_[np.ones(20), -np.ones(10)])
    given = {"max_steps": 2, "negatives": "atypical", "delta": "auto", "scoring": "r_score", "held_out": 0.2}
    scores = [
        ama.AMADetector(**given, **SMALL, random_state=0, checkpoints=folder)
        .fit(zeros[20:], validation=validation)
        .score_samples(ones)
        for folder in (None, str(tmp_path / "checkpoints"), str(tmp_path / "checkpoints"))
    ]
    assert len(list((tmp_path / "checkpoints").glob("*/last.ckpt"))) == 4
    assert np.array_equal(scores[0], scores[1])
    assert np.array_equal(scores[0], scores[2])


def test_validation_selects_weights_delta_and_direction(zeros_and_ones):
    zeros, ones = zeros_and_ones
    validation = (np.concatenate([zeros[:20], ones[:10]]), np.r_[np.ones(20), -np.ones(10)])
    detector = ama.AMADetector(
        **SMALL,
        max_steps=5,
        negatives="atypical",
        delta="auto",
        direction="auto",
        scoring="r_score",
        held_out=0.2,
        random_state=0,
    )
    detector.fit(zeros[20:], validation=validation)
    chosen = detector.model_.settings
    assert chosen.direction in ("inward", "outward")
    assert chosen.delta in (0.5, 1.0, 2.0, 4.0)
    assert 0 <= detector.validation_auroc_ <= 1
    assert detector.validation_auroc_ == roc_auc_score(
        validation[1] == 1, detector.score_samples(validation[0])
    )


def test_the_papers_preset_takes_its_networks_and_runs(rng):
    images = rng.integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)
    detector = ama.AMADetector(preset="paper", max_steps=1, batch_size=2, held_out=0.4, random_state=0)
    with pytest.warns(UserWarning, match="needs 19 held-out"):
        detector.fit(images)
    networks = detector.model_.networks
    assert networks.generator.from_latent.weight.shape == (256 * 16, 128)
    assert networks.discriminator.n_features == 128
    assert detector.model_.settings.scoring == "a_score"
    assert np.array_equal(detector.score_samples(images[:2]), detector.a_score(images[:2]))


def test_what_only_images_have_is_no_mistake_before_they_are_read(rng):
    images = rng.integers(0, 256, (200, 1, 8, 8), dtype=np.uint8)
    detector = ama.AMADetector(lambda_rotation=0.5, scoring="rotation", **FAST).fit(images)
    assert detector.model_.settings.lambda_rotation == 0.5
    with pytest.raises(InputError, match=r"lambda_rotation=0\.5 rotates images, and rows cannot be rotated"):
        ama.AMADetector(lambda_rotation=0.5, **FAST).fit(rng.normal(size=(200, 2)))


def test_few_held_out_samples_are_said_and_the_reachable_rate_is_set(rng):
    detector = ama.AMADetector(false_alarm_rate=0.01, **FAST)
    with pytest.warns(
        UserWarning, match=r"rate of 0.01 needs 99 held-out normal samples, found 16: .* 0.0588"
    ):
        detector.fit(rng.normal(size=(100, 2)))
    assert detector.offset_ == detector.model_.calibration.min().item()


def test_labels_other_than_minus_one_are_taken_as_normal_and_said(rng):
    with pytest.warns(UserWarning, match="y holds 3: only -1 marks a known anomaly"):
        ama.AMADetector(held_out=0.5, **FAST).fit(rng.normal(size=(60, 2)), np.full(60, 3))


ROWS = np.arange(120.0).reshape(60, 2) % 7
WRONG = {
    "one image": ({}, np.zeros((1, 8, 8), np.uint8), "at least 5 normal samples, found 1 sample$"),
    "three images": (
        {},
        np.eye(24, 8, dtype=np.uint8).reshape(3, 8, 8),
        "at least 5 normal samples, found 3",
    ),
    "identical": ({}, np.full((30, 8, 8), 7, np.uint8), "all 30 normal samples are identical"),
    "tiny": ({}, np.zeros((9, 1, 1), np.uint8), "8 to 256 pixels a side, found 1 x 1"),
    "huge values": ({}, np.full((9, 8, 8), 300), "from 300 to 300, expected images of type uint8"),
    "text": ({}, [["a", "b"]] * 9, "could not convert string to float|expected numbers"),
    "a series": (
        {},
        pd.Series(ROWS[:, 0]),
        r"has shape \(60,\), .*: X.to_frame\(\).T is one row, X.to_frame\(\) one",
    ),
    "no rate": (
        {"false_alarm_rate": 0},
        ROWS,
        "false_alarm_rate must be a number between 0 and 1, both",
    ),
    "no preset": (
        {"preset": "big"},
        ROWS,
        "preset must be one of auto, compact, paper, authors, found 'big'",
    ),
    "no loss": ({"loss": "w"}, ROWS, "loss must be one of wasserstein, hinge, relativistic, found 'w'"),
    "no device": ({"device": "tpu"}, ROWS, "device must be one of auto, cpu, cuda, found 'tpu'"),
    "nothing": ({}, [], r"^X has no samples \(shape \(0,\)\), expected images .* or rows \(n, d\)$"),
    "one point": (
        {"n_interpolated": 1},
        ROWS,
        "n_interpolated must be a whole number from 2 to 1000, found 1",
    ),
    "a negative thickness": ({"delta": -1}, ROWS, "delta must be a number from 1e-09 to 1e.06, found -1"),
    "no direction": ({"direction": "up"}, ROWS, "direction must be one of inward, outward, found 'up'"),
    "no time": ({"max_time": "soon"}, ROWS, "max_time must be a positive duration"),
    "auto alone": ({"delta": "auto"}, ROWS, "'auto', which needs validation samples, found none"),
}


def test_a_searchable_parameter_takes_a_value_of_its_own():
    chosen = {"delta": 0.5, "direction": "outward", "false_alarm_rate": 0.2}
    fitted = ama.AMADetector(**{**FAST, **chosen}).fit(ROWS)
    assert (fitted.model_.settings.delta, fitted.model_.settings.direction) == (0.5, "outward")


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_gets_one_clear_sentence(case):
    parameters, X, sentence = WRONG[case]
    with pytest.raises(ValueError, match=sentence) as caught:
        ama.AMADetector(**{**FAST, **parameters}).fit(X)
    assert "\n" not in str(caught.value)


def test_nan_in_rows_is_refused():
    rows = ROWS.copy()
    rows[3, 1] = np.nan
    with pytest.raises(
        ValueError, match=r"contains NaN in row 4 \(counted from 1\), column 2, expected a finite number"
    ):
        ama.AMADetector(**FAST).fit(rows)


def test_samples_of_another_kind_than_the_model_are_refused(digit_detector, row_detector):
    with pytest.raises(
        InputError, match=r"expected images of 8 x 8 pixels, 1 channel, found an array of 2 axes"
    ):
        digit_detector.predict(np.zeros((4, 64)))
    with pytest.raises(InputError, match=r"found an array of 1 axis$"):
        digit_detector.predict(np.zeros(64))
    with pytest.raises(InputError, match="holds images, expected rows of 5 columns"):
        row_detector.predict(np.zeros((4, 8, 8), np.uint8))
    with pytest.raises(ValueError, match="expecting 5 features"):
        row_detector.predict(np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([1] * 4, "validation needs both normal samples"),
        ([1, 1, -1], "validation holds 4 samples and 3 labels"),
    ],
)
def test_a_validation_set_without_anomalies_is_refused(labels, sentence):
    with pytest.raises(InputError, match=sentence):
        ama.AMADetector(**FAST).fit(ROWS, validation=(ROWS[:4], labels))


def test_parameters_are_stored_unchanged_and_all_are_described():
    detector = ama.AMADetector(max_time="5m", delta="auto")
    assert (detector.max_time, detector.delta) == ("5m", "auto")
    for name in detector.get_params():
        assert f"{name}" in ama.AMADetector.__doc__


def test_digits_by_name_are_those_of_scikit_learn(digit_detector):
    assert digit_detector.open("digits").shape == open_source("digits").shape


def test_scoring_does_not_wait_for_lightning():
    code = "import sys, ama.cli.commands.score; print('lightning' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
    )


@pytest.mark.parametrize("name", ["score_weights", "score_name", "latent_sphere"])
def test_what_only_a_fit_knows_says_that_there_was_none(name):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(ama.AMADetector(), name)()
