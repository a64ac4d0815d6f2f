"""Keys and headers of both origins, with a raw client: who has no key gets nothing."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import websocket
from live import Live, Opened, Viewer
from test_viewer import connect

from dashops.services.dashboard import wall

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


@pytest.fixture(scope="module")
def name(live: Live) -> str:
    Path(live.folder / "logo.svg").write_text(SVG)
    cells = ("import ipywidgets as widgets\nwidgets.HTML('shown')", ("markdown", "![](logo.svg)"))
    live.deploy("keyed", *cells, files=(Path("logo.svg"),))
    return "keyed"


@pytest.fixture
def bob(live: Live) -> Viewer:
    return live.viewer()


@pytest.fixture
def page(bob: Viewer, name: str) -> Opened:
    return bob.open(name)


def refused(page: Opened) -> int:
    with pytest.raises(websocket.WebSocketBadStatusException) as found:
        connect(page.channels, wall.PROTOCOL)
    return int(found.value.status_code)


def test_a_page_is_sent_once_and_a_reload_asks_who_it_is(
    live: Live, bob: Viewer, name: str
) -> None:
    address = bob.key(name)
    assert httpx.get(address).status_code == 200
    again = httpx.get(f"{address}?a=1")
    assert (again.status_code, again.headers["Location"]) == (
        303,
        f"{live.url}/dashboards/{name}/?a=1",
    )
    assert httpx.get(again.headers["Location"]).headers["Location"].startswith("/login")


@pytest.mark.parametrize("path", ["dashboards/{}/", "dashboards-plain/{}/", "previews/" + "x" * 50])
def test_a_key_that_nobody_made_leads_to_the_main_origin(live: Live, name: str, path: str) -> None:
    for base in (f"/c/{'x' * 43}/", "/"):
        answer = httpx.get(live.content + base + path.format(name))
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"{live.url}/{path.format(name)}"


def test_a_key_leads_nowhere_but_here(live: Live, page: Opened) -> None:
    for path in ("dashboards//evil.example/", "dashboards/%2F%2Fevil.example/", "/evil.example/"):
        for base in (page.base, f"{live.content}/c/{'x' * 43}/", f"{live.content}/"):
            location = httpx.get(base + path).headers.get("Location", live.url)
            assert urlsplit(location).netloc == urlsplit(live.url).netloc


def test_a_key_opens_its_own_page_only(live: Live, bob: Viewer, page: Opened, name: str) -> None:
    other = bob.key(name)
    assert httpx.get(f"{page.address}logo.svg").text == SVG
    wrong = (
        f"{page.base}dashboards/other/logo.svg",
        f"{page.base}dashboards-plain/{name}/logo.svg",
        f"{page.address}index.ipynb",
        f"{live.content}/dashboards/{name}/logo.svg",
        f"{live.content}/c/{'x' * 43}/dashboards/{name}/logo.svg",
        page.state.replace(page.kernel, "0" * 8 + page.kernel[8:]),
        page.state.replace(page.base, other.split("dashboards")[0]),
    )
    assert [httpx.get(each).status_code for each in wrong] == [404] * len(wrong)


def test_cookies_count_for_nothing_where_dashboards_are(
    live: Live, bob: Viewer, page: Opened, name: str
) -> None:
    answer = bob.http.get(f"{live.content}/dashboards/{name}/")
    assert answer.status_code == 303
    for path in ("/", "/login", "/logout", "/_api/status", f"/api/kernels/{page.kernel}"):
        assert bob.http.get(live.content + path).status_code == 404
    token = {"Authorization": f"token {live.secret('deploy-token')}"}
    assert httpx.get(f"{live.content}/_api/status", headers=token).status_code == 404
    socket = f"ws{live.content.removeprefix('http')}/api/kernels/{page.kernel}/channels"
    with pytest.raises(websocket.WebSocketBadStatusException) as found:
        websocket.create_connection(socket, cookie=bob.cookie, origin="null")
    assert found.value.status_code == 404


def test_the_main_origin_has_no_page_and_no_kernel(live: Live, bob: Viewer, page: Opened) -> None:
    for address in (page.address, page.state, f"{page.address}logo.svg"):
        moved = address.replace(live.content, live.url)
        assert bob.http.get(moved).status_code == 404
    static = re.search(r'src="(/v-\w+/voila/(?:static|templates)/[^"]+)"', page.html)
    assert static
    assert httpx.get(live.content + static[1]).status_code == 200
    assert bob.http.get(static[1]).status_code == 404


def test_leaving_ends_a_key(page: Opened) -> None:
    page.leave()
    assert httpx.get(page.state).status_code == 410
    assert httpx.get(f"{page.address}logo.svg").status_code == 404
    assert refused(page) == 403
    assert httpx.post(f"{page.base}voila/api/shutdown/{page.kernel}").status_code == 404


def test_logging_out_ends_the_keys_of_that_login_only(
    live: Live, bob: Viewer, page: Opened, name: str
) -> None:
    waiting, others = bob.key(name), live.viewer().open(name)
    xsrf = {"_xsrf": bob.http.cookies["_xsrf"]}
    assert bob.http.post("/logout", data=xsrf).status_code == 302
    assert httpx.get(page.state).json()["message"] == "You have logged out"
    assert httpx.get(f"{page.address}logo.svg").status_code == 404
    assert refused(page) == 403
    assert httpx.get(waiting).status_code == 303
    assert httpx.get(others.state).status_code == 200


def test_every_answer_is_sandboxed_and_sets_no_cookie(live: Live, bob: Viewer, name: str) -> None:
    address = bob.key(name)
    shown = httpx.get(address)
    page = Opened(address, shown.text)
    static = re.search(r'src="(/v-\w+/voila/[^"]+)"', page.html)
    assert static
    answers = [
        shown,
        *(
            httpx.get(each)
            for each in (
                address,
                f"{page.address}logo.svg",
                page.state,
                live.content + static[1],
                f"{live.content}/nothing",
                f"{live.content}/dashboards/{name}/",
            )
        ),
    ]
    for each in answers:
        policy = each.headers["Content-Security-Policy"]
        assert re.match(r"sandbox( |;)", policy), each.url
        assert "allow-same-origin" not in policy and "allow-top-navigation" not in policy
        assert "Set-Cookie" not in each.headers
        assert each.headers["Referrer-Policy"] == "no-referrer"
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        public = "/voila/" in str(each.url)
        kept = "public, max-age=31536000, immutable" if public else "no-store"
        assert each.headers["Cache-Control"] == kept
    assert "allow-scripts" in shown.headers["Content-Security-Policy"]
    assert "127.0.0.1" in shown.headers["Content-Security-Policy"]


def test_scripts_are_the_same_whether_squeezed_or_not(live: Live, page: Opened) -> None:
    found = re.findall(r'src="(/v-\w+/voila/[^"]+\.js)"', page.html)
    assert found
    version = found[0].split("/voila/")[0]
    for path in (*found, f"{version}/voila/templates/lab/static/index.css"):
        squeezed = httpx.get(live.content + path)
        plain = httpx.get(live.content + path, headers={"Accept-Encoding": "identity"})
        assert squeezed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert (squeezed.content, squeezed.headers["Content-Type"]) == (
            plain.content,
            plain.headers["Content-Type"],
        )
    missing = httpx.get(f"{live.content}{version}/voila/static/nothing.js")
    assert missing.status_code in (403, 404) and missing.headers["Cache-Control"] == "no-store"


def test_only_sandboxed_pages_may_read_answers(live: Live, page: Opened) -> None:
    for address in (page.state, f"{page.address}logo.svg"):
        allowed = httpx.get(address, headers={"Origin": "null"}).headers
        assert allowed["Access-Control-Allow-Origin"] == "null"
        for origin in (live.url, "http://evil.example"):
            found = httpx.get(address, headers={"Origin": origin}).headers
            assert "Access-Control-Allow-Origin" not in found
        assert "Access-Control-Allow-Credentials" not in allowed


def test_pages_of_the_main_origin_run_no_script_of_anybody(bob: Viewer) -> None:
    for path in ("/", "/login", "/nothing"):
        headers = bob.http.get(path, follow_redirects=True).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers


def test_each_origin_answers_for_its_own_host_names_only(live: Live, page: Opened) -> None:
    evil = {"Host": "evil.example"}
    for address in (
        page.state,
        page.address,
        f"{live.content}/v-0123456789abcdef/voila/static/x",
        f"{live.url}/",
    ):
        assert httpx.get(address, headers=evil).status_code == 403
    with pytest.raises(websocket.WebSocketBadStatusException) as found:
        websocket.create_connection(page.channels, host="evil.example", origin="null")
    assert found.value.status_code == 403


def test_no_key_is_in_a_log(live: Live, bob: Viewer, name: str) -> None:
    page = bob.open(name)
    connect(page.channels, wall.PROTOCOL).close()
    httpx.get(f"{page.base}dashboards/{name}/nothing")
    httpx.get(page.state, headers={"Host": "evil.example"})
    key = urlsplit(page.address).path.split("/")[2]
    log = live.log("dashboard")
    assert "/c/.../" in log and key not in log
