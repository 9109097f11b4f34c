"""Sources by a URL: files of tables, folders of them, images and folders of images."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pyarrow.fs as pafs

from ama.data.arrays.numpy_files import ARRAYS, open_array_file
from ama.data.images.encoded_images import EncodedImages
from ama.data.images.image_folders import ImageFiles, images_among
from ama.data.images.image_opening import MAX_FILE_BYTES, SOME_SUFFIXES, SUFFIXES, Content, Unreadable
from ama.data.remote_files import RemoteFile, remote_file, without_secrets
from ama.data.samples import Source, Wanted
from ama.data.tables.arrow_reading import decodable
from ama.data.tables.table_files import TABLES, open_table_file
from ama.data.tables.table_folders import SOME_TABLES, open_partitions, open_tables
from ama.data.tables.table_names import NUMBERS, file_suffix
from ama.data.unread_files import unread
from ama.errors import InputError

AHEAD = 16  # images that are fetched at a time, as each takes a journey


class RemoteImages(ImageFiles):
    """Image files in a folder on another file system; see :class:`ama.data.images.image_folders.ImageFiles`.

    Parameters
    ----------
    place
        The folder.
    files
        Paths relative to it, with "/" between the parts.
    """

    def __init__(self, place: RemoteFile, files: list[str]):
        super().__init__(place, files)
        self.place = place

    def _folder_of(self, file: str) -> RemoteFile | None:
        return self.place if len(self.files) > 1 else None  # a file may have a URL without one of its folder

    def _contents(self) -> Iterator[Content]:
        left = iter(self.files)
        with ThreadPoolExecutor(AHEAD) as pool:
            while some := list(islice(left, AHEAD)):
                yield from pool.map(self._content, some)

    def _content(self, file: str) -> Content:
        try:
            with self.place.child(file).open() as opened:
                if opened.size() > MAX_FILE_BYTES:
                    return Unreadable(f"it has {opened.size():,} bytes, expected at most {MAX_FILE_BYTES:,}")
                return opened.read()
        except Exception as error:  # each file system has its own
            return Unreadable((str(error).strip().splitlines() or [type(error).__name__])[0].rstrip("."))


def open_url(url: str, wanted: Wanted) -> Source:
    """What is at a URL, as a source.

    Raises
    ------
    InputError
        If there is nothing that can be read, or no library that reads such URLs.
    """
    place = remote_file(url)
    with decodable(str(place)):
        kind = place.info().type
    if kind == pafs.FileType.Directory:
        return _open_folder(place, wanted)
    if kind == pafs.FileType.NotFound:
        raise InputError(f"there is no file or folder {without_secrets(url)}")
    suffix = file_suffix(place.name)
    if suffix in ARRAYS:
        return open_array_file(place, wanted)
    if suffix in SUFFIXES:
        wanted.check_no_label_column(str(place), "it is an image")
        folder, _, name = place.key.rpartition("/")
        above = RemoteFile(place.filesystem, folder, place.url.rpartition("/")[0])
        return EncodedImages(RemoteImages(above, [name]), wanted)
    if (table := open_table_file(place, wanted, [])) is not None:
        return table
    if what := unread(place.name):
        raise InputError(f"{place} is a file {what}")
    known = f"{', '.join((*TABLES, *ARRAYS, *NUMBERS[:3]))}, {SOME_SUFFIXES}"
    raise InputError(f"{place} has the suffix {suffix or '(none)'}, expected of a URL {known}")


def _open_folder(place: RemoteFile, wanted: Wanted) -> Source:
    with decodable(str(place)):
        files = place.files()
    if images := images_among(files, str(place), wanted):
        wanted.check_no_label_column(str(place), "the labels of a folder of images are its sub-folders")
        return EncodedImages(RemoteImages(place, images), wanted)
    tables = [place.child(file) for file in files if "/" not in file]
    folders = {file.partition("/")[0] for file in files if "/" in file}
    if (found := open_tables(tables, folders, str(place), wanted, [])) is not None:
        return found
    parts = {file: place.child(file) for file in files}
    if (found := open_partitions(parts, str(place), wanted, [])) is not None:
        return found
    raise InputError(
        f"{place} holds neither images ({SOME_SUFFIXES}), tables ({SOME_TABLES}) nor shards (.parquet)"
    )
