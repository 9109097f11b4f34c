"""The documentation site builds without a warning, documents every public name, and loads nothing from elsewhere."""

from __future__ import annotations

import inspect
import os
import re
from html import unescape
from pathlib import Path

import pytest

import ama
from ama import baselines
from ama.data import sources
from ama.decision import conformal
from ama.detectors.parameters import shown
from ama.objective import latent, losses
from ama.scores.terms import term_registry
from ama.scores.terms.term import Term
from ama.settings import PRESETS
from ama.utils.declarations import declared
from children import end, start

ROOT = Path(__file__).parents[1]
BASELINES = tuple(getattr(baselines, name) for name in baselines.__all__)
CLASSES = (ama.AMADetector, *BASELINES, Term, *term_registry.TERMS.values())
MODULES = (conformal, losses, latent)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A strict build, in which a broken link or an unknown name is an error; --quiet would hide warnings from it."""
    folder, written = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("written")

    def work() -> None:
        os.environ["NO_MKDOCS_2_WARNING"] = "1"
        from mkdocs.__main__ import cli

        cli(["build", "--strict", "--site-dir", str(folder)], standalone_mode=False)

    # A fork, as the pages need what this process has imported.
    built = end(start(work, ROOT, written), written)
    assert built.status == 0, built.errors
    return folder


def public_names():
    """Where the site should have each public class, method and function."""
    for kind in CLASSES:
        yield f"{kind.__module__}.{kind.__qualname__}"
    for kind in (ama.AMADetector, sources.Source, sources.Samples, Term):
        for name, member in inspect.getmembers(kind):
            function = member.fget if isinstance(member, property) else inspect.unwrap(member)
            if name[0] != "_" and getattr(function, "__module__", "").startswith("ama."):
                yield f"{kind.__module__}.{kind.__qualname__}.{name}"
    for module in MODULES:
        for name, member in inspect.getmembers(module, lambda m: inspect.isclass(m) or inspect.isfunction(m)):
            if name[0] != "_" and member.__module__ == module.__name__:
                yield f"{module.__name__}.{name}"
    for member in (*(getattr(sources, name) for name in sources.__all__), ama.load, term_registry.register):
        yield f"{member.__module__}.{member.__qualname__}"


def test_every_public_name_is_documented(site):
    pages = "".join(page.read_text() for page in (site / "api").rglob("*.html"))
    found = set(re.findall(r'id="(ama\.[\w.]+)"', pages))
    assert sorted(set(public_names()) - found) == []


def test_every_parameter_and_what_the_presets_set_are_on_one_page(site):
    page = unescape((site / "guide" / "parameters" / "index.html").read_text())
    for name, declaration in declared(ama.AMADetector).items():
        assert f"<code>{name}</code>" in page
        assert declaration.text in page
    cells = [shown(PRESETS[v]["compact"].latent_dim) for v in PRESETS]
    row = "".join(f"<td>{value}</td>\n" for value in ["<code>latent_dim</code>", "128", "128", *cells])
    assert row in page


def test_pages_load_nothing_from_elsewhere(site):
    loading = re.compile(r"<(?:script|img|iframe)[^>]*src=\"https?:|<link[^>]*stylesheet[^>]*href=\"https?:")
    assert [page.name for page in site.rglob("*.html") if loading.search(page.read_text())] == []


def test_formulas_and_roles_are_rendered(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "arithmatex" not in text, page
        assert not re.search(r":(func|class|meth|mod|data|math):", text), page
    assert "<math" in (site / "paper" / "equations" / "index.html").read_text()


def test_the_notebook_is_a_page_with_its_pictures(site):
    page = (site / "tour" / "index.html").read_text()
    pictures = re.findall(r'src="\.\./(images/tour-\d+\.png)"', page)
    assert len(pictures) == 4
    assert all((site / picture).is_file() for picture in pictures)
