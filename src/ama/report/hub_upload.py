"""A model folder on the Hugging Face hub, with the model card as its README."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ama.detectors.base import Detector
from ama.errors import InputError, SavingError
from ama.report.model_card import model_card
from ama.utils.extras import needs_extra

USE = """\
```python
import ama
from huggingface_hub import snapshot_download

detector = ama.load(snapshot_download("{repository}"))
detector.predict("samples")  # +1 normal, -1 anomaly
```
"""


def upload(detector: Detector, repository: str, private: bool = False, token: str | None = None) -> str:
    """Upload a fitted detector to a repository of the Hugging Face hub, which is made if there is none.

    Parameters
    ----------
    detector
        A fitted detector.
    repository
        ``OWNER/NAME``.
    private
        Whether a new repository is private.
    token
        Of an account that may write there; by default that of ``hf auth login`` or of ``HF_TOKEN``.

    Returns
    -------
    str
        The address of the commit.

    Raises
    ------
    InputError
        If the name is none of the hub, or there is no token.
    SavingError
        If the hub cannot be reached, or refuses.
    """
    _check_name(repository)
    from huggingface_hub import HfApi
    from huggingface_hub.errors import LocalTokenNotFoundError

    api = HfApi(token=token)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        detector.save(model)
        (model / "README.md").write_text(readme(detector, repository), encoding="utf-8")
        try:
            api.create_repo(repository, private=private, exist_ok=True)
            return str(
                api.upload_folder(repo_id=repository, folder_path=model, commit_message="Add a detector")
            )
        except LocalTokenNotFoundError as error:
            raise InputError(
                "there is no token of the hub: log in with hf auth login, or set HF_TOKEN"
            ) from error
        except Exception as error:  # of the client, of HTTP or of the network
            reason = " ".join(str(error).split()) or type(error).__name__
            raise SavingError(f"the hub has not taken {repository}: {reason}") from error


def _check_name(repository: str) -> None:
    with needs_extra("hub", "uploading to the Hugging Face hub"):
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise InputError(f"the repository must be OWNER/NAME, found {repository!r}") from error


def readme(detector: Detector, repository: str) -> str:
    """The model card in Markdown, with the front matter of the hub."""
    from huggingface_hub import ModelCardData

    data = ModelCardData(library_name="ama", tags=["anomaly-detection", "one-class-classification"])
    parts = [f"---\n{data.to_yaml()}\n---\n\n# {repository.split('/')[-1]}\n"]
    parts.append(
        f"A detector of anomalies that learned from normal samples alone.\n\n{USE.format(repository=repository)}"
    )
    for title, lines in model_card(detector):
        rows = "".join(f"| {_cell(name)} | {_cell(text)} |\n" for name, text in lines)
        parts.append(f"## {title}\n\n| | |\n| --- | --- |\n{rows}")
    return "\n".join(parts)


def _cell(text: str) -> str:
    """Text that cannot end a cell of a table, nor begin a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").replace("\n", " ")
