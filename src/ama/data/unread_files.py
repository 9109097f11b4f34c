"""Kinds of files that are not read, and what to do instead."""

from __future__ import annotations

from pathlib import PurePath

from ama.data.tables.arrow_reading import COMPRESSIONS

PANDAS = "pass the DataFrame that pandas reads from it, or save it as Parquet"
ARRAY = "pass the array that a library reads from it, or save it as .npy"
PICTURE = "export it as PNG"
INSTEAD = {
    **dict.fromkeys((".xls", ".ods", ".xlsb", ".numbers"), "save its sheet as CSV"),
    **dict.fromkeys((".dta", ".sav", ".sas7bdat", ".xml", ".html", ".orc", ".pkl"), PANDAS),
    **dict.fromkeys((".h5", ".hdf5", ".mat", ".nc", ".fits", ".nii", ".zarr", ".pt", ".pth"), ARRAY),
    **dict.fromkeys(
        (".db", ".sqlite", ".sqlite3", ".duckdb"), "pass the table that a query gives, or save it as Parquet"
    ),
    **dict.fromkeys((".rds", ".rdata", ".avro", ".sql"), "save the table as CSV or Parquet"),
    ".arff": "pass pandas.DataFrame(scipy.io.arff.loadarff(file)[0]), or save it as CSV",
    **dict.fromkeys((".libsvm", ".svmlight"), "pass the matrix of sklearn.datasets.load_svmlight_file"),
    **dict.fromkeys((".geojson", ".shp", ".gpkg"), "save its table as CSV, without the shapes"),
    **dict.fromkeys((".pdf", ".docx", ".pptx"), "save its tables as CSV, or its pages as images"),
    **dict.fromkeys(
        (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".wmv"),
        "save its frames as images, as `ffmpeg -i FILE frames/%06d.png` does",
    ),
    **dict.fromkeys(
        (".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2"),
        "develop the photograph, and save it as TIFF or PNG",
    ),
    **dict.fromkeys((".dcm", ".dicom"), "save its pixels as PNG of 16 bits, as pydicom reads them"),
    **dict.fromkeys((".svg", ".psd", ".ai", ".exr", ".hdr"), PICTURE),
    **dict.fromkeys((".wav", ".mp3", ".flac", ".ogg", ".m4a"), "pass a row of features for each recording"),
    **dict.fromkeys(
        (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar", ".xz", ".lz4", ".z"), "unpack it"
    ),
}


def unread(name: str) -> str | None:
    """That a file of that name is not read, and what to do instead; None if nothing is known of its kind."""
    # A compressed one is as it is without compression: .nii.gz, .tar.gz.
    for suffix in reversed(PurePath(name.lower()).suffixes[-2:]):
        if suffix in INSTEAD:
            return f"of a kind that is not read ({suffix}): {INSTEAD[suffix]}"
        if suffix not in COMPRESSIONS:
            return None
    return None
