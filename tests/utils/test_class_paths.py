"""Two classes of one name are told apart by where they are defined."""

from __future__ import annotations

import pytest

from ama.scores.terms.r_score import RScore
from ama.utils.class_paths import may_be_one, own_paths


@pytest.mark.parametrize(
    ("path", "other", "same"),
    [
        ("a.terms.Mine", "a.terms.Mine", True),
        ("src.a.terms.Mine", "a.terms.Mine", True),
        ("__main__.Mine", "train.Mine", True),
        ("train.Mine", "__mp_main__.Mine", True),
        ("a.terms.Mine", "b.terms.Mine", False),
        ("a.Mine", "a.AlsoMine", False),
        ("__main__.Mine", "train.AlsoMine", False),
    ],
)
def test_a_class_may_be_moved_but_be_no_other(path, other, same):
    assert may_be_one(path, other) is may_be_one(other, path) is same


def test_classes_of_ama_are_not_told():
    class Mine(RScore):
        pass

    assert own_paths([("r_score", RScore), ("mine", Mine)]) == {"mine": f"{__name__}.{Mine.__qualname__}"}
