"""How the report of `dashops plugin test` prints."""

from dataclasses import asdict

from dashops import conformance
from dashops.view import text
from dashops.view.text import as_json, as_text, say


@as_text.register
def _(report: conformance.Report) -> None:
    rows = [
        (each.name, check.title, check.outcome, check.reason or "-")
        for each in report.entries
        for check in each.checks
    ]
    say(*text.table(("entry", "check", "outcome", "reason"), rows))
    words = "keeps to dashops.bundlers" if report.passed else "does not keep to dashops.bundlers"
    say("", text.paint(f"`{report.package}` {words}", "green" if report.passed else "red"))


@as_json.register
def _(report: conformance.Report) -> None:
    text.document({**asdict(report), "passed": report.passed})
