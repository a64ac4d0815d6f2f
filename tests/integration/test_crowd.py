"""Two hundred people come to a server with twenty places."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from conversing import Conversation
from live import UNSEEN, Live, Viewer, running, until

PLACES, PEOPLE, OWN = 20, 200, 3
SLIDER = "import ipywidgets\nipywidgets.IntSlider(value=3)"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    changes = {
        "dashboard": UNSEEN | {"max_viewers": PLACES, "viewers_per_user": OWN, "idle_timeout": 600},
        "gateway": {"max_kernels": 2 * PLACES},
    }
    with running(tmp_path_factory.mktemp("stack"), changes) as stack:
        stack.deploy("popular", SLIDER)
        stack.deploy("second", SLIDER)
        yield stack


@dataclass
class Waiter:
    """Somebody who waits, with the places that his page hears."""

    viewer: Viewer
    name: str
    number: int
    ready: bool = False
    gone: bool = False
    heard: list[int] = field(default_factory=list)

    def listen(self) -> None:
        """Until it is his turn, or he is gone."""
        event = ""
        with self.viewer.http.stream("GET", f"/_waiting/{self.name}") as answer:
            for line in answer.iter_lines():
                kind, _, value = line.partition(": ")
                event = value if kind == "event" else event
                if kind == "data" and event == "ready":
                    self.ready = True
                elif kind == "data":
                    self.heard.append(number_in(json.loads(value)["place"]))
                if self.ready or self.gone:
                    return


def number_in(text: str) -> int:
    if "is next" in text or "are next" in text:
        return 1
    found = re.search(r"number (\d+)", text)
    assert found, text
    return int(found[1])


def queued(viewer: Viewer, name: str) -> Waiter:
    """Load a page that has to wait."""
    answer = viewer.http.get(f"/dashboards/{name}/")
    assert answer.status_code == 503, answer.status_code
    assert int(answer.headers["Retry-After"]) > 0
    return Waiter(viewer, name, number_in(answer.text))


class Watch:
    """The most kernels the gateway ever had while this was open."""

    def __init__(self, live: Live) -> None:
        self.most = 0
        self._live = live
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.most = max(self.most, len(self._live.kernels()))


def test_one_viewer_cannot_take_all_places_and_reads_why(live: Live) -> None:
    bob = live.viewer()
    pages = [Conversation(bob, "popular") for _ in range(OWN)]
    text = bob.http.get("/dashboards/second/").text
    assert f"You have {OWN} pages open" in text
    assert "This page is next" in text
    other = Conversation(live.viewer(), "second")
    pages.pop().close()
    pages.append(Conversation(bob, "second"))
    for page in (*pages, other):
        page.close()
    until(lambda: live.kernels() == [], "all kernels end")


def test_twenty_of_two_hundred_get_in_and_the_others_in_the_order_they_came(live: Live) -> None:
    people = [live.viewer() for _ in range(PEOPLE)]
    threads = []
    with Watch(live) as watch:
        inside = [Conversation(each, "popular") for each in people[:PLACES]]
        waiting = []
        for each in people[PLACES:]:
            waiting.append(queued(each, "popular"))
            threads.append(threading.Thread(target=waiting[-1].listen))
            threads[-1].start()
        assert [each.number for each in waiting] == list(range(1, PEOPLE - PLACES + 1))
        assert len(live.viewers("popular")) == PLACES

        # One leaves, one gets in.
        for _ in range(3):
            inside.pop(0).close()
            first = waiting.pop(0)
            until(lambda first=first: first.ready, "his turn to come")
            inside.append(Conversation(first.viewer, "popular"))
        assert not any(each.ready for each in waiting)
        until(lambda: waiting[-1].heard[-1] == len(waiting), "the last to hear it")
        assert waiting[-1].heard == sorted(waiting[-1].heard, reverse=True)

        # Many leave at once. Who comes just then is behind all who wait, and so is a reload.
        for _ in range(10):
            inside.pop().close()
        late = queued(live.viewer(), "popular")
        again = queued(waiting[100].viewer, "popular")
        until(lambda: all(each.ready for each in waiting[:10]), "their turn to come")
        assert late.number >= PEOPLE - PLACES - 3 - 10 + 1
        assert 100 - 10 < again.number <= 101
        # They load their pages in another order than they came.
        inside += [Conversation(each.viewer, "popular") for each in reversed(waiting[:10])]
        assert not any(each.ready for each in waiting[10:])
        assert len(live.viewers("popular")) == PLACES
        assert len(live.kernels()) == PLACES

        for each in waiting:
            each.gone = True
        for page in inside:
            page.close()
    assert watch.most == PLACES
    for thread in threads:
        thread.join(30)
    until(lambda: live.kernels() == [], "all kernels end")
