"""How the report of `dashops attack` prints: a line an attempt, what got through once more."""

from dataclasses import asdict

from dashops import attack
from dashops.view import text
from dashops.view.text import as_json, as_text, say

MARKS = {"refused": ("✓", "green"), "got through": ("✗", "red"), "not made": ("–", "yellow")}  # noqa: RUF001
WORDS = {"refused": "refused", "got through": "GOT THROUGH", "not made": "not made"}


@as_text.register
def _(report: attack.Report) -> None:
    for kind in ("", "not made", "got through"):
        shown = [each for each in report.outcomes if kind in ("", each.kind)]
        say(*([""] if kind and shown else []), *map(_line, shown))
    refused, all_ = report.count("refused"), len(report.outcomes)
    said = (f"{report.count(kind)} {WORDS[kind]}" for kind in ("got through", "not made"))
    say("", f"{report.server}: {refused} of {all_} attempts were refused, {', '.join(said)}")


@as_json.register
def _(report: attack.Report) -> None:
    attempts = [asdict(each) for each in report.outcomes]
    text.document({"server": report.server, "passed": report.passed, "attempts": attempts})


def _line(each: attack.Outcome) -> str:
    name = each.name.encode("ascii", "backslashreplace").decode()
    return f"{text.paint(*MARKS[each.kind])} {each.group}: {name}  {WORDS[each.kind]}: {each.how}"
