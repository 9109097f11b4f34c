"""``ama benchmark ...``: the paper's experiments and measurements of ama itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli.parser import Command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

GRID_HELP = (
    "mnist, cifar10, fashion_mnist, table1, ablations, minutes, each with _methods where there are, or digits"
)


def _data(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=str | None, help="folder with NAME/train and NAME/test; default: the hub"
    )


def _length(parser: ArgumentParser) -> None:
    from jsonargparse.typing import PositiveInt

    parser.add_argument("--max_steps", type=PositiveInt | None, help="length of the trainings")


def _only(parser: ArgumentParser) -> None:
    parser.add_argument("--only", type=str | None, help="only what has this text in its name")


def _append(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--append_to", type=str | None, help="results file to which a JSON line per row is added"
    )


def _results(parser: ArgumentParser) -> None:
    parser.add_argument("--results", type=str | None, help="results file [benchmarks/results/GRID.jsonl]")


def _run_arguments(parser: ArgumentParser, words: list[str]) -> None:
    from jsonargparse.typing import PositiveInt

    parser.add_argument("grid", type=str, help=GRID_HELP)
    _data(parser)
    _results(parser)
    parser.add_argument("--jobs", type=PositiveInt, default=1, help="processes, which share the cores")
    parser.add_argument(
        "--only",
        type=str,
        nargs="+",
        default=[],
        help="only cells that have all of these texts in their names",
    )


def _run_run(given: Namespace) -> None:
    from ama.benchmark.tables.run_grid import run
    from ama.benchmark.tables.show_grid import show

    run(given.grid, given.data, given.results, given.jobs, given.only)
    print(show(given.grid, given.results), end="")


def _show_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("grid", type=str, help=GRID_HELP)
    _results(parser)


def _run_show(given: Namespace) -> None:
    from ama.benchmark.tables.show_grid import show

    print(show(given.grid, given.results), end="")


def _figures_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument(
        "data_set", type=str, help="what to train on, or minutes: AUROC against the time of a fit"
    )
    _data(parser)
    parser.add_argument("--out", type=str, default="docs/images", help="folder for the pictures")
    _length(parser)
    parser.add_argument("--results", type=str | None, help="of minutes [benchmarks/results/minutes.jsonl]")


def _run_figures(given: Namespace) -> None:
    from ama.benchmark.figures.paper_figures import figures, minutes_figure

    if given.data_set == "minutes":
        print(minutes_figure(given.results, given.out))
        return
    for path in figures(given.data_set, given.data, given.out, given.max_steps):
        print(path)


def _maps_arguments(parser: ArgumentParser, words: list[str]) -> None:
    for add in (_data, _length, _only, _append):
        add(parser)


def _run_maps(given: Namespace) -> None:
    from ama.benchmark.checks.defect_maps import maps

    maps(given.data, given.append_to, given.max_steps, given.only)


def _columns_arguments(parser: ArgumentParser, words: list[str]) -> None:
    for add in (_length, _only, _append):
        add(parser)


def _run_columns(given: Namespace) -> None:
    from ama.benchmark.checks.columns import columns

    columns(given.append_to, given.max_steps, given.only)


def _false_alarms_arguments(parser: ArgumentParser, words: list[str]) -> None:
    for add in (_data, _length, _only, _append):
        add(parser)


def _run_false_alarms(given: Namespace) -> None:
    from ama.benchmark.checks.false_alarms import false_alarms

    false_alarms(given.data, given.append_to, given.max_steps, given.only)


def _gallery_arguments(parser: ArgumentParser, words: list[str]) -> None:
    _data(parser)
    parser.add_argument("--out", type=str, default="docs", help="folder for the page and its pictures")
    _length(parser)
    _only(parser)


def _run_gallery(given: Namespace) -> None:
    from ama.benchmark.figures.gallery import gallery

    for path in gallery(given.data, given.out, given.max_steps, given.only):
        print(path)


def _speed_arguments(parser: ArgumentParser, words: list[str]) -> None:
    _only(parser)
    _append(parser)


def _run_speed(given: Namespace) -> None:
    from ama.benchmark.speed.step_times import speed

    speed(given.only, given.append_to)


def _stream_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("--n", type=int, default=1_000_000, help="number of images")
    _append(parser)


def _run_stream(given: Namespace) -> None:
    from ama.benchmark.speed.stream import stream

    stream(given.n, given.append_to)


def _equal_steps_arguments(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("--train", type=str | None, help="source to train on instead of the digits")
    parser.add_argument("--test", type=str | None, help="source to test on")
    parser.add_argument("--normal_label", type=str | None, help="label of the normal samples")
    parser.add_argument("--steps", type=int, default=800, help="steps of each training")
    parser.add_argument("--seeds", type=int, default=3, help="number of trainings")
    _append(parser)


def _run_equal_steps(given: Namespace) -> None:
    from ama.benchmark.checks.equal_steps import equal_steps

    equal_steps(given.train, given.test, given.normal_label, given.steps, given.seeds, given.append_to)


BENCHMARKS = {
    "run": Command(
        "ama benchmark run GRID [options]",
        "Measure the cells of a grid, and show its tables.",
        _run_arguments,
        _run_run,
    ),
    "show": Command(
        "ama benchmark show GRID [options]",
        "Show a grid's tables beside the paper's figures.",
        _show_arguments,
        _run_show,
    ),
    "figures": Command(
        "ama benchmark figures (DATA_SET | minutes) [options]",
        "Draw the paper's Figures 2 and 4, or AUROC against the time of a fit.",
        _figures_arguments,
        _run_figures,
    ),
    "maps": Command(
        "ama benchmark maps [options]",
        "Find out whether maps show the places of known defects.",
        _maps_arguments,
        _run_maps,
    ),
    "columns": Command(
        "ama benchmark columns [options]",
        "Find out whether the maps of rows point at the column that is wrong.",
        _columns_arguments,
        _run_columns,
    ),
    "false-alarms": Command(
        "ama benchmark false-alarms [options]",
        "Count false alarms on new normal samples beside what the theory allows.",
        _false_alarms_arguments,
        _run_false_alarms,
    ),
    "gallery": Command(
        "ama benchmark gallery [options]",
        "Make a page of pictures from real runs.",
        _gallery_arguments,
        _run_gallery,
    ),
    "speed": Command(
        "ama benchmark speed [options]",
        "Time the training step and scoring.",
        _speed_arguments,
        _run_speed,
    ),
    "stream": Command(
        "ama benchmark stream [options]",
        "Score a large file in constant memory.",
        _stream_arguments,
        _run_stream,
    ),
    "equal-steps": Command(
        "ama benchmark equal-steps [options]",
        "Compare AUROC after equal steps of the fast training and the literal one.",
        _equal_steps_arguments,
        _run_equal_steps,
    ),
}
