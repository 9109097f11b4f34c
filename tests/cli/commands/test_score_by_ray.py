"""``ama score --ray`` writes the same file and says the same as one process; Ray says nothing."""

from __future__ import annotations

import filecmp
import shutil
from importlib.util import find_spec

import pytest

from ama.distributed import ray_scores
from ama.distributed.ray_session import LOCAL, ray_session
from places import refused

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="the extra 'ray' is not installed")


@needs_ray
@pytest.mark.filterwarnings("ignore")  # of Ray, in threads of its own
def test_ray_writes_the_file_of_one_process_and_says_the_same(call, place, tmp_path, monkeypatch):
    shutil.copytree(place / "photos", tmp_path / "photos")
    (tmp_path / "photos" / "cat" / "03.png").write_text("hello")
    (tmp_path / "photos" / "notes.txt").write_text("hello")
    monkeypatch.setattr(ray_scores, "FEW", 0)  # headers are read by workers, too
    words = ["score", "photos.model", tmp_path / "photos", "--fdr", "0.3"]
    one = call(*words, "--out", tmp_path / "one.parquet", "--watch-state", tmp_path / "one.json")
    with ray_session(LOCAL, 1):
        ray = call(*words, "--out", tmp_path / "ray.parquet", "--watch-state", tmp_path / "ray.json", "--ray")
        assert one[0] == ray[0] == 0
        assert ray[2].replace("ray.parquet", "one.parquet") == one[2]
        assert "skipped 1 unreadable sample in all" in ray[2]
        assert "left out 1 file whose suffix is not that of an image" in ray[2]
        assert filecmp.cmp(tmp_path / "one.parquet", tmp_path / "ray.parquet", shallow=False)
        assert filecmp.cmp(tmp_path / "one.json", tmp_path / "ray.json", shallow=False)
        status, _, errors = call(*words, "--ray", "--strict", "--out", tmp_path / "none.csv")
        assert (status, errors.splitlines()[-1]) == (2, call(*words, "--strict")[2].splitlines()[-1])
        assert not (tmp_path / "none.csv").exists()
        arrays = call("score", "photos.model", "arrays.npz", "--ray")
        assert refused(
            arrays, "arrays.npz cannot be read in parts, expected a folder of images, a Parquet or a CSV file"
        )


@needs_ray
def test_a_cluster_that_is_not_there_is_named(call, monkeypatch):
    result = call("score", "photos.model", "photos", "--ray", "nonsense://here")
    assert refused(result, "there is no Ray cluster at nonsense://here: .*")


def test_options_that_do_not_go_together_are_refused(call, tmp_path):
    words = ["score", "photos.model", "photos"]
    assert refused(call(*words, "--workers", "2"), "--workers is the number of Ray workers: give --ray, too")
    boxes = call(*words, "--ray", "--boxes", "--maps", tmp_path / "maps")
    assert refused(boxes, "--maps and --boxes cannot be written with --ray: score on one machine")
