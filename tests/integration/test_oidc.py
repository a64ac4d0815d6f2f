"""Logging in with a real OpenID Connect provider, and with what it did not say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import directory
import httpx
import pytest
from directory import CLIENT, PASSWORD, SECRET, Directory
from frontdoor import door

PEOPLE = iter(directory.OTHERS)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Directory]]:
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "secret").write_text(f"{SECRET}\n")
    # The provider wants to know where it sends people, and the server who the provider is.
    (port,) = directory.free_ports(1)
    with directory.serving(f"http://127.0.0.1:{port}/login/back") as provider:
        named: dict[str, Any] = {
            "provider": "oidc",
            "oidc_issuer": provider.url,
            "oidc_client_id": CLIENT,
            "oidc_client_secret_file": str(folder / "secret"),
            "oidc_scopes": ("profile", "groups"),
            "operators": ("group:admins",),
        }
        with door(folder, port=port, **named) as url:
            yield url, provider


@pytest.fixture
def url(places: tuple[str, Directory]) -> str:
    return places[0]


@pytest.fixture
def provider(places: tuple[str, Directory]) -> Directory:
    return places[1]


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as client:
        yield client


def sent_away(browser: httpx.Client, url: str, wanted: str = "/") -> str:
    answer = browser.get(f"{url}/login?next={wanted}")
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_somebody_logs_in_there_and_is_known_here(
    url: str, provider: Directory, browser: httpx.Client
) -> None:
    there = sent_away(browser, url, "/?wanted")
    back = provider.log_in(browser, there, "alice", PASSWORD)
    assert browser.get(back).headers["Location"] == "/?wanted"
    who = browser.get(url).json()
    assert (who["name"], who["display"], who["role"]) == ("alice", "Alice Smith", "operator")
    assert who["groups"] == ["admins", "analysts"] and who["username"] == "alice" and who["login"]


def test_somebody_without_groups_is_a_viewer(
    url: str, provider: Directory, browser: httpx.Client
) -> None:
    browser.get(provider.log_in(browser, sent_away(browser, url), next(PEOPLE), PASSWORD))
    assert (browser.get(url).json()["role"], browser.get(url).json()["groups"]) == ("viewer", [])


def test_logging_out_does_not_log_in_again(
    url: str, provider: Directory, browser: httpx.Client
) -> None:
    browser.get(provider.log_in(browser, sent_away(browser, url), next(PEOPLE), PASSWORD))
    xsrf = {"_xsrf": browser.cookies["_xsrf"]}
    answer = browser.post(f"{url}/logout", data=xsrf, follow_redirects=True)
    assert "You have logged out" in answer.text
    assert browser.get(url).status_code == 302


def test_what_is_asked_there_binds_browser_and_code(url: str, browser: httpx.Client) -> None:
    one, other = (parse_qs(urlsplit(sent_away(browser, url)).query) for _ in range(2))
    for key in ("state", "nonce", "code_challenge"):
        assert len(one[key][0]) >= 43 and one[key] != other[key]
    assert one["code_challenge_method"] == ["S256"] and one["response_type"] == ["code"]
    assert "openid" in one["scope"][0].split()


def test_two_tabs_may_log_in_in_any_order(
    url: str, provider: Directory, browser: httpx.Client
) -> None:
    first, second = sent_away(browser, url, "/?one"), sent_away(browser, url, "/?two")
    with httpx.Client(timeout=60) as elsewhere:
        backs = [provider.log_in(elsewhere, first, next(PEOPLE), PASSWORD)]
    with httpx.Client(timeout=60) as elsewhere:
        backs.append(provider.log_in(elsewhere, second, next(PEOPLE), PASSWORD))
    assert [browser.get(each).headers["Location"] for each in backs[::-1]] == ["/?two", "/?one"]


def test_an_answer_of_another_browser_is_refused(
    url: str, provider: Directory, browser: httpx.Client
) -> None:
    """Login CSRF: whoever makes somebody open this must not log him in as himself."""
    with httpx.Client(timeout=60) as attacker:
        back = provider.log_in(attacker, sent_away(attacker, url), next(PEOPLE), PASSWORD)
    answer = browser.get(back)
    assert answer.status_code == 403 and "begun elsewhere" in answer.text
    assert browser.get(url).status_code == 302


def test_an_answer_is_good_once(url: str, provider: Directory, browser: httpx.Client) -> None:
    back = provider.log_in(browser, sent_away(browser, url), next(PEOPLE), PASSWORD)
    kept = dict(browser.cookies)
    assert browser.get(back).headers["Location"] == "/"
    with httpx.Client(timeout=60, cookies=kept) as thief:
        assert thief.get(back).status_code == 403
        assert thief.get(url).status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        {"code": "made-up"},
        {"code": ""},
        {"state": "made-up"},
        {"iss": "https://evil.example"},
        {"error": "access_denied", "error_description": "<script>alert(1)</script>"},
    ],
    ids=lambda each: next(iter(each)) + str(len(next(iter(each.values())))),
)
def test_an_answer_that_was_changed_is_refused(
    url: str, provider: Directory, browser: httpx.Client, change: dict[str, str]
) -> None:
    back = provider.log_in(browser, sent_away(browser, url), next(PEOPLE), PASSWORD)
    given = {key: value[0] for key, value in parse_qs(urlsplit(back).query).items()}
    answer = browser.get(f"{url}/login/back?{urlencode({**given, **change})}")
    assert answer.status_code == 403 and "Log in" in answer.text
    assert "alert(1)" not in answer.text
    assert browser.get(url).status_code == 302


def test_a_code_for_another_browser_does_not_fit(
    url: str, provider: Directory, browser: httpx.Client
) -> None:
    """A stolen code, brought with a state of one's own: PKCE and nonce are another's."""
    with httpx.Client(timeout=60) as victim:
        stolen = provider.log_in(victim, sent_away(victim, url), next(PEOPLE), PASSWORD)
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    mine = parse_qs(urlsplit(sent_away(browser, url)).query)["state"][0]
    given = {"code": code, "state": mine, "iss": provider.url}
    assert browser.get(f"{url}/login/back?{urlencode(given)}").status_code == 403
    assert browser.get(url).status_code == 302


@pytest.mark.parametrize(
    "named",
    [
        {"oidc_issuer": "http://127.0.0.1:9"},
        {"oidc_issuer": "{url}/"},
        {"oidc_issuer": "http://provider.example"},
    ],
    ids=["silent", "another", "no-tls"],
)
def test_a_provider_that_cannot_be_used_is_said_and_lets_nobody_in(
    provider: Directory, tmp_path: Path, named: dict[str, str]
) -> None:
    given = {key: value.format(url=provider.url) for key, value in named.items()}
    with door(tmp_path, provider="oidc", oidc_client_id=CLIENT, **given) as url:
        answer = httpx.get(f"{url}/login", timeout=60)
        assert answer.status_code == 503 and "try again later" in answer.text
        assert httpx.get(f"{url}/login/back?code=x&state=y").status_code == 403


def test_a_wrong_secret_lets_nobody_in(provider: Directory, url: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("wrong")
    named = {"provider": "oidc", "oidc_issuer": provider.url, "oidc_client_id": CLIENT}
    named |= {"oidc_client_secret_file": str(tmp_path / "secret"), "address": url}
    with door(tmp_path, **named) as other, httpx.Client(timeout=60) as browser:
        back = provider.log_in(browser, sent_away(browser, other), next(PEOPLE), PASSWORD)
        assert browser.get(back.replace(url, other)).status_code == 403
