"""People with logins of their own on a real stack: what they open, deploy, and leave behind."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import commandline
import httpx
import pytest
from live import UNSEEN, Live, Opened, running, until

PASSWORD = "correct horse battery"
PEOPLE = {
    "ann": ("viewer", ["finance"]),
    "bob": ("viewer", []),
    "dan": ("author", []),
    "ops": ("operator", []),
}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    changes = {"identity": {"provider": "local"}, "dashboard": UNSEEN}
    with running(tmp_path_factory.mktemp("team"), changes) as stack:
        headers = {"Authorization": f"token {stack.secret('admin-token')}"}
        for name, (role, groups) in PEOPLE.items():
            person = {"name": name, "password": PASSWORD, "role": role, "groups": groups}
            url = f"{stack.url}/_api/users"
            assert httpx.post(url, headers=headers, json=person).status_code == 201
        stack.deploy("sales", "print('figures of sales')")
        stack.deploy("hr", "print('figures of hr')")
        stack.dashops("share", "hr", "--group", "finance")
        yield stack


def log_in(stack: Live, name: str) -> httpx.Client:
    client = httpx.Client(base_url=stack.url, timeout=60)
    client.get("/login")
    form = {"username": name, "password": PASSWORD, "_xsrf": client.cookies["_xsrf"]}
    assert client.post("/login", data=form).status_code == 302
    return client


def opened(client: httpx.Client, name: str) -> str:
    answer = client.get(f"/dashboards/{name}/", follow_redirects=True)
    return answer.text if answer.status_code == 200 else ""


def page_of(client: httpx.Client, name: str) -> Opened:
    answer = client.get(f"/dashboards/{name}/", follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return Opened(str(answer.url), answer.text)


def gallery(client: httpx.Client) -> set[str]:
    return set(re.findall(r'href="/dashboards/([^/]+)/"', client.get("/").text))


def test_each_sees_and_opens_what_he_may(team: Live) -> None:
    ann, bob, ops = (log_in(team, name) for name in ("ann", "bob", "ops"))
    assert (gallery(ann), gallery(bob)) == ({"sales", "hr"}, {"sales"})
    assert gallery(ops) == {"sales", "hr"}
    assert "figures of hr" in opened(ann, "hr") and "figures of sales" in opened(bob, "sales")
    assert "figures of hr" in opened(ops, "hr")


def test_forbidden_looks_like_missing(team: Live) -> None:
    bob, nobody = log_in(team, "bob"), httpx.Client(base_url=team.url)
    for path in ("/dashboards/{}/", "/dashboards-plain/{}/", "/thumbnails/{}", "/dashboards/{}/x"):
        forbidden, missing = (bob.get(path.format(name)) for name in ("hr", "xx"))
        assert forbidden.status_code == missing.status_code == 404, path
        assert forbidden.text == missing.text, path
        forbidden, missing = (nobody.get(path.format(name)) for name in ("hr", "xx"))
        assert forbidden.status_code == missing.status_code == 302, path
        assert forbidden.headers["location"].replace("hr", "xx") == missing.headers["location"]


def test_a_withdrawn_share_ends_the_page(team: Live) -> None:
    team.deploy("passing", "print(1)")
    bob = log_in(team, "bob")
    page, key = page_of(bob, "passing"), bob.get("/dashboards/passing/").headers["Location"]
    assert httpx.get(page.state).status_code == 200
    assert json.loads(team.dashops("share", "passing", "--user", "ann", "--json"))["ended"] == 2
    answer = httpx.get(page.state)
    assert (answer.status_code, answer.json()["reason"]) == (410, "withdrawn")
    assert "may not open" in answer.json()["message"]
    assert httpx.get(key).status_code == 303, "nor is the key to a page he did not fetch yet good"
    assert not opened(bob, "passing") and opened(log_in(team, "ann"), "passing")
    until(lambda: page.kernel not in team.kernels(), "its kernel to end")


def test_a_stranger_opens_what_is_public_and_only_that(team: Live) -> None:
    team.deploy("shown", "print('for everybody')")
    stranger, other = (httpx.Client(base_url=team.url, timeout=60) for _ in range(2))
    assert stranger.get("/dashboards/shown/").status_code == 302
    team.dashops("share", "shown", "--public")
    page = page_of(stranger, "shown")
    assert "for everybody" in page.html
    assert httpx.get(page.state).status_code == 200
    assert not [name for name in stranger.cookies if name.startswith("dashops")]
    anns = page_of(log_in(team, "ann"), "shown")
    assert other.get(f"{page.base}api/kernels/{anns.kernel}").status_code == 404
    assert stranger.get("/").status_code == 302
    assert stranger.get("/dashboards/sales/").status_code == 302
    team.dashops("share", "shown", "--signed-in")
    assert stranger.get("/dashboards/shown/").status_code == 302
    assert httpx.get(page.state).json()["reason"] == "withdrawn"
    assert httpx.get(anns.state).status_code == 200


def test_a_login_that_ends_takes_its_pages_along(team: Live) -> None:
    ann, again, bob = (log_in(team, name) for name in ("ann", "ann", "bob"))
    pages = [page_of(each, "sales") for each in (ann, again, bob)]
    assert ann.post("/logout", data={"_xsrf": ann.cookies["_xsrf"]}).status_code == 302
    assert httpx.get(pages[0].state).json()["reason"] == "logged out"
    assert [httpx.get(each.state).status_code for each in pages[1:]] == [200, 200]
    team.dashops("users", "logout", "ann")
    assert [httpx.get(each.state).status_code for each in pages[1:]] == [410, 200]


def test_a_token_deploys_its_names_for_its_person(team: Live, tmp_path: Path) -> None:
    words = ("--scope", "deploy:mine-*", "--for", "dan")
    token = team.dashops("tokens", "create", "laptop", *words).strip()

    def dashops(*args: str) -> subprocess.CompletedProcess[str]:
        env = {"DASHOPS_TOKEN": token, "DASHOPS_SERVER": team.url}
        return commandline.run(tmp_path, *args, env=env)

    team.deploy("before", "print('of dan')")
    (tmp_path / "book.ipynb").write_text((team.folder / "before.ipynb").read_text())
    done = dashops("deploy-notebook", "book.ipynb", "--name", "mine-1")
    assert done.returncode == 0, done.stderr
    refused = dashops("deploy-notebook", "book.ipynb", "--name", "sales")
    assert refused.returncode == 1 and "`deploy:sales`" in refused.stderr
    assert dashops("share", "mine-1", "--public").returncode == 1
    assert '"mine-1"' in dashops("dashboards", "--json").stdout
    assert '"sales"' not in dashops("dashboards", "--json").stdout

    team.dashops("share", "mine-1", "--private")
    assert "of dan" in opened(log_in(team, "dan"), "mine-1")
    assert not opened(log_in(team, "bob"), "mine-1")
    tested = team.dashops("access", "test", "dan", "mine-1")
    assert "may open" in tested and "deployed it first" in tested
    assert team.try_dashops("access", "test", "bob", "mine-1").returncode == 1
    assert "may open" in team.dashops("access", "test", "ann", "hr"), "her group is known"

    listed = json.loads(team.dashops("tokens", "list", "--json"))["tokens"][0]
    assert listed["used"] and listed["creator"] == "dan" and token not in json.dumps(listed)
    team.dashops("tokens", "revoke", listed["id"])
    ended = dashops("dashboards")
    assert ended.returncode != 0 and "was revoked" in ended.stderr


def test_a_draft_is_for_authors(team: Live) -> None:
    team.deploy("planned", "print('one')")
    book = team.folder / "planned.ipynb"
    book.write_text(book.read_text().replace("one", "two"))
    link = team.dashops("deploy-notebook", "planned.ipynb", "--draft").strip()
    assert "two" in log_in(team, "dan").get(link, follow_redirects=True).text
    assert log_in(team, "bob").get(link).status_code == 404


def test_grants_come_back_with_a_backup(team: Live, tmp_path: Path) -> None:
    team.deploy("saved", "print(1)")
    team.dashops("share", "saved", "--user", "ann", "--owner", "dan")
    names = json.loads(team.dashops("dashboards", "--json"))["dashboards"]
    file = tmp_path / "all.dashops"
    team.dashops("backup", file)
    before = {each["name"]: team.dashops("access", "who", each["name"], "--json") for each in names}
    for name in before:
        team.dashops("remove", name, "-y")
    team.deploy("saved", "print(1)")
    assert "everybody who" in team.dashops("access", "who", "saved"), "a new one starts anew"
    team.dashops("remove", "saved", "-y")
    team.dashops("restore", file)
    after = {name: team.dashops("access", "who", name, "--json") for name in before}
    assert after == before and '"dan"' in after["saved"]


def test_the_record_tells_all_of_it_and_that_it_was_changed(team: Live) -> None:
    log_in(team, "ann")
    opened(log_in(team, "bob"), "hr")
    shown = team.dashops("audit", "--lines", "500", "--verify", "--json")
    found = json.loads(shown)
    told = {(each["event"], each["who"]) for each in found["records"]}
    assert found["verified"]["problem"] == ""
    assert {("login", "ann"), ("denied access", "bob"), ("deploy", "deploy-token")} <= told
    assert {("share", "admin-token"), ("user", "admin-token")} <= told
    for secret in ("deploy-token", "admin-token", "cookie-secret"):
        assert team.secret(secret) not in shown
    assert PASSWORD not in shown
    (file,) = (team.folder / ".dashops/store/audit").glob("*.jsonl")
    whole = file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(whole.replace(b'"who":"bob"', b'"who":"eve"', 1))
    try:
        assert "line" in team.dashops("audit", "--verify", code=4)
    finally:
        file.write_bytes(whole)
    team.dashops("audit", "--verify")
