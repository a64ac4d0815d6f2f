"""A headless browser with a context for each side; it knows pages, not who serves them."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import processes
from bench.stack import Stack
from dashops.checks import chromium

# Voilà's page asks other hosts for icons; whether they answer is not what is measured.
RULES = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost"
ARGS = (*chromium.ARGS, f"--host-resolver-rules={RULES}")
TIMEOUT = 60_000
"""Milliseconds."""

# Notes when the first widget is seen, in milliseconds since the navigation began.
SEEN = """
const look = () => {
  const widget = document.querySelector('.jupyter-widgets');
  if (widget && widget.getClientRects().length) window.dashopsSeen = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@contextlib.contextmanager
def start() -> Iterator[Browser]:
    """Run Chromium while the block runs."""
    path = chromium.path()
    if path is None:
        raise processes.Unmeasured("there is no Chromium; install it or set DASHOPS_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        try:
            yield browser
        finally:
            browser.close()


def visitor(browser: Browser, script: str = SEEN) -> BrowserContext:
    """Somebody with a cache of his own, whose pages run a script before theirs."""
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT)
    context.add_init_script(script)
    return context


def viewer(browser: Browser, stack: Stack, script: str = SEEN) -> BrowserContext:
    """Somebody logged in to the stack."""
    context = visitor(browser, script)
    page = context.new_page()
    page.goto(f"{stack.url}/login")
    page.fill("input[name=username]", "viewer")
    page.fill("input[name=password]", stack.secret("viewer-password"))
    page.click("button")
    page.wait_for_url(f"{stack.url}/")
    page.close()
    return context


def stranger(browser: Browser, url: str, script: str = SEEN) -> BrowserContext:
    """Somebody at a server without logins, with the cookie that lets his page free its kernel.

    Plain Voilà hands it out on its login page only.
    """
    context = visitor(browser, script)
    context.add_cookies([{"name": "_xsrf", "value": "0123456789abcdef" * 2, "url": url}])
    return context


@contextlib.contextmanager
def opened(context: BrowserContext, url: str) -> Iterator[tuple[Page, float]]:
    """A new page and the seconds until its first widget was seen; closed as a person would."""
    page = context.new_page()
    page.goto(url, wait_until="commit")
    seen = page.wait_for_function("window.dashopsSeen").json_value()
    yield page, float(seen) / 1000
    close(page)


def close(page: Page) -> None:
    """Close the page and let it say goodbye, which frees its kernel."""
    with page.expect_event("close"):
        page.close(run_before_unload=True)
