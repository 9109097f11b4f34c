"""``ama benchmark ...``: the paper's experiments, and measurements of ama itself.

Each command imports what it runs when it runs, so that help comes at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ama.cli.benchmark_options import APPEND_TO, DATA, GRID, LOAD, MAX_STEPS, ONLY, RESULTS, Option
from ama.cli.benchmark_options import argument as _argument
from ama.cli.benchmark_options import count as _count
from ama.cli.benchmark_options import flag as _flag
from ama.cli.benchmark_options import refuse_unused as _refuse_unused
from ama.cli.benchmark_options import text as _text
from ama.cli.benchmark_options import texts as _texts
from ama.cli.parser import Command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def _command(
    usage: str, summary: str, run: Callable[[Namespace], None], *options: Option
) -> tuple[str, Command]:
    def add_options(parser: ArgumentParser, words: list[str]) -> None:
        for add in options:
            add(parser)

    return usage.split()[0], Command(f"ama benchmark {usage}", summary, add_options, run)


def _check_results(given: Namespace) -> None:
    """Find out before the work whether its records can be kept."""
    from pathlib import Path

    from ama.io.commits import check_committed
    from ama.io.results_files import check_appendable

    if given.append_to is not None:
        check_appendable(Path(given.append_to))
        check_committed(Path(given.append_to))


def _run(given: Namespace) -> None:
    from ama.benchmark.tables.run_grid import run_grid

    run_grid(given.grid, given.data, given.results, given.jobs, given.only)
    _show(given)


def _show(given: Namespace) -> None:
    from ama.benchmark.tables.show_grid import show_grid

    print(show_grid(given.grid, given.results), end="")


def _repeat(given: Namespace) -> None:
    from ama.benchmark.tables.repeat_record import repeat_record

    print(repeat_record(given.results_file, given.data, given.only, given.seed))


def _embeddings(given: Namespace) -> None:
    from ama.benchmark.tables.embed_images import embed_images

    for path in embed_images(given.data, given.out, given.weights):
        print(path)


def _figures(given: Namespace) -> None:
    from ama.benchmark.figures.minutes_figure import minutes_figure
    from ama.benchmark.figures.paper_figures import paper_figures
    from ama.benchmark.figures.rank_figure import rank_figure

    of_results = {"minutes": minutes_figure, "tables": rank_figure}
    unused = ["data", "max_steps", "append_to"] if given.data_set in of_results else ["results"]
    _refuse_unused(given, f"figures {given.data_set}", unused)
    if given.data_set in of_results:
        print(of_results[given.data_set](given.results, given.out))
    else:
        _check_results(given)
        paths = paper_figures(given.data_set, given.data, given.out, given.max_steps, given.append_to)
        print(*paths, sep="\n")


def _maps(given: Namespace) -> None:
    from ama.benchmark.checks.defect_maps import defect_maps

    _check_results(given)
    defect_maps(given.data, given.append_to, given.max_steps, given.only)


def _scratches(given: Namespace) -> None:
    from ama.benchmark.checks.scratches import scratches

    _check_results(given)
    print(scratches(given.out, given.append_to))


def _columns(given: Namespace) -> None:
    from ama.benchmark.checks.swapped_columns import swapped_columns

    _check_results(given)
    swapped_columns(given.append_to, given.max_steps, given.only)


def _false_alarms(given: Namespace) -> None:
    from ama.benchmark.checks.false_alarms import false_alarms

    _check_results(given)
    false_alarms(given.data, given.append_to, given.max_steps, given.only)


def _drift(given: Namespace) -> None:
    from ama.benchmark.checks.drift_alarms import drift_alarms

    _check_results(given)
    drift_alarms(given.append_to, given.streams)


def _ray(given: Namespace) -> None:
    from ama.benchmark.checks.ray_equality import ray_equality

    _check_results(given)
    ray_equality(given.append_to, given.n, given.files)


def _serving(given: Namespace) -> None:
    from ama.benchmark.checks.serving_load import serving_load

    _check_results(given)
    serving_load(given.append_to, given.seconds, given.connections)


def _export(given: Namespace) -> None:
    from ama.utils.extras import needs_extra

    with needs_extra("onnx"):
        from ama.benchmark.checks.exported_scores import exported_scores

    _check_results(given)
    exported_scores(given.append_to, given.only)


def _gallery(given: Namespace) -> None:
    from ama.benchmark.figures.gallery import gallery

    print(*gallery(given.data, given.out, given.max_steps, given.only), sep="\n")


def _speed(given: Namespace) -> None:
    from ama.benchmark.speed.measure_speed import measure_speed

    _check_results(given)
    measure_speed(given.only, given.append_to)


def _stream(given: Namespace) -> None:
    from ama.benchmark.speed.streamed_scoring import streamed_scoring

    _check_results(given)
    streamed_scoring(given.n, given.append_to, given.rows)


def _equal_steps(given: Namespace) -> None:
    from ama.benchmark.checks.equal_steps import equal_steps

    _check_results(given)
    equal_steps(given.train, given.test, given.normal_label, given.steps, given.seeds, given.append_to)


BENCHMARKS = dict(
    [
        _command(
            "run GRID [options]",
            "Measure the cells of a grid, and show its tables.",
            _run,
            *(GRID, DATA, RESULTS),
            _count("--jobs", "number of processes, which share the cores", 1),
            _texts("--only", "TEXT", "run only cells with all of these texts in their names"),
        ),
        _command(
            "show GRID [options]",
            "Show the tables of a grid beside the published numbers.",
            _show,
            GRID,
            RESULTS,
        ),
        _command(
            "repeat RESULTS_FILE [options]",
            "Measure a random record of a grid again, from its own fields.",
            _repeat,
            _argument("results_file", "results file of a grid, such as benchmarks/results/readings.jsonl"),
            DATA,
            _texts("--only", "TEXT", "draw from the cells with all of these texts in their names"),
            _count("--seed", "seed of the draw", 1),
        ),
        _command(
            "embeddings [options]",
            "Write the sets of embeddings of the grid tables.",
            _embeddings,
            DATA,
            _text("--out", "FOLDER", "folder for embeddings/SET.npz", "."),
            _text("--weights", "FILE", "weights of EfficientNet-Lite0; default: those of the package"),
        ),
        _command(
            "figures (DATA_SET | minutes | tables) [options]",
            "Draw Figures 2 and 4, AUROC against training time, or ranks on tables.",
            _figures,
            _argument(
                "data_set",
                "data set to train on, minutes for AUROC against training time, or tables for ranks",
            ),
            _text("--out", "FOLDER", "folder for the pictures", "docs/images"),
            *(DATA, MAX_STEPS, APPEND_TO),
            _text(
                "--results",
                "FILE",
                "results file of minutes or tables; default: benchmarks/results/GRID.jsonl",
            ),
        ),
        _command(
            "maps [options]",
            "Measure how well anomaly maps locate defects in images.",
            _maps,
            *(DATA, MAX_STEPS, ONLY, APPEND_TO),
        ),
        _command(
            "scratches [options]",
            "Look for a small scratch in large photographs, in tiles and reduced.",
            _scratches,
            _text("--out", "FOLDER", "folder for the picture", "docs/images"),
            APPEND_TO,
        ),
        _command(
            "columns [options]",
            "Measure how often the anomaly map of a row ranks the altered column first.",
            _columns,
            *(MAX_STEPS, ONLY, APPEND_TO),
        ),
        _command(
            "false-alarms [options]",
            "Compare the false alarms on new normal samples with theory.",
            _false_alarms,
            *(DATA, MAX_STEPS, ONLY, APPEND_TO),
        ),
        _command(
            "drift [options]",
            "Count false alarms and delays of the drift watch.",
            _drift,
            _count("--streams", "simulated streams of each kind", 1000),
            APPEND_TO,
        ),
        _command("serving [options]", "Measure ama serve under load.", _serving, *LOAD, APPEND_TO),
        _command(
            "export [options]",
            "Compare exported detectors with those in memory.",
            _export,
            *(ONLY, APPEND_TO),
        ),
        _command(
            "ray [options]",
            "Compare the scores of two Ray workers with those of one process.",
            _ray,
            _count("--n", "number of images", 100_000),
            _count("--files", "number of Parquet files", 200),
            APPEND_TO,
        ),
        _command(
            "gallery [options]",
            "Make a page of pictures from real trainings.",
            _gallery,
            _text("--out", "FOLDER", "folder for the page and its pictures", "docs"),
            *(DATA, MAX_STEPS, ONLY),
        ),
        _command("speed [options]", "Time the training step and scoring.", _speed, ONLY, APPEND_TO),
        _command(
            "stream [options]",
            "Score a large file in constant memory.",
            _stream,
            _count("--n", "number of samples", 1_000_000),
            _flag("--rows", "rows of 20 columns in place of images"),
            APPEND_TO,
        ),
        _command(
            "equal-steps [options]",
            "Compare AUROC after equal numbers of fast and of reference training steps.",
            _equal_steps,
            _text("--train", "SOURCE", "labelled source to train on; default: scikit-learn's digits"),
            _text("--test", "SOURCE", "labelled source to test on"),
            _text("--normal_label", "LABEL", "label of the normal samples"),
            _count("--steps", "steps of each training", 800),
            _count("--seeds", "number of trainings with either step", 3),
            APPEND_TO,
        ),
    ]
)
