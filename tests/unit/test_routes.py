"""The table of routes is what the applications have; `python docs/routes.py` writes its page."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from tornado import web

from dashops.attack import routes
from dashops.services.dashboard import scopes

DOCS = Path(__file__).parents[2] / "docs"
BY_NEED = {
    scopes.ANY: routes.TOKEN,
    scopes.READ: routes.READ,
    scopes.DEPLOY: routes.DEPLOY,
    scopes.ADMIN: routes.ADMIN,
}


@pytest.fixture(scope="module")
def census() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "routes.py"))


@pytest.fixture(scope="module")
def made(census: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = census["applications"](tmp_path_factory.mktemp("applications"))
    census["close"](made)
    return made


def test_the_table_has_every_route_and_no_other(census: dict[str, Any], made: Any) -> None:
    assert set(made) == {routes.MAIN, routes.CONTENT, routes.GATEWAY}
    assert not census["problems"](made)


def test_a_route_that_nobody_has_put_into_the_table_is_found(census: dict[str, Any]) -> None:
    class New(web.RequestHandler):
        def get(self) -> None:
            pass

    said = census["problems"]({routes.MAIN: web.Application([("/new", New), ("/login", New)])})
    assert "main /new$ is not in the table" in said
    assert "main /login$ takes GET, the table says GET, POST" in said
    assert "gateway /api/kernels is in the table and no route" in said


def test_tokens_are_asked_for_what_the_table_says(made: Any) -> None:
    asked = 0
    for host in made[routes.MAIN].default_router.rules:
        for rule in getattr(host.target, "rules", ()):
            name = f"{rule.target.__module__.rpartition('.')[2]}.{rule.target.__name__}"
            if name in scopes.NEEDS:
                entry = next(
                    each
                    for each in routes.ALL
                    if each.server == routes.MAIN and rule.matcher.regex.match(each.example)
                )
                needs = {method: BY_NEED[need] for method, need in scopes.NEEDS[name].items()}
                assert entry.who == needs, entry.path
                asked += 1
    assert asked == len(scopes.NEEDS)


def test_the_page_is_what_the_table_says(census: dict[str, Any]) -> None:
    assert (DOCS / "routes.md").read_text() == census["page"](), "run `python docs/routes.py`"
