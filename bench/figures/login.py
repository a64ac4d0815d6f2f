"""A right login while somebody guesses, against one while nobody does."""

import statistics
import threading
import time

import httpx

from bench.figure import Figure, Goal
from bench.ground import Ground
from bench.processes import Unmeasured
from bench.stack import Stack

TITLE = "log in while 20 wrong logins a second arrive"
RUNS = 30
RATE = 20  # a second
MINUTE = 60.0
WHO, PASSWORD = "alice", "correct horse battery"


def measure(ground: Ground, runs: int) -> Figure:
    """Milliseconds of the form's answer; the guesses last for a minute."""
    stack = Stack(ground.folder / "login", {"identity": {"provider": "local"}})
    try:
        stack.up()
        stack.api("POST", "users", json={"name": WHO, "password": PASSWORD}).raise_for_status()
        viewer = _visitor(stack, "127.0.0.1")
        _log_in(viewer)
        quiet = tuple(_log_in(viewer) for _ in range(runs))
        guesses = Guesses(stack)
        guesses.start()
        time.sleep(2)
        busy = []
        for _ in range(runs):
            began = time.perf_counter()
            busy.append(_log_in(viewer))
            time.sleep(max(0.0, (MINUTE - 4) / runs - (time.perf_counter() - began)))
        answers = guesses.end()
    finally:
        stack.remove()
    if len(answers) < RATE * MINUTE / 2:
        raise Unmeasured(f"only {len(answers)} wrong logins were answered in a minute")
    return Figure(
        "login",
        TITLE,
        "ms",
        tuple(busy),
        "while nobody guesses",
        quiet,
        Goal("ratio", 2),
        {"answer to a wrong login": statistics.median(answers)},
    )


class Guesses:
    """Wrong passwords for ever new accounts from ever new addresses, which nothing slows yet."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._over = threading.Event()
        self._answers: list[float] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin, ``RATE`` a second."""
        self._threads = [threading.Thread(target=self._guess, args=(n,)) for n in range(RATE)]
        for each in self._threads:
            each.start()

    def end(self) -> list[float]:
        """Stop, and say how long the answers took in milliseconds."""
        self._over.set()
        for each in self._threads:
            each.join()
        return self._answers

    def _guess(self, number: int) -> None:
        # Every thread guesses once a second; they begin one after the other.
        self._over.wait(number / RATE)
        round_ = 0
        visitor = _visitor(self._stack, f"127.1.0.{number + 1}")
        while not self._over.is_set():
            began = time.perf_counter()
            if round_ % 10 == 9:
                visitor = _visitor(self._stack, f"127.1.{round_}.{number + 1}")
            _post(visitor, f"user{number}-{round_}", "wrong")
            took = time.perf_counter() - began
            self._answers.append(1000 * took)
            round_ += 1
            self._over.wait(max(0.0, 1 - took))


def _visitor(stack: Stack, address: str) -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=address)
    visitor = httpx.Client(base_url=stack.url, transport=transport, timeout=60)
    visitor.get("/login")
    return visitor


def _log_in(visitor: httpx.Client) -> float:
    began = time.perf_counter()
    answer = _post(visitor, WHO, PASSWORD)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 302:
        raise Unmeasured(f"the right password was answered with {answer.status_code}")
    return took


def _post(visitor: httpx.Client, name: str, password: str) -> httpx.Response:
    form = {"username": name, "password": password, "_xsrf": visitor.cookies["_xsrf"]}
    return visitor.post("/login", data=form)
