"""A dashboard whose author is hostile, opened in Chromium by an operator who is logged in."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from live import Live, running
from playwright.sync_api import Page
from seats import SLIDER, Seat, Seats

from dashops.attack import hostile
from dashops.attack.attempts import escaping

PASSWORD = "correct horse battery"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
# By the page's own means: Playwright waits for navigations that a page was refused.
MOVE = """
(text) => new Promise((done) => {
  const handle = document.querySelector('.noUi-handle');
  handle.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  const look = () => document.body.innerText.includes(text) ? done() : setTimeout(look, 50);
  look();
})
"""


def file(live: Live, name: str, text: str) -> Path:
    path = live.folder / name
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A stack with an operator, who may open everything, and a dashboard for him alone."""
    with running(tmp_path_factory.mktemp("ops"), {"identity": {"provider": "local"}}) as stack:
        headers = {"Authorization": f"token {stack.secret('admin-token')}"}
        person = {"name": "ops", "password": PASSWORD, "role": "operator", "groups": []}
        answer = httpx.post(f"{stack.url}/_api/users", headers=headers, json=person)
        assert answer.status_code == 201
        dashboards(stack)
        stack.dashops("share", "other", "--private")
        yield stack


def dashboards(live: Live) -> None:
    live.deploy(
        "other", SLIDER, ("markdown", "![](logo.svg)"), files=(file(live, "logo.svg", SVG),)
    )
    files = tuple(file(live, name, text.decode()) for name, text in hostile.FILES.items())
    cells = (SLIDER, hostile.source(), ("markdown", hostile.LINKS))
    live.deploy("hostile", *cells, files=files)


@pytest.fixture(params=["own", "shared"])
def seat(seats: Seats, request: pytest.FixtureRequest) -> Seat:
    """Somebody whose browser finds a host for each dashboard, or not."""
    seat = seats.visitor(None if request.param == "own" else hostile.OTHER)
    seat.log_in("ops", PASSWORD)
    return seat


@pytest.fixture
def other(seat: Seat) -> Page:
    """Another dashboard that the same person has open."""
    page = seat.context.new_page()
    page.goto(f"{seat.live.url}/dashboards/other/")
    page.wait_for_selector("text=size is 3")
    return page


def test_a_hostile_dashboard_reads_nothing_and_changes_nothing(
    live: Live, seat: Seat, other: Page
) -> None:
    before = shown(live)
    page = seat.open("hostile")
    page.evaluate(MOVE, "size is 4")
    scene = hostile.Scene(page, other, live.url, "other")
    scene.begin()
    seen = scene.seen()
    assert seen.own == (".localhost:" in page.url)
    assert set(seen.said) == set(escaping.NAMES)
    assert escaping.harm(seen) == []
    # Not even the host above has it, where it would be sent to other dashboards.
    assert hostile.COOKIE not in [each["name"] for each in seat.context.cookies()]

    page.evaluate(MOVE, "size is 5")
    other.evaluate(MOVE, "size is 4")
    assert shown(live) == before
    still_logged_in(seat)


def shown(live: Live) -> list[tuple[str, int, str]]:
    found = live.api("GET", "/_api/notebooks").json()["dashboards"]
    return [(each["name"], each["revision"], each["digest"]) for each in found]


def still_logged_in(seat: Seat) -> None:
    page = seat.context.new_page()
    page.goto(seat.live.url)
    page.wait_for_selector("text=Log out")


@pytest.mark.parametrize("path", ["/logout", "/?stolen=1", "/_api/status", "/login"])
def test_leaving_for_the_main_origin_does_nothing_there(live: Live, seat: Seat, path: str) -> None:
    page = seat.open("hostile")
    with page.expect_navigation(wait_until="commit"):
        page.evaluate("(url) => { setTimeout(() => { window.location = url; }) }", live.url + path)
    assert page.evaluate("window.opener") is None
    still_logged_in(seat)


def test_a_form_does_not_log_anybody_out(live: Live, seat: Seat) -> None:
    page = seat.open("hostile")
    page.evaluate(
        """(main) => {
          const form = document.createElement('form');
          Object.assign(form, { action: main + '/logout', method: 'post' });
          document.body.append(form);
          form.submit();
        }""",
        live.url,
    )
    page.evaluate(MOVE, "size is 4")
    still_logged_in(seat)


def test_no_page_can_be_shown_within_a_page_of_its_author(
    live: Live, seat: Seat, other: Page
) -> None:
    """Nor the login: who types his password there would type it for somebody else."""
    page = seat.open("hostile")
    for url in (f"{live.url}/login", f"{live.url}/dashboards-plain/other/", other.url):
        with page.expect_event("framenavigated") as navigated:
            page.evaluate(
                """(url) => {
                  const frame = document.createElement('iframe');
                  frame.src = url;
                  document.body.append(frame);
                }""",
                url,
            )
        assert navigated.value.url.startswith("chrome-error:"), url
