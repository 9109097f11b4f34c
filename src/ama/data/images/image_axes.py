"""Which axis of an array of images is which.

With a fitted model, its shape decides. Otherwise channels are on the axis of 1, 3 or 4 entries, if only one of axis 1
and the last is such; else they are where the other two axes are equal sides, which is said; else the array is refused.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from ama.data.samples import Wanted, count
from ama.errors import InputError
from ama.networks.image_networks import MIN_SIDE
from ama.scores.kinds.factory import kind_of

USUAL = (1, 3, 4)  # grey; colour; colour with transparency


class AmbiguousAxesError(InputError):
    """Both layouts of an array of images are as likely.

    Parameters
    ----------
    question
        The two readings, as a question.
    answer
        How to answer it.
    """

    def __init__(self, question: str, answer: str):
        super().__init__(f"{question} {answer}")
        self.question = question


def channels_first(
    array: Shaped[np.ndarray, " ..."], name: str, wanted: Wanted
) -> Shaped[np.ndarray, "n c h w"]:
    """Images (n, h, w), (n, c, h, w) or (n, h, w, c) in one order of axes.

    Parameters
    ----------
    array
        The images, three or four axes.
    name
        The source, for messages.
    wanted
        The keywords of ``open_source``; it gets a remark on a layout that is assumed.

    Raises
    ------
    InputError
        If the array is a single image, or both layouts are as likely.
    """
    check_several(array.shape, name, wanted)
    if array.ndim == 3:
        remark_unneeded(name, "they are grey", wanted)
        return array[:, None]
    last = _are_last(array.shape, name, wanted) if wanted.channels is None else wanted.channels == "last"
    return np.moveaxis(array, 3, 1) if last else array


def remark_unneeded(name: str, reason: str, wanted: Wanted) -> None:
    """Say that ``channels`` decides nothing, if it is given, where no axis is to be found.

    Parameters
    ----------
    name
        The images.
    reason
        Why that is so.
    wanted
        Gets the remark.
    """
    if wanted.channels is not None:
        wanted.remark(f"{name}: channels={wanted.channels!r} decides nothing, as {reason}", refused=False)


def check_several(shape: tuple[int, ...], name: str, wanted: Wanted) -> None:
    """Refuse an array that is a single image.

    Raises
    ------
    InputError
        If it has the shape of one sample of the model or, without a model, of one colour image.
    """
    if wanted.shape is not None:
        if not kind_of(wanted.shape).pictured:
            return
        channels, *sides = wanted.shape
        single = (
            [(channels, *sides)] * (channels > 1) + [(*sides, channels)] + [tuple(sides)] * (channels == 1)
        )
        if shape in single:
            raise InputError(
                f"{name} has the shape {shape} of one image: pass x[None] to make it a batch of one"
            )
        return
    match shape:
        case (n, height, 1 | 3 | 4 as width) if min(n, height) >= MIN_SIDE:
            raise InputError(
                f"{name} has shape {shape}: for one image of {n} x {height} pixels and {count(width, 'channel')} pass "
                f"x[None], for {n} grey images of {height} x {width} pixels x[:, None]"
            )


def _are_last(shape: tuple[int, ...], name: str, wanted: Wanted) -> bool:
    """Whether the channels of images with four axes come last."""
    n, first, middle, last = shape
    if wanted.shape is not None:
        model = wanted.shape
        as_first, as_last = (first, middle, last), (last, first, middle)
        for fits in ([as_first == model, as_last == model], [first == model[0], last == model[0]]):
            if any(fits):
                return not fits[0]
    if (first in USUAL) != (last in USUAL):
        return last in USUAL
    if (middle == last) == (first == middle):
        if wanted.shape is not None:
            expected = kind_of(wanted.shape).describe()
            raise InputError(f"{name} has the shape {shape}, expected {expected}")
        raise AmbiguousAxesError(
            f"{name} has the ambiguous shape {shape}: {n} images of {first} channels and {middle} x {last} pixels, "
            f"or of {last} channels and {first} x {middle} pixels?",
            "Say channels='first' or 'last' (--channels)",
        )
    if first == middle:
        wanted.remark(f"{name}: shape {shape} taken as {last} channels, last, of {first} x {middle} pixels")
        return True
    wanted.remark(f"{name}: shape {shape} taken as {first} channels, first, of {middle} x {last} pixels")
    return False
