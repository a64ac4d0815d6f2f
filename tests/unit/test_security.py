"""docs/security.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(test_\w+\.py)(?:::(test_\w+))?`")


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED.findall((ROOT / "docs/security.md").read_text())
    assert len(named) > 30
    texts: dict[str, str] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        texts[path.name] = texts.get(path.name, "") + path.read_text()
    missing = [
        f"{file}::{test}"
        for file, test in named
        if file not in texts or (test and f"def {test}(" not in texts[file])
    ]
    assert not missing


def test_every_threat_names_a_test() -> None:
    page = (ROOT / "docs/security.md").read_text()
    threats = page.split("## Threats")[1].split("## ")[0]
    rows = [line for line in threats.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert not [row for row in rows if not NAMED.search(row)]
