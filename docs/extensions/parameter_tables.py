"""A hook of the documentation site: the page of all parameters, made from their declarations."""

from __future__ import annotations

import dataclasses
import inspect

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import ama
from ama.detectors.parameters import by_group, shown, type_of
from ama.settings import PRESETS, Settings
from ama.utils.declarations import Parameter

PAGE = "guide/parameters.md"
INTRODUCTION = """\
# Parameters

Every parameter of [`AMADetector`](../api/detector.md), by group. On the command line `latent_dim` is `--latent-dim`,
and in a [configuration file](configuration.md) it is `latent_dim: 32`. This page is made from the declarations in
`settings.py` and `detectors/`, from which validation and `--help` are made, too.
"""
HEAD = ("| parameter | type | range | description |", "| --- | --- | --- | --- |")
PRESET_NOTE = """\
## What each preset sets

`auto` is `compact`. A parameter that you give replaces the preset's value.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    files.append(File.generated(config, PAGE, content=page()))
    return files


def page() -> str:
    """The whole page in Markdown."""
    signature = inspect.signature(ama.AMADetector)
    parts = [INTRODUCTION]
    for group, members in by_group(ama.AMADetector).items():
        parts += [f"## {group.capitalize()}\n", *HEAD]
        for name, declaration in members.items():
            kind = type_of(signature.parameters[name].annotation)
            parts.append(f"| `{name}` | {kind} | {_range(declaration)} | {declaration.text} |")
        parts.append("")
    return "\n".join([*parts, PRESET_NOTE, *_presets()]) + "\n"


def _presets() -> list[str]:
    of_paper = [(preset, "colour images") for preset in ("paper", "authors")]
    columns = [*of_paper, *(("compact", variant) for variant in PRESETS)]
    heads = ["paper", "authors", *(f"compact, {variant}" for variant in PRESETS)]
    lines = [f"| parameter | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    for field in dataclasses.fields(Settings):
        values = [shown(getattr(PRESETS[variant][preset], field.name)) for preset, variant in columns]
        lines.append(f"| `{field.name}` | {' | '.join(values)} |")
    return lines


def _range(declaration: Parameter) -> str:
    if declaration.low is None:
        return ""
    if declaration.high is None:
        return f"at least {declaration.low:g}"
    between = "{:g} < x < {:g}" if declaration.exclusive else "{:g} to {:g}"
    return between.format(declaration.low, declaration.high)
