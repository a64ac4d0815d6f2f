"""The story of every target: publish a notebook, view it without and with a browser, remove it."""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dashops import client
from dashops.checks import browser, chromium, web
from dashops.client import administration, guest
from dashops.client.guest import Login
from dashops.secrets import Secret
from dashops.stack import Stack

NOTEBOOK = Path(__file__).with_name("slider.ipynb")
MARKER = "no-viewer-may-read-this"
SHOWN = "this notebook runs in a kernel"
NO_WIDGETS = "there are no widgets in this environment"
BEFORE, AFTER = "1 times two is 2", "2 times two is 4"
# Shorter lines, such as `else:`, are in any page.
SHORTEST = 12


@pytest.fixture(scope="module")
def server(stack: Stack, secrets: Mapping[str, Secret], number: str) -> client.Server:
    """The dashboard server's API, with the right to publish."""
    return client.Server(stack.url("dashboard"), secrets["deploy-token"], number=number)


@pytest.fixture(scope="module")
def login(stack: Stack, dashboard: str, number: str) -> Iterator[Login]:
    """A viewer who can log in."""
    with guest.guest(stack, dashboard, number) as found:
        if found is None:
            pytest.skip(f"people log in by `{stack.identity.provider}`, which no check can")
        yield found


@pytest.fixture(scope="module")
def link(
    server: client.Server,
    stack: Stack,
    secrets: Mapping[str, Secret],
    dashboard: str,
    number: str,
) -> Iterator[str]:
    """Where the notebook is published for all who log in; removed again whatever happens."""
    deployed = server.upload(dashboard, NOTEBOOK.read_bytes(), lambda *_: None)
    deciding = client.Server(stack.url("dashboard"), secrets["admin-token"], number=number)
    administration.share(deciding, dashboard, (administration.Grant("signed-in", ""),), None)
    yield deployed.link
    if dashboard in _names(server):
        server.remove(dashboard)


@pytest.fixture(scope="module")
def seen(stack: Stack, login: Login, link: str, number: str) -> browser.Seen:
    """What a viewer's browser saw and sent while it moved the slider."""
    if chromium.path() is None:
        names = ", ".join(f"`{name}`" for name in chromium.NAMES)
        pytest.skip(f"there is no browser: install one of {names}, or set `{chromium.SETTING}`")
    pytest.importorskip("playwright", reason="playwright is not installed")
    trusting = stack.proxy.signs(stack.dashboard.address or "")
    story = browser.Story(link, BEFORE, AFTER, NO_WIDGETS, number, trusting)
    return browser.watch(story, login.user, login.password)


def test_publish(link: str, server: client.Server, dashboard: str) -> None:
    """a notebook can be published"""
    assert link
    assert dashboard in _names(server), f"the server does not list `{dashboard}`"


def test_page(stack: Stack, login: Login, link: str, dashboard: str, number: str) -> None:
    """a viewer who logs in gets the dashboard's page, run by the gateway and without its code"""
    visitor, url = web.Visitor(number), stack.url("dashboard")
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', visitor.get(f"{url}/login").text)
    assert xsrf, "the login page has no form"
    form = {"username": login.user, "password": login.password.reveal()}
    answer = visitor.post(f"{url}/login", {"_xsrf": xsrf[1], **form})
    assert answer.status == 302, f"the login answers {answer.status} to the right password"
    assert link
    sent = visitor.get(f"{url}/dashboards/{dashboard}/")
    assert sent.status == 303, f"the dashboard answers {sent.status}, not with its page's address"
    key = f"{stack.dashboard.content_address or stack.content_url}/c/*"
    assert fnmatch(sent.location, key), f"the page is at `{sent.location}`, not below `{key}`"
    place = urlsplit(sent.location)
    page = visitor.get(f"{stack.content_url}{place.path}", host=place.netloc)
    # Ends the kernel too.
    visitor.post(f"{url}/logout", {"_xsrf": xsrf[1]})
    assert page.status == 200, f"the page answers {page.status}"
    assert SHOWN in page.text, "the page lacks what the notebook shows: `dashops logs dashboard`"
    _refuse_code("the page", page.text)


def test_slider(seen: browser.Seen) -> None:
    """a viewer moves a slider in a browser and sees the answer"""
    if seen.missing:
        pytest.skip(f"{NO_WIDGETS}: add `ipywidgets` to `environment.packages`")
    assert not seen.problem, seen.problem


def test_code(seen: browser.Seen) -> None:
    """no line of the notebook's code reaches the browser"""
    _skip_broken(seen)
    for place, text in (("the page", seen.page), ("a websocket message", seen.messages)):
        _refuse_code(place, text)
    assert seen.missing or AFTER in seen.messages, "the websocket messages could not be read"


def test_hosts(stack: Stack, seen: browser.Seen) -> None:
    """the browser talks to no other host"""
    _skip_broken(seen)
    content = urlsplit(stack.content_url)
    public = (stack.dashboard.address, stack.dashboard.content_address)
    known = (stack.url("dashboard"), stack.content_url, *filter(None, public))
    # Browsers on this machine find each dashboard below `localhost`.
    homes = [f"*.localhost:{content.port}", *(urlsplit(url).netloc for url in known)]
    others = sorted(
        url
        for url in seen.requests
        if not any(fnmatch(urlsplit(url).netloc, home) for home in homes)
    )
    assert not others, "\n".join(others)


def test_remove(link: str, server: client.Server, dashboard: str) -> None:
    """the dashboard can be removed again"""
    assert link
    server.remove(dashboard)
    assert dashboard not in _names(server), f"the server still lists `{dashboard}`"


def _names(server: client.Server) -> list[str]:
    return [each.name for each in server.dashboards()]


def _skip_broken(seen: browser.Seen) -> None:
    if seen.problem:
        pytest.skip("the viewer did not get far enough")


def _refuse_code(place: str, text: str) -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = [line for cell in cells if cell["cell_type"] == "code" for line in cell["source"]]
    lines = [line.strip() for line in code if len(line.strip()) >= SHORTEST]
    found = [line for line in [MARKER, *lines] if line in text]
    assert not found, f"{place} holds code of the notebook: `{found[0]}`"
