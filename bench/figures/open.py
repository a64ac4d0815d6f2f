"""Opening the trivial dashboard: from the navigation to the first widget a person sees."""

from bench import browser, processes
from bench.figure import Figure, Goal, turns
from bench.ground import Ground

TITLE = "open the trivial dashboard"
RUNS = 15


def measure(ground: Ground, runs: int) -> Figure:
    """Seconds; logged in before, the browser's cache warm, one page at a time."""
    stack, plain = ground.running, ground.plain
    viewer = browser.viewer(ground.browser, stack)
    stranger = browser.stranger(ground.browser, plain.url)

    def ours() -> float:
        with browser.opened(viewer, stack.slider) as (_, seconds):
            pass
        stack.settle()
        return seconds

    def theirs() -> float:
        with browser.opened(stranger, plain.url) as (_, seconds):
            pass
        processes.settle(plain.process, alone=True)
        return seconds

    ours(), theirs()  # warms the caches
    samples = turns(runs, ours, theirs)
    viewer.close()
    stranger.close()
    peer = "plain Voilà with a local kernel"
    return Figure("open", TITLE, "s", samples[0], peer, samples[1], Goal("ratio", 1.1))
