"""Open a page of a hostile author in Chromium, another one beside it; it notes, and judges nothing.

The page is hostile.html: all that an author's script can try once somebody has opened it.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dashops.attack.outcome import NotMade
from dashops.checks import chromium
from dashops.client.guest import Login

PAGE = Path(__file__).with_name("hostile.html")
SCRIPT = "opener?.postMessage('evil', '*'); parent.postMessage('evil', '*')"
FILES = {
    "evil.html": f"<script>{SCRIPT}</script>".encode(),
    "worker.js": b"postMessage('evil')",
}
LINKS = " ".join(f"[{name}]({name})" for name in FILES)
"""Of a markdown cell: files that a page mentions are files that it may load."""
COOKIE = "dashops-attack"
"""What the page tries to leave at the main address; as in hostile.html."""
OTHER = "Mozilla/5.0 Safari/605.1.15"
"""A browser that is not known to find the hosts of dashboards below `localhost`."""
# Milliseconds; a dashboard runs its notebook while it is opened, on a machine that may be busy.
PATIENCE, LONGEST = 60_000, 240_000
HEAR = """() => {
  window.heard = [];
  window.addEventListener('message', (event) => window.heard.push(String(event.data)));
  new BroadcastChannel('dashboards').onmessage = (event) => window.heard.push(String(event.data));
}"""
KERNEL = "() => document.getElementById('jupyter-config-data').textContent"
# Begun in all browsers before any is waited for, as most of its time is waiting.
BEGIN = "(known) => { window.outcome = window.hostile(known); }"
ENDED = """(most) => Promise.race(
  [window.outcome, new Promise((done) => setTimeout(() => done(null), most))])"""
ALIVE = "(state) => fetch(state).then((answer) => answer.status, () => 0)"


@dataclass(frozen=True)
class Place:
    """The main address, who opens pages there, and the names of the two dashboards."""

    main: str
    login: Login
    other: str
    name: str


@dataclass(frozen=True)
class Seen:
    """What came of it in one browser.

    `own` is whether the page had a host that no other dashboard has. `said` is what each attempt
    got, or that it was refused, `framed` are addresses that were shown inside of the page, `heard`
    is what the other page was told, `tossed` whether the main address would get a cookie of it.
    """

    own: bool
    said: Mapping[str, str]
    framed: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    tossed: bool = False
    alive: int = 200
    logged_in: bool = True

    @property
    def where(self) -> str:
        """In words."""
        return "a host of its own" if self.own else "the shared host"


@dataclass
class Scene:
    """Two pages of one browser: the hostile one, and one that it must not reach."""

    page: Any
    other: Any
    main: str
    name: str  # of the other's dashboard
    framed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen."""
        self.page.on("framenavigated", lambda frame: self.framed.append(frame.url))
        self.other.evaluate(HEAR)

    @property
    def known(self) -> dict[str, Any]:
        """What the script is told, more than an author could find out."""
        host = urlsplit(self.main).hostname or ""
        parts = host.split(".")
        above = [] if parts[-1].isdigit() else [".".join(parts[at:]) for at in range(1, len(parts))]
        return {
            "main": self.main,
            "domains": [host, *above],
            "name": self.name,
            "other": self.places(),
            "here": self.page.url,
        }

    def places(self) -> dict[str, str]:
        """Every address of the other page, as only that page may know them."""
        base = "/".join(self.other.url.split("/")[:5])
        kernel = json.loads(self.other.evaluate(KERNEL))["kernelId"]
        state = f"{base}/api/kernels/{kernel}"
        return {
            "address": self.other.url,
            "state": state,
            "channels": f"ws{state.removeprefix('http')}/channels?session_id=x",
            "leave": f"{base}/voila/api/shutdown/{kernel}",
        }

    def begin(self) -> None:
        """Let the script try all it can."""
        self.page.evaluate(BEGIN, self.known)

    def seen(self) -> Seen:
        """Wait for it, and look around."""
        said = self.page.evaluate(ENDED, LONGEST)
        if said is None:
            raise NotMade(f"the page's script did not end within {LONGEST // 1000} seconds")
        context = self.page.context
        home = context.new_page()
        home.goto(self.main)
        first = urlsplit(self.page.url).netloc.partition(".")[0]
        return Seen(
            own=first != urlsplit(self.other.url).netloc.partition(".")[0],
            said=said,
            framed=tuple(url for url in self.framed if url.startswith("http")),
            heard=tuple(self.other.evaluate("window.heard")),
            tossed=COOKIE in [each["name"] for each in context.cookies(self.main)],
            alive=self.other.evaluate(ALIVE, self.places()["state"]),
            logged_in=not urlsplit(home.url).path.startswith("/login"),
        )


def lacking() -> str:
    """What to install before a page can be opened, empty when nothing."""
    if find_spec("playwright") is None:
        return "playwright is not installed: `pip install 'dashops[browser]'`"
    if chromium.path() is None:
        names = ", ".join(f"`{name}`" for name in chromium.NAMES)
        return f"there is no browser: install one of {names}, or set `{chromium.SETTING}`"
    return ""


def source() -> str:
    """A cell that shows the page."""
    return f"from IPython.display import HTML\nHTML({PAGE.read_text('utf-8')!r})"


def watch(place: Place, *, everywhere: bool) -> tuple[Seen, ...]:
    """Open the page in a browser that finds hosts of dashboards; `everywhere` in another one too.

    NotMade when there is no browser, or it does not get as far as the page.
    """
    if lacks := lacking():
        raise NotMade(lacks)
    from playwright import sync_api

    with _browser() as browser:
        try:
            scenes = [_opened(browser.new_context(), place)]
            if (
                everywhere
                and urlsplit(scenes[0].page.url).hostname != urlsplit(place.main).hostname
            ):
                scenes.append(_opened(browser.new_context(user_agent=OTHER), place))
            for scene in scenes:
                scene.begin()
            return tuple(scene.seen() for scene in scenes)
        except sync_api.Error as error:
            how = error.message.splitlines()[0]
            raise NotMade(f"the browser gave up: {how}") from error


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path(),
            args=list(chromium.ARGS),
            # Chromium writes settings and caches into the home of whoever starts it.
            env={**os.environ, "HOME": tempfile.gettempdir()},
        )
        try:
            yield browser
        finally:
            browser.close()


def _opened(context: Any, place: Place) -> Scene:
    context.set_default_timeout(PATIENCE)
    page, other = context.new_page(), context.new_page()
    page.goto(f"{place.main}/login")
    page.locator("input[name=username]").fill(place.login.user)
    # `fill` would put the password into its error messages.
    page.locator("input[name=password]").focus()
    page.keyboard.insert_text(place.login.password.reveal())
    with page.expect_navigation():
        page.locator("form button").click()
    if urlsplit(page.url).path.startswith("/login"):
        raise NotMade(f"`{place.login.user}` cannot log in with the browser")
    other.goto(f"{place.main}/dashboards/{place.other}/")
    other.wait_for_selector("#jupyter-config-data", state="attached")
    page.goto(f"{place.main}/dashboards/{place.name}/")
    page.wait_for_function("() => window.hostile")
    return Scene(page, other, place.main, place.other)
