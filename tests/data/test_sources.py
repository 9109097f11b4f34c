"""How names are resolved, and the messages for names that cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

import ama
from ama.data.sources import FILES, Samples, Source, open_source
from ama.errors import InputError


def test_digits_are_scikit_learns_as_8_bit_images(digits):
    images, labels = digits
    source = open_source("digits")
    samples = source.read()
    assert (source.kind, source.shape, len(source)) == ("images", (1, 8, 8), 1797)
    assert np.array_equal(samples.x.numpy(), images)
    assert (samples.x.min(), samples.x.max()) == (0, 255)
    assert samples.labels.tolist() == [str(label) for label in labels]


def test_a_folder_named_digits_needs_a_dot(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits").mkdir()
    Image.new("L", (8, 8)).save("digits/a.png")
    assert len(open_source("digits")) == 1797
    assert len(open_source("./digits")) == len(open_source(Path("digits"))) == 1


def test_the_suffix_may_be_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("set").mkdir()
    np.save("set/train.v1.npy", np.zeros((2, 3)))
    assert open_source("set/train.v1").shape == (3,)
    np.savez("set/train.v1.npz", np.zeros((2, 4)))
    assert open_source("set/train.v1").shape == (4,)
    Path("set/train.v1.csv").write_text("a\n1\n")
    assert open_source("set/train.v1").shape == (1,)
    pq.write_table(pa.table({"a": [1], "b": [2]}), "set/train.v1.parquet")
    assert open_source("set/train.v1").shape == (2,)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.png", "there is no file or folder .*missing.png, expected images, .parquet, .csv"),
        ("missing/train.parquet", "there is no file or folder .*missing/train.parquet, expected"),
        ("a/b/c", "there is no file or folder .*a/b/c, expected"),
        (
            "a/*.png",
            r"no file or folder .*a/\*.png, and patterns are not expanded: name the folder, .*/a, in which",
        ),
        ("x" * 300, "cannot be read: File name too long"),
        ("empty", r"empty holds no files, expected images \(.png, .*\) or shards \(.parquet\)"),
        ("texts", "texts holds 2 .txt, 1 .csv, expected images"),
        ("texts/a.txt", r"a.txt has no rows"),
        (
            "texts/a.yaml",
            r"a.yaml has the unknown suffix .yaml, expected one of .parquet, .csv, .*, .txt, .*, .png",
        ),
        (
            "texts/a.dta",
            r"a.dta is a file of a kind that is not read \(.dta\): pass the DataFrame that pandas reads",
        ),
        (
            "texts/a.mat",
            r"a.mat is a file of a kind that is not read \(.mat\): pass the array that a library reads",
        ),
        ("texts/a.xlsx", r"a.xlsx is a file of a kind that is not read \(.xlsx\): save its sheet as CSV"),
        ("texts/a.json", r"a.json does not begin with an object, expected JSON Lines such as"),
        ("texts/a.zip", r"a.zip is a file of a kind that is not read \(.zip\): unpack it"),
        ("texts/none", r"none has the unknown suffix \(none\), expected one of"),
    ],
)
def test_unknown_names_are_refused_with_found_and_expected(tmp_path, name, sentence):
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts" / "sub").mkdir(parents=True)
    for file in ("a.txt", "b.txt", "c.csv"):
        (tmp_path / "texts" / file).write_text("a\n1\n")
    if name.startswith("texts/"):
        (tmp_path / name).write_text("x")
    with pytest.raises(InputError, match=sentence) as error:
        open_source(str(tmp_path / name))
    assert str(tmp_path / name)[:120] in str(error.value)  # the middle of a long message is left out
    assert "\n" not in str(error.value)


def test_a_label_column_of_a_source_without_columns_is_refused(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(
        InputError, match=f"{tmp_path} has no column 'kind', as the labels of a folder of images"
    ):
        open_source(tmp_path, label_column="kind")
    with pytest.raises(InputError, match="digits has no column 'kind'"):
        open_source("digits", label_column="kind")


def test_one_split_is_taken_and_of_several_one_is_to_be_chosen():
    split = datasets.Dataset.from_dict({"a": [1.0]})
    assert open_source(datasets.DatasetDict(train=split)).read().x.tolist() == [[1.0]]
    with pytest.raises(InputError, match=r"DatasetDict with the splits 'train', 'test': pass one"):
        open_source(datasets.DatasetDict(train=split, test=split))
    with pytest.raises(InputError, match=r"found a datasets.IterableDataset, expected one split"):
        open_source(split.to_iterable_dataset())


@pytest.fixture
def hub_folder(tmp_path, monkeypatch):
    """A folder laid out like a data set of the hub, and a cache of its own."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "owner" / "name" / "data"
    data.mkdir(parents=True)
    for split, n in (("train", 4), ("test", 3)):
        for shard in range(2):
            table = pa.table({"a": np.arange(n) + 10.0 * shard, "label": np.full(n, shard)})
            pq.write_table(table, data / f"{split}-{shard:05}-of-00002.parquet")
    return tmp_path / "owner" / "name"


def test_a_hub_data_set_opens_at_train_or_the_named_split(hub_folder, monkeypatch, capfd):
    samples = open_source(f"hf://{hub_folder}").read()
    assert samples.x[:, 0].tolist() == [0, 1, 2, 3, 10, 11, 12, 13]
    assert samples.labels.tolist() == ["0"] * 4 + ["1"] * 4
    assert len(open_source(f"hf://{hub_folder}:test")) == 6
    monkeypatch.chdir(hub_folder.parents[1])
    assert len(open_source("hf://owner/name:test")) == 6
    with pytest.raises(
        InputError, match=r"no split of that name; name one as hf://.*:SPLIT, where SPLIT is .*test"
    ):
        open_source(f"hf://{hub_folder}:validation")
    assert capfd.readouterr() == ("", "")
    assert datasets.is_progress_bar_enabled()


def test_a_configuration_of_a_hub_data_set_is_named_before_its_split(hub_folder):
    (hub_folder / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: first\n  data_files: [{split: train, path: data/train-00000*}]\n"
        "- config_name: second\n  data_files: [{split: test, path: data/test-00001*}]\n---\n"
    )
    assert open_source(f"hf://{hub_folder}:first:train").read().x[:, 0].tolist() == [0, 1, 2, 3]
    assert open_source(f"hf://{hub_folder}:second:").read().x[:, 0].tolist() == [10, 11, 12]
    with pytest.raises(InputError, match=rf"one as hf://{hub_folder}:first:SPLIT, where SPLIT is train"):
        open_source(f"hf://{hub_folder}:first:test")
    with pytest.raises(InputError, match=r"'second'.*; name a part as hf://NAME:CONFIGURATION:SPLIT"):
        open_source(f"hf://{hub_folder}:train")


def test_a_hub_layout_that_cannot_be_read_is_refused_in_one_sentence(hub_folder):
    for file in (hub_folder / "data").iterdir():
        file.write_bytes(b"no Parquet")
    with pytest.raises(InputError, match=f"^there is no .*{hub_folder}.*"):
        open_source(f"hf://{hub_folder}")


def run_python(code: str, **environment: str) -> str:
    source = str(Path(ama.__file__).parents[1])
    variables = os.environ | environment | {"PYTHONPATH": source}
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


OPEN = """
from ama.data.sources import open_source
from ama.errors import InputError
for name in ("nobody/nothing", "hf://nobody/nothing:test"):
    try:
        open_source(name)
    except InputError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "Couldn't reach 'nobody/nothing' on the Hub"),
        ({"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached"),
    ],
)
def test_without_the_hub_one_sentence_says_so(tmp_path, environment, reason):
    lines = run_python(OPEN, HF_HOME=str(tmp_path), **environment).splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("there is no file or folder nobody/nothing, and ")
        assert reason in line


def test_sources_are_light_to_import():
    code = "import sys, ama.data.sources; print({'datasets', 'pandas', 'sklearn'} & sys.modules.keys())"
    # The package's __init__ imports more than the module under test.
    code = code.replace(
        "import sys, ",
        "import sys, types; sys.modules['ama'] = m = types.ModuleType('ama'); "
        f"m.__path__ = [{str(Path(ama.__file__).parent)!r}]; import ",
    )
    assert run_python(code).strip() == "set()"


def test_a_new_kind_of_file_is_one_class_and_one_line(tmp_path, monkeypatch):
    class Bytes(Source):
        """A file whose bytes are 8 x 8 images."""

        def __init__(self, path, wanted):
            super().__init__(str(path), (1, 8, 8), torch.uint8)
            self.images = np.fromfile(path, np.uint8).reshape(-1, 1, 8, 8)

        def __len__(self):
            return len(self.images)

        def _chunks(self, batch_size):
            ids = [str(i) for i in range(len(self))]
            yield Samples(torch.from_numpy(self.images), ids, None, None, [])

    monkeypatch.setitem(FILES, ".raw", Bytes)
    (tmp_path / "images.raw").write_bytes(bytes(range(64)) * 5)
    for name in ("images.raw", "images"):
        samples = open_source(tmp_path / name).read()
        assert samples.summary() == f"{tmp_path / name}: 5 images of 8 x 8 pixels, 1 channel"


def test_of_a_folder_of_folders_one_is_named(tmp_path):
    for part in ("kind=a", "kind=b"):
        (tmp_path / part).mkdir()
    with pytest.raises(InputError, match="holds no files and 2 folders such as kind=a, expected images"):
        open_source(tmp_path)
