"""The interface of a kind of samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from jaxtyping import Float, Shaped
from torch import Generator, Tensor

from ama.errors import InputError
from ama.features.backbone import Backbone
from ama.features.provenance import Provenance
from ama.features.tiles import Tiles
from ama.networks.networks import Networks
from ama.networks.scaling import Scaling
from ama.scores.map_contract import AnomalyMap
from ama.settings import Settings


class Seen(NamedTuple):
    """What is seen of raw samples."""

    x: Shaped[Tensor, "p ..."]  # as the networks' scaling takes it
    rows: Shaped[Tensor, "b n"] | None  # as which samples can be compared number by number, if they can be


class SampleKind(ABC):
    """What depends on whether samples are images or rows of a table, for one shape of sample.

    Attributes
    ----------
    name
        What messages call such samples.
    pictured
        Whether a sample can be shown as a picture.
    convolutional
        Whether the networks are convolutions, which bfloat16 makes faster.
    scored_in_float64
        Whether the networks score in float64, where a score does not depend on the batch that it comes in.
    comparable
        Whether the distance of two samples, number by number, says how alike they are.
    provenance
        Of the frozen backbone through which samples are seen; None if there is none.
    shows_reconstructions
        Whether what the networks reconstruct are samples.
    has_covariance
        Whether such samples can be compared, and have few enough numbers for their covariance.
    best_whitened
        Whether such samples have so many numbers that they are compared by their covariance alone.
    symmetric_distances, symmetric_density
        Whether their distances, and their density, detect more after their columns were made more symmetric.
    reducible
        Whether the networks see images whose pixels can be averaged.
    n_rotations
        Rotations that keep the shape, the identity included.
    has_places
        Whether a backbone sees small parts of a sample, besides the whole.
    enlarged
        Whether a backbone sees samples larger than they are.
    tiles
        Where each image is cut, if it is seen tile by tile.
    """

    name: ClassVar[str]
    pictured: ClassVar[bool]
    convolutional: ClassVar[bool]
    scored_in_float64: ClassVar[bool]
    comparable: ClassVar[bool]
    shows_reconstructions: ClassVar[bool] = True
    provenance: Provenance | None = None
    has_covariance: bool = False
    best_whitened: bool = False
    symmetric_distances: bool = False
    symmetric_density: bool = False
    reducible: ClassVar[bool] = False
    n_rotations: int = 1
    has_places: bool = False
    enlarged: bool = False
    tiles: Tiles | None = None

    def __init__(self, shape: tuple[int, ...]):
        self.shape = shape

    @property
    @abstractmethod
    def variant(self) -> str:
        """A key of :data:`ama.settings.PRESETS`."""

    @abstractmethod
    def describe(self, n: int | None = None) -> str:
        """How many samples of which size, or only which size."""

    @abstractmethod
    def scaling(self) -> Scaling:
        """The scaling of raw samples, not fitted."""

    @abstractmethod
    def networks(self, settings: Settings) -> Networks:
        """E, G and D, with initial weights from torch's random generator.

        Raises
        ------
        ValueError
            If there are no networks for such a shape.
        """

    def cut(self, raw: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "p ..."]:
        """The parts of raw samples that the networks see one by one: most see a whole sample."""
        return raw

    def seen(self, raw: Shaped[Tensor, "b ..."], backbone: Backbone | None) -> Seen:
        """What is seen of raw samples, through the backbone if there is one."""
        return Seen(self.cut(raw), None)

    def joined(self, parts: Shaped[Tensor, "p ..."]) -> Shaped[Tensor, "b ..."]:
        """Whole samples from such parts."""
        return parts

    def per_sample(self, values: Float[Tensor, " p"]) -> Float[Tensor, " b"]:
        """A value of each sample from those of its parts: the largest."""
        return values

    def check_size(self) -> None:  # noqa: B027  # most kinds have no limit
        """Refuse samples for which no networks are built: some methods would take any size, and any time for it.

        Raises
        ------
        ValueError
            For an image with a side outside 8 to 256 pixels.
        """

    @abstractmethod
    def scores_in_bfloat16(self, settings: Settings) -> bool:
        """Whether convolutions run in bfloat16 when scoring."""

    @abstractmethod
    def anomaly_map(self) -> AnomalyMap:
        """What explains a score, not fitted."""

    @abstractmethod
    def synthetic_anomalies(
        self, raw: Shaped[Tensor, "n ..."], random: Generator
    ) -> Iterator[Shaped[Tensor, "m ..."]]:
        """Several kinds of them in turn, each composed from two or more normal samples, or from the first of many."""

    @abstractmethod
    def n_synthetic(self, raw: Shaped[Tensor, "n ..."]) -> int:
        """How many anomalies :meth:`synthetic_anomalies` makes of them in all."""

    def check(self, settings: Settings) -> None:
        """Refuse settings that such samples do not have.

        Raises
        ------
        InputError
            If there are any.
        """
        self.check_size()
        if settings.lambda_rotation:
            self.check_rotations(f"lambda_rotation={settings.lambda_rotation:g} rotates images")
        if settings.contamination_share:
            self.check_comparable(
                f"contamination_share={settings.contamination_share:g} looks for unusual rows"
            )

    def check_known(self) -> None:  # noqa: B027  # most kinds learn from them
        """Refuse known anomalies.

        Raises
        ------
        InputError
            If the networks see parts of a sample, of which most are normal in an anomaly, too.
        """

    def check_shown(self) -> None:
        """Refuse to show reconstructions that are no samples.

        Raises
        ------
        InputError
            If the networks reconstruct features.
        """
        if not self.shows_reconstructions:
            raise InputError(
                "the networks reconstruct the features of an image, not the image: there are anomaly maps, but no "
                "reconstructions"
            )

    def check_rotations(self, what: str) -> None:
        """Refuse to rotate what cannot be rotated.

        Raises
        ------
        InputError
            ``what``, and that these samples cannot be rotated.
        """
        if self.n_rotations == 1:
            raise InputError(f"{what}, and {self.name} cannot be rotated")

    def check_reducible(self, what: str) -> None:
        """Refuse to compare what are no images, or are not seen as such.

        Raises
        ------
        InputError
            ``what``, and that it is not for these samples.
        """
        if not self.reducible:
            seen = " seen through a backbone" if self.pictured else ""
            raise InputError(f"{what}, and not {self.name}{seen}")

    def check_comparable(self, what: str) -> None:
        """Refuse to compare samples number by number where that says little.

        Raises
        ------
        InputError
            ``what``, and that it is not for these samples.
        """
        if not self.comparable:
            raise InputError(f"{what}, and {self.name} are not compared number by number")

    def check_covariance(self, what: str) -> None:
        """Refuse what needs the covariance of samples where there is none.

        Raises
        ------
        InputError
            ``what``, and that it is not for these samples.
        """
        self.check_comparable(what)
        if not self.has_covariance:
            raise InputError(f"{what}, and {self.describe()} have too many columns for that")
