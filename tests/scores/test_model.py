"""Statistics of normal samples, the three scores, and maps that add up."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from ama import settings
from ama.errors import DivergenceError
from ama.networks.rotations import rotated
from ama.scores import model as module
from ama.scores.densities import fit_gaussian, fit_memory_bank, fit_mixture
from ama.scores.model import Model
from ama.scores.scoring import (
    RunningMoments,
    latent_features,
    mahalanobis,
    mixture_log_density,
    nearest_distance,
    pair_statistics,
    r_score,
    rotated_statistics,
    rotation_surprise,
    term_weights,
)
from ama.scores.synthetic_anomalies import synthetic_anomalies
from ama.utils.random_generators import generator_for

TINY = dataclasses.replace(
    settings.COMPACT_IMAGES,
    latent_dim=4,
    encoder_width=8,
    generator_width=8,
    discriminator_width=8,
    scoring="latent_density",
)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (600, 1, 12, 10), dtype=torch.uint8)


@pytest.fixture
def model(images) -> Model:
    model = Model((1, 12, 10), TINY, torch.uint8)
    model.networks.fit_scaling(images)
    model.finish(images[:500], images[500:550], images[500:], seed=0)
    return model


def test_mean_and_spread_are_those_of_the_r_scores_given(model, images):
    r = model.scores(images[:500]).r_score
    assert model.r_mean.item() == pytest.approx(r.mean().item(), rel=1e-6)
    assert model.r_std.item() == pytest.approx(r.std(correction=0).item(), rel=1e-6)


def test_calibration_holds_the_deciding_scores_of_the_other_samples(model, images):
    scores = model.scores(images[500:]).score
    torch.testing.assert_close(model.calibration, scores, rtol=1e-4, atol=1e-4)
    assert (model.calibration < scores).all()


def test_more_samples_than_a_chunk_are_scored_as_in_one(model, images, monkeypatch):
    chunked = model.scores(images)
    monkeypatch.setattr(module, "CHUNK", len(images))
    for one, other in zip(chunked, model.scores(images), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_the_networks_are_in_evaluation_mode_while_scoring(model, images):
    expected = model.scores(images[:3]).r_score
    model.train()
    assert torch.equal(model.scores(images[:3]).r_score, expected)
    assert not model.training


@pytest.mark.parametrize("score", ["latent_density", "a_score", "r_score"])
def test_the_deciding_score_is_the_one_chosen(images, score):
    model = Model((1, 12, 10), dataclasses.replace(TINY, scoring=score), torch.uint8)
    model.networks.fit_scaling(images)
    model.finish(images[:500], images[500:550], images[500:], seed=0)
    found = model.scores(images[:9])
    expected = {"a_score": found.a_score, "r_score": -found.r_score}
    if score in expected:
        assert torch.equal(found.score, expected[score])
        assert found.terms.shape == (9, 0)
    else:
        assert len(model.joint_weights) >= 1


KINDS = ["latent_density", "mahalanobis", "memory_bank", "rotated_memory_bank", "rotation"]


@pytest.mark.parametrize("scoring", [*KINDS, "vector+turn", "latent_density+memory_bank+turned+turn", "auto"])
def test_terms_and_their_sums_by_hand(images, scoring):
    choice = dataclasses.replace(TINY, scoring=scoring, lambda_rotation=1.0)
    model, images = Model((1, 10, 10), choice, torch.uint8), images[:, :, :10]
    model.networks.fit_scaling(images)
    train, unseen, new = images[:400], images[400:500], images[500:]
    model.finish(train, unseen, new, seed=0)
    critic = model.networks.discriminator

    @torch.no_grad()
    def measured(raw):
        x = model.networks.normalise(raw)
        code, rebuilt = model.networks.encoder(x), model.networks.reconstruct(x)
        pair = [critic.maps(x, y) for y in (x, rebuilt)]
        around = [critic.maps(y, y) for y in rotated(x)]
        r = r_score(critic.pool(pair[0][-1]), critic.pool(pair[1][-1]))
        logits = torch.stack([critic.rotation_logits(maps[-1]) for maps in around], 1)
        return {
            "latent_density": latent_features(code, r, 1e-6 * model.r_mean.item()),
            "mahalanobis": pair_statistics(*pair),
            "memory_bank": pair_statistics(*pair),
            "rotated_memory_bank": rotated_statistics(around),
            "rotation": rotation_surprise(logits),
        }

    fitted = measured(train)
    densities = {
        "latent_density": fit_mixture(fitted["latent_density"], 0),
        "mahalanobis": fit_gaussian(fitted["mahalanobis"]),
        "memory_bank": fit_memory_bank(fitted["memory_bank"], 0),
        "rotated_memory_bank": fit_memory_bank(fitted["rotated_memory_bank"], 0),
    }
    by_hand = {
        "latent_density": lambda found: -mixture_log_density(found, *densities["latent_density"]),
        "mahalanobis": lambda found: mahalanobis(found.double(), *densities["mahalanobis"]).log(),
        "memory_bank": lambda found: nearest_distance(found, *densities["memory_bank"]).log(),
        "rotated_memory_bank": lambda found: nearest_distance(found, *densities["rotated_memory_bank"]).log(),
        "rotation": lambda found: found.double().log(),
    }
    names = KINDS[:1] + KINDS[2:] if scoring == "auto" else scoring.split("+")

    def terms(raw):
        return torch.stack([by_hand[name](measured(raw)[name]) for name in names], 1)

    normal, found = terms(unseen), terms(new)
    expected = -found[:, 0]
    if len(names) > 1:
        weight = torch.ones(len(names), dtype=torch.float64)
        if scoring == "auto":
            kinds = synthetic_anomalies(unseen, generator_for(0, 6)).values()
            weight = term_weights(normal, [terms(kind) for kind in kinds])
        expected = -(((found - normal.mean(0)) / normal.std(0, correction=0)) @ weight)
    torch.testing.assert_close(model.scores(new).score, expected, rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(model.scores(new).terms, found, rtol=2e-2, atol=2e-2)


def test_a_training_sample_lies_in_the_bank_and_an_unseen_one_does_not(images):
    model = Model((1, 12, 10), dataclasses.replace(TINY, scoring="memory_bank"), torch.uint8)
    model.networks.fit_scaling(images)
    model.finish(images[:400], images[400:500], images[500:], seed=0)
    assert model.n_points == 400
    assert model.scores(images[:50]).score.min() > model.scores(images[500:]).score.max()


def test_maps_of_normal_samples_add_up_to_their_r_scores_on_average(model, images):
    maps = model.anomaly_map(images[:500])
    assert maps.shape == (500, 12, 10)
    assert float(maps.sum((1, 2)).mean()) == pytest.approx(model.r_mean.item(), rel=1e-4)


def test_a_critic_that_says_the_same_of_everything_is_no_model(images):
    model = Model((1, 12, 10), TINY, torch.uint8)
    model.networks.fit_scaling(images)
    for parameter in model.networks.discriminator.parameters():
        torch.nn.init.zeros_(parameter)
    with pytest.raises(DivergenceError, match="the critic learned nothing to score by"):
        model.finish(images[:500], images[500:550], images[500:], seed=0)


def test_scores_that_are_no_numbers_are_no_model(images):
    model = Model((1, 12, 10), TINY, torch.uint8)
    model.networks.encoder.to_latent.weight.data.fill_(torch.nan)
    with pytest.raises(DivergenceError):
        model.finish(images[:500], images[500:550], images[500:], seed=0)


def test_reconstructions_come_in_the_units_of_the_samples(model, images):
    rebuilt = model.reconstruct(images[:5])
    assert rebuilt.shape == (5, 1, 12, 10)
    assert rebuilt.min() >= 0
    assert rebuilt.max() <= 255


def test_the_state_is_all_there_is_to_store(model, images):
    copy = Model((1, 12, 10), TINY, torch.uint8, model.n_components, model.n_points, len(model.calibration))
    copy.load_state_dict(model.state_dict())
    for one, other in zip(copy.scores(images[:9]), model.scores(images[:9]), strict=True):
        torch.testing.assert_close(one, other)


def test_moments_of_no_samples_are_no_spread():
    assert not RunningMoments().std > 0


def test_bfloat16_scores_rank_as_float32_ones_do(images):
    found = {}
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        model = Model((1, 12, 10), dataclasses.replace(TINY, scoring_precision=precision), torch.uint8)
        model.networks.fit_scaling(images)
        model.finish(images[:500], images[500:550], images[500:], seed=0)
        found[precision] = model.scores(images).r_score
    difference = (found["bfloat16"] - found["float32"]).abs()
    assert 0 < difference.mean() < 0.1 * found["float32"].std()


def test_new_weights_are_scored_by_at_once(model, images):
    before = model.scores(images[:5]).r_score
    state = {name: value.clone() for name, value in model.state_dict().items()}
    state["networks.encoder.to_latent.weight"] += 1
    model.fill(state)
    assert not torch.equal(model.scores(images[:5]).r_score, before)


@pytest.mark.parametrize("scoring", ["latent_density", "latent_density+memory_bank"])
def test_a_bound_holds_each_of_several_terms_and_leaves_one_alone(images, scoring):
    free = Model((1, 12, 10), dataclasses.replace(TINY, scoring=scoring), torch.uint8)
    free.networks.fit_scaling(images)
    free.finish(images[:500], images[500:550], images[550:], seed=0)
    bounded = Model(
        (1, 12, 10), dataclasses.replace(TINY, scoring=scoring, term_bound=0.5), torch.uint8, *_sizes(free)
    ).fill(free.state_dict())
    one, other = free.score(images), bounded.score(images)
    if scoring == "latent_density":
        assert torch.equal(one, other)
    else:
        assert other.abs().max() <= 0.5 * free.term_weight.sum()
        assert one.abs().max() > 0.5 * free.term_weight.sum()


def _sizes(model):
    return model.n_components, model.n_points, len(model.calibration)
