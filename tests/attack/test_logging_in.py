"""People with passwords of their own: what a login is worth, when it ends, who is slowed down."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import commandline
import httpx
import pytest
import yaml
from live import UNSEEN, Live, Viewer, running, until

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    changes = {"identity": {"provider": "local"}, "dashboard": UNSEEN}
    with running(tmp_path_factory.mktemp("people"), changes) as stack:
        stack.deploy("sales", "print('shown')")
        yield stack


def users(home: Live, *words: str, stdin: str = "", code: int = 0) -> str:
    done = commandline.run(home.folder, "users", *words, stdin=stdin)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def add(home: Live, name: str, *words: str) -> None:
    users(home, "add", name, "--password-file", "-", *words, stdin=f"{PASSWORD}\n")


def known(home: Live, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(users(home, "list", "--json"))["users"]
    return next(each for each in found if each["name"] == name)


def inside(viewer: Viewer) -> bool:
    return viewer.http.get("/").status_code == 200


class Guesser:
    """Somebody at another address of the loopback network, who has seen the login page."""

    def __init__(self, home: Live, address: str) -> None:
        transport = httpx.HTTPTransport(local_address=address)
        self.http = httpx.Client(base_url=home.url, transport=transport, timeout=60)
        self.http.get("/login")

    def guess(self, name: str, password: str = "wrong") -> httpx.Response:
        form = {"username": name, "password": password, "_xsrf": self.http.cookies["_xsrf"]}
        return self.http.post("/login", data=form)


def test_a_person_logs_in_and_opens_a_dashboard(home: Live) -> None:
    add(home, "alice", "--role", "author", "--group", "sales", "--display", "Alice Smith")
    alice = home.viewer("alice", PASSWORD)
    assert "Alice Smith" in alice.http.get("/").text
    kernel = alice.open("sales").kernel
    assert [each["user"] for each in home.viewers("sales")] == ["alice"]
    assert kernel in home.kernels()
    assert known(home, "alice")["logins"] == 1
    assert (known(home, "alice")["role"], known(home, "alice")["groups"]) == ("author", ["sales"])


def test_the_cookie_is_kept_from_scripts_and_other_sites(home: Live) -> None:
    add(home, "carol")
    carol = Guesser(home, "127.0.0.1")
    said = carol.guess("carol", PASSWORD).headers.get_list("set-cookie")
    login = next(each for each in said if each.startswith("dashops-"))
    assert "HttpOnly" in login and "SameSite=Lax" in login and "Path=/" in login
    assert "Domain" not in login


def test_each_login_is_a_new_secret_and_the_old_one_is_worth_nothing(home: Live) -> None:
    add(home, "dave")
    dave = home.viewer("dave", PASSWORD)
    stolen = dict(dave.http.cookies)
    assert dave.log_in("dave", PASSWORD).status_code == 302
    assert inside(dave) and dict(dave.http.cookies) != stolen
    assert httpx.get(home.url, cookies=stolen).status_code == 302


def test_a_planted_cookie_is_not_taken_over(home: Live) -> None:
    """Session fixation: whoever set a cookie before the login does not know the one after it."""
    add(home, "erin")
    name = f"dashops-{home.ports['dashboard']}"
    erin = Guesser(home, "127.0.0.1")
    erin.http.cookies.set(name, "planted" * 6, domain="127.0.0.1", path="/")
    erin.guess("erin", PASSWORD)
    assert httpx.get(home.url, cookies={name: "planted" * 6}).status_code == 302


def test_a_cookie_is_worth_nothing_after_logging_out_and_its_kernels_end(home: Live) -> None:
    add(home, "frank")
    here, there = home.viewer("frank", PASSWORD), home.viewer("frank", PASSWORD)
    mine, other = here.open("sales").kernel, there.open("sales").kernel
    stolen = dict(here.http.cookies)
    here.http.post("/logout", data={"_xsrf": here.http.cookies["_xsrf"]})
    assert httpx.get(home.url, cookies=stolen).status_code == 302
    until(lambda: mine not in home.kernels(), "the kernel of that login to end")
    assert inside(there) and other in home.kernels(), "another login goes on"


def test_logging_out_everywhere_ends_every_login_of_that_person(home: Live) -> None:
    add(home, "grace")
    add(home, "heidi")
    here, there = home.viewer("grace", PASSWORD), home.viewer("grace", PASSWORD)
    heidi = home.viewer("heidi", PASSWORD)
    kernel = there.open("sales").kernel
    assert "Log out everywhere" in here.http.get("/").text
    here.http.post("/logout", data={"_xsrf": here.http.cookies["_xsrf"], "everywhere": "yes"})
    assert not inside(here) and not inside(there) and inside(heidi)
    until(lambda: kernel not in home.kernels(), "the kernel of the other login to end")


@pytest.mark.parametrize(
    "words", [("passwd", "--generate"), ("change", "--disable"), ("remove",), ("logout",)]
)
def test_the_operator_ends_logins(home: Live, words: tuple[str, ...]) -> None:
    name = f"ivan-{words[0]}"
    add(home, name)
    ivan = home.viewer(name, PASSWORD)
    kernel = ivan.open("sales").kernel
    told = users(home, words[0], name, *words[1:])
    assert not inside(ivan)
    until(lambda: kernel not in home.kernels(), "his kernel to end")
    again = Guesser(home, "127.0.0.1").guess(name, PASSWORD)
    assert again.status_code == (302 if words == ("logout",) else 401)
    if words[0] == "passwd":
        assert Guesser(home, "127.0.0.1").guess(name, told.strip()).status_code == 302


def test_a_login_outlives_the_server(home: Live) -> None:
    add(home, "judy")
    judy = home.viewer("judy", PASSWORD)
    before, file = home.pid("dashboard"), home.folder / "dashops.yaml"
    wanted = yaml.safe_load(file.read_text())
    wanted["dashboard"]["title"] = "Another title"
    file.write_text(yaml.safe_dump(wanted))
    home.dashops("up", "-y")
    assert home.pid("dashboard") != before
    assert inside(judy)


def test_the_answer_does_not_tell_who_exists(home: Live) -> None:
    add(home, "kim")
    one, other = Guesser(home, "127.0.3.1"), Guesser(home, "127.0.3.2")
    wrong, nobody = one.guess("kim"), other.guess("nobody")
    assert wrong.status_code == nobody.status_code == 401

    def plain(answer: httpx.Response, guesser: Guesser) -> str:
        return answer.text.replace(guesser.http.cookies["_xsrf"], "")

    assert len(plain(wrong, one)) == len(plain(nobody, other))


def test_whoever_guesses_is_told_to_wait_and_the_person_is_not(home: Live) -> None:
    add(home, "liam")
    liam = home.viewer("liam", PASSWORD)
    guesser, other = Guesser(home, "127.0.4.1"), Guesser(home, "127.0.4.2")

    def both_wait() -> httpx.Response | None:
        answer, elsewhere = guesser.guess("liam"), other.guess("liam")
        slowed = answer.status_code == elsewhere.status_code == 429
        return answer if slowed else None

    # A slow machine makes the first waits pass unnoticed; they grow.
    answer = until(both_wait, "guessing to be slowed, from another address too", 60)
    assert int(answer.headers["Retry-After"]) >= 1 and "Too many attempts" in answer.text
    assert liam.log_in("liam", PASSWORD).status_code == 302


def test_the_passwords_are_nowhere_in_the_clear(home: Live) -> None:
    add(home, "mallory")
    home.viewer("mallory", PASSWORD)
    for folder, below, names in os.walk(home.folder / ".dashops"):
        below[:] = set(below) - {"environments"}
        for file in (Path(folder, name) for name in names):
            if file.is_file():
                assert PASSWORD.encode() not in file.read_bytes(), file


def test_what_cannot_be_is_refused_with_words(home: Live) -> None:
    add(home, "nina")
    assert "already" in users(home, "add", "nina", "--password-file", "-", stdin=PASSWORD, code=1)
    assert "8 to 1000" in users(home, "add", "oscar", "--password-file", "-", stdin="short", code=2)
    assert "lower-case" in users(home, "add", "../x", "--generate", code=2)
    assert "there is no password" in users(home, "add", "oscar", code=2)
    assert "no user `oscar`" in users(home, "remove", "oscar", code=2)
    assert users(home, "change", "nina", "--role", "king", code=2)


def test_the_list_of_people_needs_the_token(home: Live) -> None:
    cookies = dict(home.viewer("alice", PASSWORD).http.cookies)
    for path in ("/_api/users", "/_api/users/alice", "/_api/users/alice/logout"):
        for method in ("GET", "POST", "PATCH", "DELETE"):
            answer = httpx.request(method, f"{home.url}{path}", cookies=cookies, json={})
            assert answer.status_code in (401, 405), (method, path)
            assert "alice" not in answer.text


def test_nobody_can_be_the_gate(home: Live) -> None:
    assert users(home, "add", "/gate", "--generate", code=2)


def test_smoke_comes_as_a_viewer_of_its_own_who_is_gone_afterwards(home: Live) -> None:
    checks = {each["name"]: each for each in json.loads(home.dashops("smoke", "--json"))["checks"]}
    assert checks["story.page"]["outcome"] == "passed"
    assert [each for each in checks.values() if each["outcome"] == "failed"] == []
    names = [each["name"] for each in json.loads(users(home, "list", "--json"))["users"]]
    assert not [each for each in names if each.startswith("dashops-smoke")]
