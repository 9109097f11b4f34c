"""A model folder that is replaced while it is served."""

from __future__ import annotations

import shutil
import threading

import pytest

import ama
from served import WITHOUT_EXTRA, Served

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.errors import ModelFolderError
from ama.serving import model_holder
from ama.serving.model_holder import LoadedModel, ModelHolder, identity

HOW = ("cpu", None, 100)


def other(folder, digits) -> ama.AMADetector:
    """The model of a folder with another calibration, saved in its place."""
    images, labels = digits
    detector = ama.load(folder, "cpu").calibrate(images[labels == 1])
    detector.save(folder)
    return detector


def test_a_replaced_model_is_taken_over_and_a_broken_one_is_not(models, pictures, digits, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(models / "digits", folder)
    with Served(folder, tmp_path / "log") as server:
        before = server.files(pictures).samples
        detector = other(folder, digits)
        server.wait_for(lambda: "took over" in server.said())
        after = server.files(pictures).samples
        assert [s["score"] for s in after] == [s["score"] for s in before]
        assert [s["p_value"] for s in after] != [s["p_value"] for s in before]
        assert server.metrics()["ama_calibration_samples"] == len(detector.model_.calibration)
        assert server.metrics()["ama_score_count"] == len(pictures)

        (folder / "config.json").write_text("{")
        server.wait_for(lambda: server.get("/ready").json["status"] == "stale")
        assert "config.json" in server.get("/ready").json["problem"]
        assert server.files(pictures).samples == after
        shutil.rmtree(folder)
        server.wait_for(lambda: "there is no model" in server.get("/ready").json["problem"])
        assert server.files(pictures).samples == after

        shutil.copytree(models / "digits", folder)
        server.wait_for(lambda: server.get("/ready").json["status"] == "ready")
        assert server.files(pictures).samples == before
        said = server.said().splitlines()
        assert [line.split(":")[1].split(" in ")[0].strip() for line in said[1:]] == [
            "took over the new model", "kept the model", "kept the model", "took over the new model",
        ]  # fmt: skip


def test_a_folder_is_read_again_only_once_it_has_changed(models, digits, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(models / "digits", folder)
    holder = ModelHolder(str(folder), *HOW)
    first = holder.current
    holder.take_over()
    assert holder.current is first
    other(folder, digits)
    assert identity(str(folder)) != first.identity
    holder.take_over()
    assert holder.current is not first
    assert holder.problem is None


def test_a_folder_that_was_gone_for_a_while_holds_the_same_model(models, digits, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(models / "digits", folder)
    holder = ModelHolder(str(folder), *HOW)
    before = holder.current
    folder.rename(tmp_path / "elsewhere")
    holder.take_over()
    assert "there is no model" in holder.problem
    (tmp_path / "elsewhere").rename(folder)
    holder.take_over()
    assert holder.current is before  # with what its drift watch has seen
    assert holder.problem is None


def test_a_link_to_another_model_is_a_replacement(models, tmp_path):
    shutil.copytree(models / "digits", tmp_path / "new")
    (tmp_path / "model").symlink_to(models / "digits")
    holder = ModelHolder(str(tmp_path / "model"), *HOW)
    first = holder.current
    (tmp_path / "model").unlink()
    (tmp_path / "model").symlink_to(tmp_path / "new")
    holder.take_over()
    assert holder.current is not first


def test_the_false_alarm_rate_outlives_the_model(models, digits, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(models / "digits", folder)
    holder = ModelHolder(str(folder), "cpu", 0.3, 100)
    other(folder, digits)
    holder.take_over()
    assert holder.current.detector.false_alarm_rate == 0.3


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(ModelFolderError, match="there is no model"):
        ModelHolder(str(tmp_path / "none"), *HOW)


def test_a_model_is_loaded_by_a_thread_that_ends(tmp_path, digit_detector, monkeypatch):
    """Threads that OpenMP would keep for another than the scoring thread slow every operation down."""
    digit_detector.save(tmp_path / "model")
    threads = []

    def loaded(*given):
        threads.append(threading.current_thread())
        return LoadedModel(*given)

    monkeypatch.setattr(model_holder, "LoadedModel", loaded)
    holder = ModelHolder(str(tmp_path / "model"), *HOW)
    digit_detector.save(tmp_path / "model")
    holder.take_over()
    assert len(threads) == 2
    assert threading.main_thread() not in threads
    assert not any(thread.is_alive() for thread in threads)
