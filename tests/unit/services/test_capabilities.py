"""Who may use a page's kernel, how long, and where its key leads otherwise."""

import asyncio
import re
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from jupyter_server.auth import User
from test_kernels import LIMITS, Gateway, revision

from dashops.services.dashboard import addresses, admission, capabilities, kernels, sandbox

BOB = User(username="bob", name="Bob")
PATH = "/dashboards/sales/"


@pytest.fixture
def world():
    """Open kernels and their keys, and how Bob gets one."""
    manager = kernels.Kernels()
    manager.settings, gateway = LIMITS, Gateway()
    manager.gateways = SimpleNamespace(
        usable=lambda: [gateway], all=[gateway], lost=lambda _: False
    )
    held = capabilities.Capabilities(manager)

    def grant(number=1, **more):
        wanted = revision(number)

        async def start(env):
            return await manager.start(wanted, env, bytes)

        kernel = asyncio.run(manager.open(wanted, BOB, start))
        asked = {"user": BOB, "kernel": kernel, "text": "{}", "path": PATH, "main": "http://m"}
        return held.grant(capabilities.Capability(**asked | more))

    return manager, held, grant


def test_a_page_is_fetched_once_and_its_key_lasts_as_long_as_its_kernel(world):
    manager, held, grant = world
    key = grant()
    assert held.claim(key.token, "/dashboards/other/") is None
    assert held.claim(key.token, PATH) is key
    assert held.claim(key.token, PATH) is None
    assert held.open(key.token) is key
    asyncio.run(manager.end(key.kernel.kernel_id, "left"))
    assert held.open(key.token) is None and held.known(key.token) is key


def test_a_page_that_nobody_fetches_gives_its_kernel_back(world):
    manager, held, grant = world
    key, fetched = grant(), grant()
    held.claim(fetched.token, PATH)
    for each in (key, fetched):
        if each.kernel.visit.left:
            each.kernel.visit.left -= capabilities.CLAIM + 1
    asyncio.run(manager.sweep())
    assert held.claim(key.token, PATH) is None
    assert held.open(fetched.token) is fetched


def test_no_two_keys_are_alike_and_none_can_be_guessed(world):
    _, _, grant = world
    tokens = {grant(number).token for number in range(9)}
    assert len(tokens) == 9
    assert all(re.fullmatch(capabilities.TOKEN, each) for each in tokens)


def test_ended_keys_are_forgotten_some_day_and_open_ones_never(world, monkeypatch):
    manager, held, grant = world
    monkeypatch.setattr(capabilities, "REMEMBERED", 3)
    first = grant()
    for number in range(5):
        asyncio.run(manager.end(grant(number).kernel.kernel_id, "left"))
    last = grant()
    assert held.known(first.token) is first and held.known(last.token) is last
    assert len(held._all) == 3


def test_a_kernel_that_dies_again_and_again_loads_its_page_once(world):
    _, held, grant = world
    first, second = grant(), grant()
    assert held.again(first) and not held.again(second)
    assert held.again(first) and not held.again(second)
    held._again[("bob", "sales")] = time.monotonic() - capabilities.PAUSE - 1
    assert held.again(grant())


def test_a_stranger_is_somebody_else_each_time_and_yet_counted(world):
    _, held, grant = world
    first, second = (User(f"{admission.STRANGER}ab12-{visit}") for visit in "12")
    assert held.again(grant(user=first)) and not held.again(grant(user=second))


CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15"


def asked(host, agent=SAFARI, how=addresses.of, **settings):
    server = {"port": 1, "content_port": 2, "address": "", "content_address": "", **settings}
    found = {"kernel_manager": SimpleNamespace(settings=SimpleNamespace(**server))}
    request = SimpleNamespace(protocol="http", host=host, headers={"User-Agent": agent})
    return how(found, request)


@pytest.mark.parametrize("host", ["dash.example:1", "dash.example:2", "dash.example"])
def test_the_origins_are_on_the_host_that_a_viewer_used(host):
    assert asked(host) == addresses.Addresses("http://dash.example:1", "http://dash.example:2")


@pytest.mark.parametrize("host", ["localhost:1", "a.localhost:2", "127.0.0.1"])
def test_this_machine_has_one_main_origin(host):
    assert asked(host) == addresses.Addresses("http://127.0.0.1:1", "http://127.0.0.1:2")


@pytest.mark.parametrize(
    ("host", "address", "elsewhere"),
    [
        ("localhost:1", "", "http://127.0.0.1:1"),
        ("127.0.0.1:1", "", ""),
        ("localhost:1", "http://dash.localhost:1", "http://dash.localhost:1"),
        ("dash.localhost:1", "http://dash.localhost:1", ""),
    ],
)
def test_only_another_name_of_this_machine_leads_on(host, address, elsewhere):
    assert asked(host, how=addresses.main_elsewhere, address=address) == elsewhere


def test_public_addresses_are_as_configured():
    public = {"address": "https://a.example", "content_address": "https://b.example"}
    found = asked("127.0.0.1:1", **public)
    assert (found.main, found.content) == ("https://a.example", "https://b.example")
    assert found.of("sales") == "https://b.example"
    assert addresses.hosts(found.content, ("127.0.0.1",)) == {"127.0.0.1", "b.example"}


@pytest.mark.parametrize("agent", [CHROMIUM, FIREFOX])
@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost:1"])
def test_browsers_on_this_machine_find_each_dashboard_below_localhost(host, agent):
    found = asked(host, agent)
    assert found.main == "http://127.0.0.1:1"
    first, second = found.of("a.b"), found.of("a_b")
    assert first != second
    for each in (first, second):
        name = urlsplit(each).hostname
        assert each == f"http://{name}:2" and addresses.is_own(name, "")
        assert re.fullmatch(r"a-b-[0-9a-f]{16}\.localhost", name)
        assert asked(f"{name}:2", agent).main == "http://127.0.0.1:1"


@pytest.mark.parametrize("host", ["192.0.2.7:1", "dash.example:1", "[::1]:1"])
def test_where_names_below_localhost_lead_elsewhere_they_are_not_used(host):
    assert asked(host, CHROMIUM).content == f"http://{host[:-2]}:2"


def test_a_domain_may_have_a_host_for_each_dashboard():
    where = {"address": "https://a.example", "content_address": "https://*.b.example"}
    found = asked("a.example", **where)
    name = urlsplit(found.of("sales")).hostname
    assert re.fullmatch(r"sales-[0-9a-f]{16}\.b\.example", name)
    assert addresses.is_own(name, found.content)
    for other in ("b.example", "www.b.example", f"x.{name}", f"{name}.evil.example", "*.b.example"):
        assert not addresses.is_own(other, found.content)
        assert other not in addresses.hosts(found.content, ("127.0.0.1",))
    assert not addresses.is_own("sales-0123456789abcdef.localhost", found.content)


@pytest.mark.parametrize(
    ("said", "proxied", "found"),
    [
        ("192.0.2.1", True, "192.0.2.1"),
        ("10.9.9.9, 192.0.2.1", True, "192.0.2.1"),
        ("192.0.2.1,2001:db8::1", True, "2001:db8::1"),
        ("192.0.2.1, unknown", True, "127.0.0.1"),
        ("", True, "127.0.0.1"),
        ("192.0.2.1", False, "127.0.0.1"),
    ],
)
def test_a_proxy_says_who_sent_a_request_and_nobody_else(said, proxied, found):
    request = SimpleNamespace(remote_ip="127.0.0.1", headers={"X-Forwarded-For": said})
    assert addresses.sender({"proxied": proxied}, request) == found


@pytest.mark.parametrize("name", ["a", "x" * 63, "a--b", "xn--a", "0._-", "a" * 39 + "-b"])
def test_a_label_is_a_good_part_of_a_host_name(name):
    label = addresses.label(name)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) and len(label) <= 63
    assert "--" not in label and addresses.is_own(f"{label}.localhost", "")


def test_an_ipv6_address_keeps_its_brackets():
    assert asked("[::1]:1").content == "http://[::1]:2"


def test_a_page_may_load_what_is_below_its_own_key_only(world):
    _, _, grant = world
    key = grant(content="http://c")
    policy = sandbox.policy(key, "/v-1/")
    assert "allow-same-origin" not in policy and "'self'" not in policy
    assert f"connect-src http://c/v-1/ http://c{key.base} ws://c{key.base};" in policy
    assert policy.endswith("frame-ancestors 'none'")
    plain = sandbox.policy(grant(content="http://c", chrome=False), "/v-1/")
    assert plain.endswith("frame-ancestors http://m")


def test_a_page_has_an_origin_only_where_no_other_dashboard_has_it(world):
    _, _, grant = world
    shared, own = grant(content="http://c:2"), grant(content="https://d.c:2", own=True)
    assert (shared.origin, own.origin) == ("null", "https://d.c:2")
    assert "allow-same-origin" in sandbox.policy(own, "/v-1/")
    assert f"wss://d.c:2{own.base};" in sandbox.policy(own, "/v-1/")
    assert own.fits("d.c") and not own.fits("c") and not own.fits("e.c")
    assert shared.fits("c")


def test_a_log_has_no_key(world):
    _, _, grant = world
    key = grant()
    shown = sandbox.shown(f"{key.base}dashboards/sales/")
    assert shown == "/c/.../dashboards/sales/"
