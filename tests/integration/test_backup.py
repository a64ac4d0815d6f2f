"""Dashboards move from one stack to an empty one in another folder, and open there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from live import Live, kernel_in, placed

# It has a layout, an image and packages.
EXAMPLE = Path(__file__).parents[2] / "examples" / "stocks.ipynb"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Live]:
    ports, settings = placed()
    (tmp_path / "dashops.yaml").write_text(yaml.safe_dump(settings))
    stack = Live(tmp_path, ports)
    try:
        stack.up()
        yield stack
    finally:
        stack.dashops("down")


def opened(stack: Live, name: str) -> str:
    return stack.viewer().http.get(f"/dashboards/{name}", follow_redirects=True).text


def test_all_dashboards_move(live: Live, other: Live, tmp_path: Path) -> None:
    data = live.folder / "numbers.csv"
    data.write_text("4711")
    live.dashops("deploy-notebook", EXAMPLE)
    live.deploy("one", "print(open('numbers.csv').read())", files=(data,))
    live.deploy("two", "print('first of two')")
    live.deploy("two", "print('second of two')")
    live.deploy("two", "1/0", code=1)
    file = tmp_path / "all.dashops"
    live.dashops("backup", file)
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.glob(".all*")] == []

    half = tmp_path / "half"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert "cut off" in other.dashops("restore", half, code=2)
    assert other.dashops("dashboards", "--json").count('"name"') == 0

    restored = other.dashops("restore", file).split()
    assert {"one", "two", EXAMPLE.stem} <= set(restored)
    page = opened(other, EXAMPLE.stem)
    assert kernel_in(page) and "could not be shown" not in page
    assert "4711" in opened(other, "one") and "second of two" in opened(other, "two")
    assert "already" in other.dashops("restore", file, code=1)
    assert "1/0" in other.dashops("show", "two@3")
    other.dashops("rollback", "two")
    assert "first of two" in opened(other, "two")
    assert "4711" in opened(live, "one"), "the first stack goes on"


def test_without_the_token_nothing_is_given_or_taken(live: Live) -> None:
    viewer = live.viewer().http
    assert viewer.get("/_api/backup").status_code == 401
    assert viewer.post("/_api/restore", content=b"x" * 10**6).status_code == 401
