"""The one real browser among the viewers: opens a page, moves its slider and notes when."""

import base64
import time
from typing import Any

from playwright.sync_api import Page

from bench import browser
from bench.opening import notebooks
from bench.opening.result import Opened
from bench.opening.sides import QUIET, Side
from bench.processes import Unmeasured

PATIENCE = 240_000
"""Milliseconds."""

# All times are taken inside the page, in milliseconds since the navigation began. The slider is
# moved as soon as it can be seen, and again until the label follows: what is lost on the way to a
# kernel that is not there yet is no answer.
SCRIPT = f"""
(() => {{
  const noted = (window.dashopsNoted = {{}});
  const get = window.fetch;
  window.fetch = (...words) => {{
    const url = String(words[0]?.url ?? words[0]);
    if (url.includes('/api/kernels')) noted.asked ??= performance.now();
    return get(...words);
  }};
  const Socket = window.WebSocket;
  const latin = new TextDecoder('latin1');
  window.WebSocket = class extends Socket {{
    constructor(...words) {{
      super(...words);
      noted.asked ??= performance.now();
      const hear = (event) => {{
        const text = typeof event.data === 'string' ? event.data : latin.decode(event.data);
        if (!text.includes('"kernel_info_reply"')) return;
        noted.ready ??= performance.now();
        this.removeEventListener('message', hear);
      }};
      this.addEventListener('message', hear);
    }}
  }};
  const look = () => {{
    const handle = document.querySelector('.{notebooks.MOVE} .noUi-handle');
    const label = document.querySelector('.{notebooks.ANSWER}');
    if (!handle?.getClientRects().length || !label?.textContent.startsWith('0:')) {{
      requestAnimationFrame(look);
      return;
    }}
    noted.seen = performance.now();
    const press = () => {{
      handle.focus();
      handle.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'ArrowRight', bubbles: true }}));
    }};
    const again = setInterval(press, 50);
    new MutationObserver((_, watch) => {{
      if (/^(0:|$)/.test(label.textContent)) return;
      noted.usable = performance.now();
      clearInterval(again);
      watch.disconnect();
    }}).observe(label, {{ childList: true, characterData: true, subtree: true }});
    press();
  }};
  requestAnimationFrame(look);
}})();
"""
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
FIRST_BYTE = "performance.getEntriesByType('navigation')[0].responseStart"


def enter(side: Side) -> tuple[Page, Opened]:
    """Open the side's page; both ends when its slider is usable."""
    page = side.context.new_page()
    try:
        return page, _usable(page, side.url)
    except BaseException:
        leave(page)  # else its kernel would be in everybody's way
        raise


def leave(page: Page) -> None:
    """Close the page as a person does."""
    browser.close(page)


def keep(side: Side) -> tuple[str, bytes]:
    """Address and content of the side's page, as a browser gets it."""
    page = side.context.new_page()
    answer = page.goto(side.url, timeout=PATIENCE)
    assert answer
    kept = answer.url, answer.body()
    leave(page)
    return kept


def load(side: Side, address: str, kept: bytes) -> tuple[float, float]:
    """Seconds until a kept copy of a page has loaded all that it names, and asks for a kernel.

    It finds none.
    """
    page = side.context.new_page()
    # Playwright's own routing would turn the browser's cache off.
    devtools = side.context.new_cdp_session(page)
    headers = [{"name": "Content-Type", "value": "text/html; charset=utf-8"}]
    body = base64.b64encode(kept).decode()

    def answer(event: dict[str, Any]) -> None:
        answered = {"requestId": event["requestId"], "responseCode": 200, "body": body}
        devtools.send("Fetch.fulfillRequest", {**answered, "responseHeaders": headers})

    devtools.on("Fetch.requestPaused", answer)
    devtools.send("Fetch.enable", {"patterns": [{"urlPattern": address}]})
    page.goto(address, wait_until="load", timeout=PATIENCE)
    page.wait_for_function(f"{LOADED} > 0")
    loaded = float(page.evaluate(LOADED)) / 1000
    asked = page.wait_for_function("window.dashopsNoted.asked").json_value() / 1000
    page.close()
    time.sleep(QUIET)  # what it did afterwards must not meet the next one
    return loaded, asked


def _usable(page: Page, url: str) -> Opened:
    page.goto(url, wait_until="commit", timeout=PATIENCE)
    noted: dict[str, Any] = page.wait_for_function(
        "window.dashopsNoted?.usable && window.dashopsNoted", timeout=PATIENCE
    ).json_value()
    if "ready" not in noted:
        raise Unmeasured("the page was usable, but its kernel was never heard")
    first_byte = float(page.evaluate(FIRST_BYTE))
    names = ("ready", "usable", "asked", "seen")
    return Opened(first_byte / 1000, *(noted[each] / 1000 for each in names))
