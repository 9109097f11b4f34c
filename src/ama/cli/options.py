"""Options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ama.cli.named_files import add_source

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def model_and_source(parser: ArgumentParser, source_help: str) -> None:
    """The arguments of a command that scores samples."""
    parser.add_argument("model", type=str, help="model folder")
    add_source(parser, source_help)


def normal_label(parser: ArgumentParser, others: str) -> None:
    """The labels of normal samples; ``others`` says what the other samples are."""
    parser.add_argument(
        "--normal_label", type=str | int, nargs="+", metavar="LABEL", help=f"labels taken as normal; {others}"
    )


def truth(parser: ArgumentParser) -> None:
    """Which samples are known to be anomalies."""
    normal_label(parser, "all others are anomalies")
    parser.add_argument("--anomalies", type=str | None, metavar="SOURCE", help="source of anomalies")


def false_alarm_rate(parser: ArgumentParser) -> None:
    """Another threshold than that of the model."""
    parser.add_argument(
        "--false_alarm_rate",
        type=float | None,
        metavar="FLOAT",
        help="share of normal samples that may be flagged; by default that of the model",
    )


def places(parser: ArgumentParser) -> None:
    """What is written of the anomalous places of images."""
    parser.add_argument(
        "--maps",
        type=str | None,
        metavar="FOLDER",
        help="new or empty folder for the anomaly map of each image: 16-bit grey PNG of its size, all on one scale",
    )
    parser.add_argument(
        "--boxes",
        action="store_true",
        help="add a column with the boxes of the anomalous regions of each image, in its pixels",
    )
    parser.add_argument(
        "--coco",
        type=str | None,
        metavar="FILE",
        help=".json file for the regions, in the format of COCO, in pixels of the images",
    )


def cluster(parser: ArgumentParser) -> None:
    """Whether and how to score with Ray."""
    from jsonargparse.typing import PositiveInt

    parser.add_argument(
        "--ray",
        type=str | None,
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="score with Ray, on the cluster at ADDRESS or by default on the cores of this machine",
    )
    parser.add_argument(
        "--workers",
        type=PositiveInt | None,
        metavar="INT",
        help="number of Ray workers, each with the model; by default one per GPU or, without a GPU, one per core",
    )


def device(parser: ArgumentParser) -> None:
    """Where to score."""
    parser.add_argument("--device", type=str, default="auto", metavar="NAME", help="auto, cpu or cuda")


def float32(parser: ArgumentParser) -> None:
    """In which type to score."""
    parser.add_argument(
        "--float32",
        action="store_true",
        help="score in float32 where the model would in bfloat16, with the threshold and p-values of these scores, as "
        "an exported file does",
    )


def reading(parser: ArgumentParser) -> None:
    """How sources are read."""
    parser.add_argument(
        "--label_column",
        type=str | None,
        metavar="NAME",
        help="column of a table that holds the labels; it is not a feature",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse whatever would be left out, changed or assumed, such as unreadable samples",
    )
    parser.add_argument(
        "--channels",
        type=Literal["first", "last"] | None,
        help="axis of the channels in an array of images, if its shape leaves that open",
    )


def columns(parser: ArgumentParser) -> None:
    """Which columns of a table are features."""
    parser.add_argument(
        "--columns",
        type=str,
        nargs="+",
        metavar="NAME",
        help="columns of a table that are the features; by default all but labels, row numbers and texts that "
        "almost all differ",
    )
    parser.add_argument(
        "--drop", type=str, nargs="+", metavar="NAME", help="columns of a table that are not features"
    )


def as_json(parser: ArgumentParser) -> None:
    """Results for machines."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object on stdout in place of text: status, results, notes and, if there is one, the error",
    )


def append_to(parser: ArgumentParser, what: str) -> None:
    """A results file."""
    parser.add_argument(
        "--append_to",
        type=str | None,
        metavar="FILE",
        help=f"results file to which a JSON line {what}is appended",
    )


def normal_labels(given: Namespace) -> list[str] | None:
    """The given labels as those of a source are: valid text without control characters."""
    from ama.data.labels import as_labels
    from ama.data.names import clean_name

    if given.normal_label is None:
        return None
    return as_labels(clean_name(str(label)) for label in given.normal_label).tolist()
