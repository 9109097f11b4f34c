"""Every term: what it needs, what it stores, its sign; and how terms are chosen and registered."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch.autograd import gradcheck

from ama.errors import InputError
from ama.scores.forward_pass import ForwardPass, PlaceDistances
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.a_score import a_score
from ama.scores.terms.latent_density import mixture_log_density
from ama.scores.terms.r_score import r_score
from ama.scores.terms.term_registry import TERMS, build_terms, chosen_terms, is_weighed, register
from draws import TINY, draw

SETTINGS = dataclasses.replace(TINY, lambda_rotation=1.0, noise_steps=1500)
SHAPE = (1, 10, 10)


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return kind_of(SHAPE).networks(SETTINGS).eval()


@pytest.fixture
def forward(networks):
    """Of 60 images near a common one, and of one far from all of them."""

    def run(offset: float = 0.0, n: int = 60) -> ForwardPass:
        x = (draw(1, 1, *SHAPE) + 0.1 * draw(2, n, *SHAPE) + offset).float()
        distances = (x - draw(1, 1, *SHAPE)).abs().mean(1, keepdim=True)
        weights = networks.discriminator.weights()
        places = PlaceDistances(distances, distances)
        return ForwardPass(x.clamp(-1, 1), networks, weights, distances=places)

    return run


@pytest.mark.parametrize("name", TERMS)
@torch.no_grad()
def test_a_term_is_higher_for_an_anomaly_and_its_buffers_are_all_there_is_to_it(name, forward):
    [term] = build_terms([name], kind_of(SHAPE), SETTINGS).values()
    features = term.features(forward())
    parts = [features[:25], features[25:]]
    if term.needs_known:
        term.fit_known(parts, [term.features(forward(offset=2.0, n=2))], seed=0)
    else:
        term.fit(parts, seed=0)
    normal = term.value(features)
    assert normal.dtype == torch.float64
    assert normal.shape == (60,)
    if name not in ("r_score", "rotation"):  # of untrained networks these two know nothing
        assert term.value(term.features(forward(offset=3.0, n=3))).min() > normal.mean()
    [other] = build_terms([name], kind_of(SHAPE), SETTINGS).values()
    other.load_state_dict(term.state_dict(), assign=True)
    assert torch.equal(other.value(features), normal)


@pytest.mark.parametrize("name", TERMS)
@torch.no_grad()
def test_a_term_without_statistics_says_so(name, forward):
    [term] = build_terms([name], kind_of(SHAPE), SETTINGS).values()
    has_buffers = any(True for _ in term.buffers())
    assert type(term).has_statistics() is (has_buffers or name == "r_score")  # which checks the training
    with_places = ForwardPass(forward().x, forward().networks, forward().weights)
    if term.sees_places:
        with pytest.raises(AssertionError):
            term.features(with_places)
    else:
        term.features(with_places)


@torch.no_grad()
def test_a_forward_pass_computes_what_is_asked_for_and_that_once(networks, forward, monkeypatch):
    calls = []

    def record(module: torch.nn.Module, method: str, name: str) -> None:
        own = getattr(module, method)
        monkeypatch.setattr(module, method, lambda *given: (calls.append(name), own(*given))[1])

    record(networks.encoder, "forward", "encoder")
    record(networks.generator, "forward", "generator")
    record(networks.discriminator, "maps", "maps")
    asked = {
        "rotation": ["maps"] * 4,
        "rotated_memory_bank+rotation": ["maps"] * 4,
        "r_score": ["encoder", "generator", "maps", "maps"],
        "r_score+a_score+latent_density+mahalanobis+memory_bank": ["encoder", "generator", "maps", "maps"],
    }
    for scoring, expected in asked.items():
        calls.clear()
        one_pass = forward()
        for term in build_terms(scoring.split("+"), kind_of(SHAPE), SETTINGS).values():
            term.features(one_pass)
        assert sorted(calls) == sorted(expected), scoring


def test_auto_chooses_what_suits_the_samples():
    images, rows = kind_of(SHAPE), kind_of((5,))
    auto = dataclasses.replace(SETTINGS, scoring="auto")
    assert chosen_terms(auto, images) == ("latent_density", "memory_bank", "rotated_memory_bank", "rotation")
    without = dataclasses.replace(auto, lambda_rotation=0.0)
    assert chosen_terms(without, images) == ("latent_density", "memory_bank", "rotated_memory_bank")
    of_rows = ("mahalanobis", "nearest_rows", "row_density", "symmetric_nearest_rows", "noise_level")
    assert chosen_terms(without, rows) == of_rows
    assert set(chosen_terms(without, rows, known=True)) == {*of_rows, "known_anomalies"}
    assert chosen_terms(without, kind_of((256,))) == of_rows
    for wide in (257, 2000):
        assert chosen_terms(without, kind_of((wide,))) == ("symmetric_nearest_rows", "symmetric_row_density")
    assert chosen_terms(without, kind_of((20_000,))) == ("mahalanobis", "nearest_rows")


def test_auto_is_joined_to_named_terms():
    rows = kind_of((5,))
    of_rows = chosen_terms(dataclasses.replace(SETTINGS, scoring="auto", lambda_rotation=0.0), rows)
    for scoring, more in (
        ("auto+memory_bank", ("memory_bank",)),
        ("memory_bank+auto+r_score", ("memory_bank", "r_score")),
        ("auto+mahalanobis", ()),  # which is one of them
    ):
        joined = dataclasses.replace(SETTINGS, scoring=scoring, lambda_rotation=0.0)
        assert chosen_terms(joined, rows) == (*of_rows, *more)
        assert is_weighed(joined)
    assert not is_weighed(dataclasses.replace(SETTINGS, scoring="memory_bank+r_score"))


@pytest.mark.parametrize(
    ("scoring", "shape", "sentence"),
    [
        ("best", SHAPE, "scoring must be auto, or one or several of r_score, .* joined by \\+, found 'best'"),
        ("a_score+a_score", SHAPE, "scoring must be auto, or one .* found 'a_score\\+a_score'"),
        ("auto+best", SHAPE, "scoring must be auto, or one .* found 'auto\\+best'"),
        ("auto+auto", (5,), "scoring must be auto, or one .* found 'auto\\+auto'"),
        ("auto+rotation", (5,), "scoring='auto\\+rotation' rotates images, and rows cannot be rotated"),
        ("auto+known_anomalies", (5,), "names the term known_anomalies, but no anomaly is known: mark"),
        ("", SHAPE, "scoring must be auto, or one .* found ''"),
        (["r_score"], SHAPE, "joined by \\+, found \\['r_score'\\]"),
        (5, SHAPE, "joined by \\+, found 5"),
        ("rotation", (5,), "scoring='rotation' rotates images, and rows cannot be rotated"),
        ("rotated_memory_bank", (5,), "scoring='rotated_memory_bank' rotates images, and rows cannot"),
        (
            "nearest_rows",
            SHAPE,
            "scoring='nearest_rows' measures the distance of rows, and images are not compared number",
        ),
        (
            "local_nearest_rows",
            (2001,),
            "'local_nearest_rows' whitens rows, and rows of 2001 columns have too many columns",
        ),
        (
            "row_density",
            SHAPE,
            "scoring='row_density' fits a density to rows, and images are not compared number by number",
        ),
        ("rotation", SHAPE, "scoring='rotation' needs lambda_rotation above 0, found 0"),
        (
            "r_score+known_anomalies",
            (5,),
            "scoring names the term known_anomalies, but no anomaly is known: mark",
        ),
    ],
)
def test_a_score_that_cannot_be_is_refused(scoring, shape, sentence):
    settings = dataclasses.replace(TINY, scoring=scoring, lambda_rotation=0.0)
    with pytest.raises(InputError, match=sentence):
        chosen_terms(settings, kind_of(shape))


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="there already is a term 'r_score': RScore"):
        register("r_score")(TERMS["a_score"])
    with pytest.raises(
        ValueError, match=r"there already is a term 'r_score': RScore of ama\.scores\.terms\.r_score"
    ):
        register("r_score")(type("RScore", (TERMS["r_score"],), {"__module__": "elsewhere"}))
    with pytest.raises(ValueError, match="needs the term 'unknown', which is not registered here"):
        build_terms(["unknown"], kind_of(SHAPE), SETTINGS)


def test_scores_pass_gradcheck():
    # Far enough apart that no difference of features crosses the kink at zero.
    same = draw(0, 3, 4).requires_grad_()
    reconstruction = (same.detach() + draw(1, 3, 4).sign()).requires_grad_()
    assert gradcheck(r_score, (same, reconstruction))
    r = draw(2, 5).requires_grad_()
    assert gradcheck(lambda r: a_score(r, 0.4, 1.3), (r,))
    features = draw(3, 4, 3).requires_grad_()
    one = torch.ones(1, dtype=torch.float64), draw(4, 1, 3), torch.eye(3, dtype=torch.float64)[None]
    assert gradcheck(lambda f: mixture_log_density(f, *one), (features,))
