"""How the report of `dashops smoke` prints: a line a check, then why some did not pass."""

from dataclasses import asdict

from dashops import smoke
from dashops.view import text
from dashops.view.text import as_json, as_text, say

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "yellow")}  # noqa: RUF001


@as_text.register
def _(report: smoke.Report) -> None:
    width = max((len(check.title) for check in report.checks), default=0)
    for check in report.checks:
        say(f"{_mark(check)} {check.title:<{width}}  {check.seconds:5.1f} s")
    for reason, checks in _reasons(report).items():
        said = (f"    {line}" for line in reason[1].splitlines())
        say("", *(f"{_mark(check)} {check.title}: {check.outcome}" for check in checks), *said)
    passed, skipped = report.count("passed"), report.count("skipped")
    say("", f"{passed} of {len(report.checks)} checks passed, {skipped} skipped")


@as_json.register
def _(report: smoke.Report) -> None:
    checks = [asdict(check) for check in report.checks]
    text.document({"stack": report.stack, "passed": report.passed, "checks": checks})


def _reasons(report: smoke.Report) -> dict[tuple[str, str], list[smoke.Check]]:
    """What did not pass, by outcome and message: one cause often stops several checks."""
    found: dict[tuple[str, str], list[smoke.Check]] = {}
    for outcome in ("skipped", "failed"):
        for check in report.checks:
            if check.outcome == outcome:
                found.setdefault((outcome, check.message), []).append(check)
    return found


def _mark(check: smoke.Check) -> str:
    return text.paint(*MARKS[check.outcome])
