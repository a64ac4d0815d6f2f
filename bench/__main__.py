"""`python -m bench`: parse, measure, print; exit code 1 when a figure could not be measured."""

import argparse
import json
import signal
import sys
from pathlib import Path

from bench import accuracy, figures, machine, runner, table
from bench.figure import Failed
from bench.opening import command


def main() -> int:
    """A missed goal is printed as missed and is no error."""
    if sys.argv[1:] == ["preflight"]:  # takes no time and needs no stack
        print(accuracy.text(accuracy.measure()))
        return 0
    # A terminated run takes down what it started, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if sys.argv[1:2] == ["opening"]:
        return command.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=_count, help="samples a side (default: each figure's own)")
    parser.add_argument("--only", type=_names, metavar="NAME,…")
    parser.add_argument("--target", choices=list(figures.ON), default="local")
    parser.add_argument("--base", metavar="IMAGE", help="of containers: `images.base`")
    parser.add_argument("--certificates", metavar="FILE", help="`environment.certificates`")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there too")
    wanted = parser.parse_args()
    names = wanted.only or figures.ON[wanted.target]
    if other := [name for name in names if name not in figures.ON[wanted.target]]:
        parser.error(f"`{other[0]}` is not measured on the target {wanted.target}")
    found = runner.run(
        names,
        wanted.runs,
        lambda text: print(f"bench: {text}", file=sys.stderr, flush=True),
        _containers(wanted) if wanted.target == "compose" else None,
    )
    described = machine.line()
    print(table.text(described, found))
    if wanted.json:
        wanted.json.write_text(json.dumps(table.data(described, found), indent=2) + "\n")
    return 1 if any(isinstance(each, Failed) for each in found) else 0


def _containers(wanted: argparse.Namespace) -> dict[str, dict[str, str]]:
    """The settings that building images needs on this machine."""
    return {
        "images": {"base": wanted.base} if wanted.base else {},
        "environment": {"certificates": wanted.certificates} if wanted.certificates else {},
    }


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("should be at least 1")
    return number


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(figures.ALL)):
        raise argparse.ArgumentTypeError(
            f"unknown figure `{unknown[0]}`; choose from {', '.join(figures.ALL)}"
        )
    return names


if __name__ == "__main__":
    sys.exit(main())
