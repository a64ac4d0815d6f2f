"""From a key press on the slider to the changed label: browser, servers, kernel and back."""

from playwright.sync_api import Page

from bench import browser
from bench.figure import Figure, Goal, turns
from bench.ground import Ground

TITLE = "slider to label"
RUNS = 100
WARM = 10

# Both ends are timed inside the page, so the way from this program to the browser is not in it.
ARM = """
() => {
  const label = document.querySelector('.answer');
  window.dashopsDelay = new Promise((resolve) => {
    window.addEventListener('keydown', () => {
      const began = performance.now();
      const watch = new MutationObserver(() => {
        watch.disconnect();
        resolve(performance.now() - began);
      });
      watch.observe(label, { childList: true, characterData: true, subtree: true });
    }, { capture: true, once: true });
  });
}
"""


def measure(ground: Ground, runs: int) -> Figure:
    """Milliseconds a move; one page on each side, moved in turns."""
    stack, plain = ground.running, ground.plain
    viewer = browser.viewer(ground.browser, stack)
    stranger = browser.stranger(ground.browser, plain.url)
    with (
        browser.opened(viewer, stack.slider) as (ours, _),
        browser.opened(stranger, plain.url) as (theirs, _),
    ):
        for page in (ours, theirs):
            page.locator(".noUi-handle").focus()
        turns(WARM, lambda: _move(ours), lambda: _move(theirs))
        samples = turns(runs, lambda: _move(ours), lambda: _move(theirs))
    viewer.close()
    stranger.close()
    return Figure(
        "slider",
        TITLE,
        "ms",
        samples[0],
        "plain Voilà with a local kernel",
        samples[1],
        Goal("ratio", 1.5),
        # Some of its connections wait for TCP's delayed acknowledgements, others do not.
        {"the best tenth of the peer": sorted(samples[1])[runs // 10]},
    )


def _move(page: Page) -> float:
    page.evaluate(ARM)
    page.keyboard.press("ArrowRight")
    return float(page.evaluate("window.dashopsDelay"))
