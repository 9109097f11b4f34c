"""Statistics of normal samples, the deciding score and its terms, and maps that add up."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from ama.errors import DivergenceError
from ama.scores import scoring_networks as module
from ama.scores.combination import term_weights
from ama.scores.kinds.factory import kind_of
from ama.scores.model import Model
from ama.scores.synthetic_anomalies import image_anomalies
from ama.scores.terms.known_anomalies import known_weight
from ama.scores.terms.nearest_rows import NearestRows
from ama.scores.terms.noise_level import NoiseLevel
from ama.scores.terms.row_density import RowDensity
from ama.scores.terms.symmetric_nearest_rows import SymmetricNearestRows
from ama.scores.terms.term_registry import chosen_terms
from ama.utils.random_generators import generator_for
from draws import TINY, draw

SHAPE = (1, 12, 10)


def finished(images, scoring="latent_density", reported=("r_score",), **given) -> Model:
    """Untrained networks with the statistics of 500 images; the next 50 scale the terms, the last calibrate."""
    torch.manual_seed(0)
    choice = dataclasses.replace(TINY, **{"scoring": scoring, "lambda_rotation": 0.0, **given})
    model = Model(tuple(images.shape[1:]), choice, images.dtype, reported)
    model.networks.scaling.fit(images)
    model.finish(images[:500], images[500:550], images[500:], seed=0)
    return model


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (600, 1, 12, 10), dtype=torch.uint8)


@pytest.fixture
def model(images) -> Model:
    return finished(images, reported=("r_score", "a_score"))


def test_mean_and_spread_are_those_of_the_r_scores_given(model, images):
    r, fitted = model.scores(images[:500]).terms["r_score"], model.terms["a_score"]
    assert fitted.mean.item() == pytest.approx(r.mean().item(), rel=1e-6)
    assert fitted.std.item() == pytest.approx(r.std(correction=0).item(), rel=1e-6)


def test_calibration_holds_the_deciding_scores_of_the_other_samples(model, images):
    scores = model.scores(images[500:]).score
    torch.testing.assert_close(model.calibration, scores, rtol=2e-4, atol=2e-4)
    assert (model.calibration < scores).all()


def test_more_samples_than_a_chunk_are_scored_as_in_one(model, images, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", len(images))
    whole = model.scores(images)
    monkeypatch.setattr(module, "CHUNK", 100)
    monkeypatch.setattr(module, "LARGEST_CHUNK", 100)
    torch.testing.assert_close(model.scores(images), whole, rtol=1e-4, atol=1e-4)


def test_the_networks_are_in_evaluation_mode_while_scoring(model, images):
    expected = model.scores(images[:3]).terms["r_score"]
    model.train()
    assert torch.equal(model.scores(images[:3]).terms["r_score"], expected)
    assert not model.training


@pytest.mark.parametrize(("scoring", "sign"), [("latent_density", -1), ("a_score", -1), ("r_score", -1)])
def test_a_single_term_decides_as_it_is(images, scoring, sign):
    model = finished(images, scoring)
    found = model.scores(images[:9])
    assert torch.equal(found.score, sign * found.terms[scoring])
    assert torch.equal(model.score(images[:9]), found.score)


@pytest.mark.parametrize("scoring", ["mahalanobis+rotation", "r_score+memory_bank", "auto"])
def test_a_sum_is_of_standardised_terms_weighted_by_synthetic_anomalies(images, scoring):
    images = images[:, :, :10]
    model = finished(images, scoring, lambda_rotation=1.0)
    unseen, new = images[500:550], images[550:]

    def terms(raw):
        return torch.stack([model.scores(raw).terms[name] for name in model.deciding], 1)

    weight = torch.ones(len(model.deciding), dtype=torch.float64)
    if scoring == "auto":
        kinds = image_anomalies(unseen, generator_for(0, 6)).values()
        weight = term_weights(terms(unseen), [terms(kind) for kind in kinds], model.settings.weight_exponent)
        assert len(model.deciding) == 4
    normal = terms(unseen)
    expected = -(((terms(new) - normal.mean(0)) / normal.std(0, correction=0)) @ weight)
    torch.testing.assert_close(model.score(new), expected)


def test_terms_beside_the_score_are_reported_and_decide_nothing(images):
    model = finished(images, "memory_bank", reported=("r_score", "a_score"))
    assert list(model.scores(images[:5]).terms) == ["memory_bank", "r_score", "a_score"]
    assert torch.equal(model.score(images[:5]), finished(images, "memory_bank").score(images[:5]))


def test_a_training_sample_lies_in_the_bank_and_an_unseen_one_does_not(images):
    model = finished(images, "memory_bank")
    assert len(model.terms["memory_bank"].points) == 500
    assert model.score(images[:50]).min() > model.score(images[550:]).max()


def test_maps_of_normal_samples_add_up_to_their_r_scores_on_average(model, images):
    maps = model.anomaly_map(images[:500])
    assert maps.shape == (500, 12, 10)
    assert float(maps.sum((1, 2)).mean()) == pytest.approx(model.terms["a_score"].mean.item(), rel=1e-4)


def test_a_critic_that_says_the_same_of_everything_is_no_model(images):
    model = Model(SHAPE, dataclasses.replace(TINY, scoring="r_score"), torch.uint8)
    model.networks.scaling.fit(images)
    for parameter in model.networks.discriminator.parameters():
        torch.nn.init.zeros_(parameter)
    with pytest.raises(DivergenceError, match="the critic learned nothing to score by"):
        model.finish(images[:500], images[500:550], images[500:], seed=0)


def test_scores_that_are_no_numbers_are_no_model(images):
    model = Model(SHAPE, dataclasses.replace(TINY, scoring="r_score"), torch.uint8)
    model.networks.encoder.to_latent.weight.data.fill_(torch.nan)
    with pytest.raises(DivergenceError):
        model.finish(images[:500], images[500:550], images[500:], seed=0)


def test_reconstructions_come_in_the_units_of_the_samples(model, images):
    rebuilt = model.reconstruct(images[:5])
    assert rebuilt.shape == (5, 1, 12, 10)
    assert rebuilt.min() >= 0
    assert rebuilt.max() <= 255


def test_state_and_description_are_all_there_is_to_store(model, images):
    copy = Model.described(SHAPE, torch.uint8, model.description()).fill(model.state_dict())
    torch.testing.assert_close(copy.scores(images[:9]), model.scores(images[:9]), rtol=0, atol=0)
    assert torch.equal(copy.anomaly_map(images[:9]), model.anomaly_map(images[:9]))


def test_bfloat16_scores_rank_as_float32_ones_do(images):
    one, other = (
        finished(images, "r_score", scoring_precision=precision).score(images)
        for precision in ("float32", "bfloat16")
    )
    assert 0 < (one - other).abs().mean() < 0.1 * one.std()


def test_new_weights_are_scored_by_at_once(model, images):
    before = model.scores(images[:5]).terms["r_score"]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    state["networks.encoder.to_latent.weight"] += 1
    model.fill(state)
    assert not torch.equal(model.scores(images[:5]).terms["r_score"], before)


@pytest.mark.parametrize("scoring", ["latent_density", "latent_density+memory_bank"])
def test_a_bound_holds_each_of_several_terms_and_leaves_one_alone(images, scoring):
    free, bounded = finished(images, scoring), finished(images, scoring, term_bound=0.5)
    one, other = free.score(images), bounded.score(images)
    if scoring == "latent_density":
        assert torch.equal(one, other)
    else:
        assert other.abs().max() <= 0.5 * free.combination.weight.sum()
        assert one.abs().max() > 0.5 * free.combination.weight.sum()


@pytest.mark.parametrize(
    ("scoring", "others"), [("auto", 1.0), ("latent_density+memory_bank+known_anomalies", 2.0)]
)
def test_known_anomalies_weigh_as_many_of_them_as_there_are(images, scoring, others):
    choice = dataclasses.replace(TINY, scoring=scoring, lambda_rotation=0.0)
    terms = chosen_terms(choice, kind_of(SHAPE), known=True)
    weights = {}
    for n in (1, 10):
        torch.manual_seed(0)
        model = Model(SHAPE, choice, images.dtype, deciding=terms)
        model.networks.scaling.fit(images)
        model.finish(images[:500], images[500:550], images[500:], seed=0, known=images[-n:] // 4)
        weights[n] = dict(zip(model.deciding, model.combination.weight.tolist(), strict=True))
        assert sum(w for name, w in weights[n].items() if name != "known_anomalies") == pytest.approx(others)
        assert weights[n]["known_anomalies"] == pytest.approx(others * known_weight(n))
    # The weights of the others are as they would be without.
    without = {name: w for name, w in weights[1].items() if name != "known_anomalies"}
    assert weights[10].items() >= without.items()


def test_terms_on_rows_are_fitted_once_for_all_networks_with_the_same_rows(monkeypatch):
    rows = draw(0, 600, 4)

    def model(seed: int, **given) -> Model:
        torch.manual_seed(seed)
        choice = dataclasses.replace(TINY, scoring="auto", lambda_rotation=0.0, noise_steps=20)
        made = Model((4,), choice, rows.dtype)
        made.networks.scaling.fit(rows)
        made.finish(rows[:500], rows[500:550], rows[500:], seed=0, **given)
        return made

    alone, of_rows = model(1), {}
    model(0, of_rows=of_rows)
    assert {*alone.deciding} - {*of_rows} == {"mahalanobis"}
    for term in (NearestRows, SymmetricNearestRows, RowDensity, NoiseLevel):
        monkeypatch.setattr(term, "fit", lambda *given: pytest.fail("it was fitted again"))
    again = model(1, of_rows=of_rows)
    assert again.state_dict().keys() == alone.state_dict().keys()
    for name, tensor in alone.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name


@pytest.mark.parametrize("shown", [True, False])
def test_the_long_fits_of_the_terms_have_bars(shown, capsys, monkeypatch):
    monkeypatch.setattr("ama.utils.progress.DELAY", 0.0)
    choice = dataclasses.replace(TINY, scoring="row_density+noise_level", noise_steps=20)
    rows = draw(0, 600, 4)
    model = Model((4,), choice, rows.dtype)
    model.networks.scaling.fit(rows)
    model.finish(rows[:500], rows[500:550], rows[500:], seed=0, progress=shown)
    said = capsys.readouterr().err
    assert [f"{name}: 100%" in said for name in ("mixture", "noise network")] == [shown] * 2
    assert not shown or ("15/15" in said and "20/20" in said)
