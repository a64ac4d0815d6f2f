"""`python -m bench opening`: parse, measure, print, write the page; exit code 1 on failures."""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.opening import notebooks, report, run
from bench.opening import plan as plans
from bench.opening.result import Run, read


def main(words: Sequence[str]) -> int:
    """A missed goal is printed as missed and is no error."""
    parser = argparse.ArgumentParser(prog="python -m bench opening", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few runs, bursts of 1 and 5")
    parser.add_argument("--only", type=_names, default=list(notebooks.ALL), metavar="NAME,…")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="write the page, a PNG too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there too")
    parser.add_argument("--again", type=Path, metavar="FILE", help="measure nothing, read --json's")
    wanted = parser.parse_args(words)
    picture = None
    if wanted.write:
        picture = wanted.write.parent / "images" / f"{wanted.write.stem}.png"
    found = read(json.loads(wanted.again.read_text())) if wanted.again else None
    if found is None:
        plan = plans.QUICK if wanted.quick else plans.Plan()
        found = run.take(wanted.only, plan, picture, _tell)
    if wanted.json:
        wanted.json.write_text(json.dumps(dataclasses.asdict(found)) + "\n")
    print("\n".join(report.tables(found)))
    print(f"machine: {found.machine}, {found.minutes:.0f} minutes")
    if wanted.write and picture:
        relative = picture.relative_to(wanted.write.parent).as_posix() if picture.exists() else ""
        wanted.write.write_text(report.page(found, relative))
    return 1 if _failed(found) else 0


def _failed(found: Run) -> bool:
    return bool(found.failed) or any(each.failures for each in found.cells)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(notebooks.ALL)):
        raise argparse.ArgumentTypeError(
            f"unknown notebook `{unknown[0]}`; choose from {', '.join(notebooks.ALL)}"
        )
    return [name for name in notebooks.ALL if name in names]


def _tell(text: str) -> None:
    print(f"bench: {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
