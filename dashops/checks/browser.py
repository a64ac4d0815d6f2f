"""A viewer with a real browser, who moves a slider; it notes what it saw and judges nothing."""

import os
import tempfile
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dashops.checks import chromium
from dashops.client import turns
from dashops.secrets import Secret

# Milliseconds. A dashboard runs its notebook while it is opened.
OPENING, ANSWER = 60_000, 20_000
# Characters of a page that say what went wrong.
GLIMPSE = 300


@dataclass(frozen=True)
class Story:
    """A dashboard whose slider turns the text `before` into `after`.

    `missing` is what it shows instead where it cannot have a slider. Of several servers it asks
    that one which has the `number`. `trusting` takes any certificate, where only an authority of
    the stack's own can vouch for the host.
    """

    link: str
    before: str
    after: str
    missing: str
    number: str = ""
    trusting: bool = False


@dataclass
class Seen:
    """What the browser got and where it sent requests; `problem` says what broke the story off.

    `page` is the document as sent and as shown, `messages` the websocket's in both directions.
    """

    problem: str = ""
    missing: bool = False
    page: str = ""
    messages: str = ""
    requests: set[str] = field(default_factory=set)


def watch(story: Story, user: str, password: Secret) -> Seen:
    """Log in, open the dashboard, move its slider by one and wait for the answer."""
    from playwright import sync_api

    seen = Seen()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path(),
            args=list(chromium.ARGS),
            # Chromium writes settings and caches into the home of whoever starts it.
            env={**os.environ, "HOME": tempfile.gettempdir()},
        )
        context = browser.new_context(
            service_workers="block",
            ignore_https_errors=story.trusting,
        )
        if story.number:
            _lead(context, story)
        page = context.new_page()
        page.set_default_timeout(ANSWER)
        _listen(page, seen)
        try:
            _act(page, story, user, password, seen)
        except sync_api.Error as error:
            seen.problem = f"the browser gave up: {error.message.splitlines()[0]}"
        if seen.problem:
            text = " ".join(page.locator("body").inner_text().split())
            seen.problem += f"; the page at `{page.url}` says: {text[:GLIMPSE]}"
        seen.page += page.content()
        # Leaves as a person does: the server then frees the kernel at once.
        page.goto("about:blank")
        browser.close()
    return seen


def _act(page: Any, story: Story, user: str, password: Secret, seen: Seen) -> None:
    """Do the steps in order; stop with a problem at the first that goes wrong."""
    page.goto(story.link)
    if not page.url.partition("?")[0].endswith("/login"):
        seen.problem = "a visitor who is not logged in does not get the login"
        return
    page.locator("input[name=username]").fill(user)
    # `fill` would put the password into its error messages.
    page.locator("input[name=password]").focus()
    page.keyboard.insert_text(password.reveal())
    with page.expect_navigation(timeout=OPENING) as opened:
        page.locator("form button").click()
    seen.page += opened.value.text()
    if not _appears(page, story.before, story.missing):
        seen.problem = f"`{story.before}` does not appear"
        return
    seen.missing = page.get_by_text(story.missing).is_visible()
    if seen.missing:
        return
    page.get_by_role("slider").press("ArrowRight")
    if not _appears(page, story.after):
        seen.problem = f"`{story.after}` does not appear after the slider moved"


def _lead(context: Any, story: Story) -> None:
    """Ask the server with that number for logins; the address of a page leads to its own."""

    def ask(route: Any) -> None:
        route.continue_(headers={**route.request.headers, turns.NUMBER: story.number})

    place = urlsplit(story.link)
    context.route(f"{place.scheme}://{place.netloc}/**", ask)


def _appears(page: Any, *texts: str) -> bool:
    from playwright import sync_api

    places = [page.get_by_text(text) for text in texts]
    try:
        for other in places[1:]:
            places[0] = places[0].or_(other)
        places[0].wait_for()
    except sync_api.TimeoutError:
        return False
    return True


def _listen(page: Any, seen: Seen) -> None:
    def note(message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode(errors="replace")
        seen.messages += f"{text}\n"

    def follow(socket: Any) -> None:
        seen.requests.add(socket.url)
        socket.on("framereceived", note)
        socket.on("framesent", note)

    def request(request: Any) -> None:
        if "://" in request.url:
            seen.requests.add(request.url)

    page.context.on("request", request)
    page.on("websocket", follow)
