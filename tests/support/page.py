"""Writes docs/support.md from what a run saw, and reads its verdicts back; it judges nothing."""

from collections.abc import Mapping

from libraries import LIBRARIES, Library

HEAD = """\
# What works on a dashboard

<!-- Written by `make support`, which deploys the notebooks in tests/support to a real stack and
     looks at each in a browser. Change the text in tests/support. -->

Each library below was deployed to a real stack and looked at in Chromium: what it draws must be
painted, what can be clicked must answer, no request may leave for another host, and the browser's
console must stay empty. What does not work was tried the same way. Each that can be published,
and each of the [examples](../examples), was opened from a [snapshot](opening.md) and with a fresh
kernel, and gave the same outputs and, where it can ask Python, the same answers to the same 10
interactions; R, and altair with vl-convert, have no snapshots and were opened from a warm kernel.

Python packages come from the notebook (see [publishing](publishing.md)); what the last column names
is for the operator, see [kernels and front ends](kernels.md).

| library | version seen | verdict | add to `dashboard.frontends` | to know |
|---|---|---|---|---|
"""


def written(versions: Mapping[str, str]) -> str:
    """The page; ``versions`` by notebook."""
    return HEAD + "".join(_row(each, versions[each.notebook]) for each in LIBRARIES)


def _row(library: Library, version: str) -> str:
    notebook = f"[{library.name}](../tests/support/{library.notebook}.ipynb)"
    packages = ", ".join(f"`{each}`" for each in library.frontends)
    about = "; ".join(each for each in (library.trouble, library.setting, library.note) if each)
    return f"| {notebook} | {version} | {library.verdict} | {packages} | {about} |\n"


def lasting(page: str) -> list[list[str]]:
    """The table without versions, which change without anybody's doing."""
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [[*row[:1], *row[2:]] for row in rows]
