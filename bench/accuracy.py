"""`python -m bench preflight`: what preflight finds of what is broken, and what it makes up."""

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import corpus, machine
from dashops import bundle, preflight

HEAD = ("kind", "expected", "found", "recall", "false alarms")


@dataclass(frozen=True)
class Accuracy:
    """Labels and finds by kind; `alarms` are errors and warnings that nobody expects, by kind.

    `quiet` counts the fine notebooks without any, of `fine`, and the same for the examples.
    `lost` names what was not found, `made_up` what was found without being there.
    """

    broken: int
    expected: Counter[str]
    found: Counter[str]
    alarms: Counter[str]
    fine: int
    quiet: int
    examples: int
    quiet_examples: int
    lost: tuple[str, ...]
    made_up: tuple[str, ...]
    milliseconds: float


def measure() -> Accuracy:
    """Run preflight on every notebook of the corpus and on the examples."""
    expected, found, alarms = Counter[str](), Counter[str](), Counter[str]()
    lost, made_up = [], []
    broken, fine = corpus.broken(), corpus.fine()
    quiet = 0
    for case in (*broken, *fine):
        with tempfile.TemporaryDirectory() as folder:
            report = case.look(Path(folder).resolve())
        for label, there in corpus.found(case, report).items():
            expected[label.kind] += 1
            found[label.kind] += there
            lost += [] if there else [f"{case.name}: {label}"]
        wrong = corpus.false_alarms(case, report)
        alarms.update(each.kind for each in wrong)
        made_up += [f"{case.name}: {each.severity}, {each.message}" for each in wrong]
        quiet += case in fine and not wrong
    samples, quiet_examples, examples = [], 0, sorted(corpus.EXAMPLES.glob("*.ipynb"))
    for path in examples:
        began = time.perf_counter()
        said = [each for each in example(path).findings if each.severity != "note"]
        samples.append(1000 * (time.perf_counter() - began))
        alarms.update(each.kind for each in said)
        made_up += [f"{path.name}: {each.severity}, {each.message}" for each in said]
        quiet_examples += not said
    return Accuracy(
        len(broken),
        expected,
        found,
        alarms,
        len(fine),
        quiet,
        len(examples),
        quiet_examples,
        tuple(lost),
        tuple(made_up),
        statistics.median(samples),
    )


def example(path: Path) -> preflight.Report:
    """An example as its author would send it to a server with the default packages."""
    packed = bundle.collect(path, [])
    author = preflight.Author(
        path.parent, preflight.installed(path, bundle.kernel(packed.notebook))
    )
    return preflight.look(packed, corpus.server(), author, None)


def text(measured: Accuracy) -> str:
    """The table, what it does not tell, and the machine."""
    rows: list[Sequence[str]] = [HEAD]
    for kind in preflight.KINDS:
        if measured.expected[kind] or measured.alarms[kind]:
            rows.append(_row(kind, measured))
    rows.append(_sum(measured))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(
        [
            *lines,
            "",
            f"{measured.broken} broken notebooks; "
            f"{measured.quiet} of {measured.fine} fine ones and "
            f"{measured.quiet_examples} of {measured.examples} examples without a false alarm",
            f"an example takes {measured.milliseconds:.0f} ms",
            *(f"not found: {each}" for each in measured.lost),
            *(f"false alarm: {each}" for each in measured.made_up),
            f"machine: {machine.line()}",
        ]
    )


def _row(kind: str, measured: Accuracy) -> tuple[str, ...]:
    expected, found = measured.expected[kind], measured.found[kind]
    return kind, str(expected), str(found), _share(found, expected), str(measured.alarms[kind])


def _sum(measured: Accuracy) -> tuple[str, ...]:
    expected, found = measured.expected.total(), measured.found.total()
    return "all", str(expected), str(found), _share(found, expected), str(measured.alarms.total())


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"
