"""Hooks of the documentation site: notebooks become pages, and formulas MathML, so that pages need no script."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from html import unescape
from typing import Any

import nbformat
from docutils.utils.math.latex2mathml import tex2mathml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
# The spaces in "(0.950 to 0.999)" and in "5 %".
UNBROKEN = re.compile(r"(?<=\(\d\.\d{3}) (?=to \d)|(?<=\d to) (?=\d\.\d{3}\))|(?<=\d) (?=%)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put a page and its pictures in the place of each notebook."""
    for notebook in [file for file in files if file.src_uri.endswith(".ipynb")]:
        files.remove(notebook)
        for name, content in _page_of(notebook):
            files.append(File.generated(config, name, content=content))
    return files


def _page_of(notebook: File) -> Iterator[tuple[str, str | bytes]]:
    """The pictures of a notebook, and its text with its code, by the names of their files."""
    stem = notebook.src_uri.removesuffix(".ipynb")
    parts = []
    for number, cell in enumerate(nbformat.reads(notebook.content_string, as_version=4).cells):
        parts.append(cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```")
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                parts.append(f"```text\n{output.text.rstrip()}\n```")
            elif "image/png" in output.data:
                picture = f"images/{stem}-{number}.png"
                yield picture, b64decode(output.data["image/png"])
                parts.append(f"![{cell.source.splitlines()[-1]}]({picture})")
            else:
                parts.append(f"```text\n{output.data['text/plain']}\n```")
    yield f"{stem}.md", "\n\n".join(parts)


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """Point links to a notebook, which work in the repository, to its page; and keep numbers with their units."""
    return UNBROKEN.sub("\N{NO-BREAK SPACE}", markdown).replace(".ipynb)", ".md)")


def on_page_content(html: str, **kwargs: Any) -> str:
    """Replace TeX by MathML, which browsers draw by themselves."""
    html = BLOCK.sub(lambda found: f'<div class="formula">{_mathml(found[1], as_block=True)}</div>', html)
    return INLINE.sub(lambda found: _mathml(found[1], as_block=False), html)


def _mathml(tex: str, as_block: bool) -> str:
    return tex2mathml(unescape(tex).strip(), as_block=as_block)
