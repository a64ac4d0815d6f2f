"""Processor time of the server that has nothing to do: a cell sleeps in a page it renders."""

import time

import psutil
from playwright.sync_api import BrowserContext

from bench import browser, notebooks, processes, voila
from bench.figure import Figure, Goal, turns
from bench.ground import Ground

TITLE = "server while a cell sleeps"
RUNS = 3
WINDOW = 10.0
"""Seconds; less than the cell sleeps."""

# The text names the last cell that is done.
SLEEPS = "/1 of 2/.test(document.getElementById('loading_text')?.textContent)"


def measure(ground: Ground, runs: int) -> Figure:
    """Percent of one core."""
    stack, notebook = ground.running, notebooks.sleep(ground.peer)
    viewer = browser.viewer(ground.browser, stack)
    dashboard = stack.process("dashboard")
    with (
        voila.gateway(ground.peer, ground.stack) as url,
        voila.serve(ground.peer, notebook, url) as stock,
    ):
        stranger = browser.stranger(ground.browser, stock.url)
        ours, theirs = turns(
            runs,
            lambda: _percent(viewer, stack.sleep, dashboard),
            lambda: _percent(stranger, stock.url, stock.process),
        )
        stranger.close()
    viewer.close()
    peer = "Voilà with Jupyter Server's gateway client"
    return Figure("idle", TITLE, "%", ours, peer, theirs, Goal("value", 2))


def _percent(context: BrowserContext, url: str, process: psutil.Process) -> float:
    page = context.new_page()
    page.goto(url, wait_until="commit")
    page.wait_for_function(SLEEPS)
    time.sleep(1)
    before = processes.cpu_seconds(process)
    began = time.perf_counter()
    time.sleep(WINDOW)
    used, took = processes.cpu_seconds(process) - before, time.perf_counter() - began
    if not page.evaluate(SLEEPS):
        raise processes.Unmeasured(f"the page was done before {notebooks.NAP} s were over")
    page.wait_for_load_state()
    browser.close(page)
    return 100 * used / took
