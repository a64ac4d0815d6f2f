"""The compose target decides from facts given as data."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from containers import FRESH, applied
from test_local import FRESH as LOCAL

from dashops import errors, run, stack
from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets import compose, local, machine, origin
from dashops.targets.compose import engine, health, recipe
from dashops.targets.compose.facts import Facts


def read(text: str = "") -> Stack:
    return stack.parse(text, Path("/srv/demo/dashops.yaml"), {})


def told(wanted: Stack, facts: Facts) -> list[str]:
    files = compose.files(wanted, facts)
    steps: list[Step] = [*compose.up(wanted, facts, files), *compose.tidy(wanted, facts, files)]
    return [f"{each.slot}: {each.action} ({each.reason})" for each in steps if each.slot != "files"]


def changed(facts: Facts, slot: str, **values: object) -> Facts:
    several = [replace(each, **values) if each.slot == slot else each for each in facts.containers]
    return replace(facts, containers=tuple(several))


def test_the_first_up_builds_and_starts_everything() -> None:
    slots = ("gateway", "dashboard", "notebook", "proxy")
    assert told(read(), FRESH) == [
        "wheel: pack dashops (images are missing)",
        *(f"{slot}: build image (image is missing)" for slot in slots),
        *(f"{slot}: start container (not running)" for slot in slots),
    ]


def test_the_second_has_nothing_to_do() -> None:
    assert told(read(), applied(read())) == []


def test_only_what_reads_a_changed_file_is_replaced() -> None:
    assert told(read("dashboard: {title: Sales}"), applied(read())) == [
        "dashboard: start dashboard-2 beside dashboard-1 "
        "(recipe changed: dashboard/dashboard.toml)",
        "dashboard: check dashboard-2, send visitors to it (dashboard-1 serves)",
        "dashboard: remove dashboard-1 (replaced)",
    ]


def test_a_server_that_did_not_say_whether_it_serves_is_relieved_too() -> None:
    silent = changed(applied(read()), "dashboard", said={}, health="unhealthy")
    assert told(read(), silent) == []
    assert ("dashboard: check dashboard-2, send visitors to it (dashboard-1 may serve)") in told(
        read("dashboard: {title: Sales}"), silent
    )


def test_a_package_makes_images_anew_and_the_old_ones_go() -> None:
    found = told(read("environment: {packages: [bokeh]}"), applied(read()))
    assert "gateway: build image (image changed)" in found
    assert "notebook: build image (image changed)" in found
    assert not any(each.startswith(("dashboard:", "proxy:")) for each in found)
    assert found[-1] == "images: remove images (no longer used)"


def test_a_new_secret_reaches_those_who_read_it() -> None:
    facts = applied(read())
    without = tuple(name for name in facts.secrets if name != "notebook-token")
    assert told(read(), replace(facts, secrets=without)) == [
        "notebook: replace container (new secret: notebook-token)"
    ]


@pytest.mark.parametrize("state", ["exited", "paused", "dead"])
def test_what_does_not_run_is_started(state: str) -> None:
    facts = changed(applied(read()), "gateway", state=state)
    assert told(read(), facts) == [f"gateway: replace container (container is {state})"]


def test_containers_run_one_after_the_other() -> None:
    steps = compose.up(read(), FRESH, compose.files(read(), FRESH))
    assert all(each.alone for each in steps if "container" in each.action)


def test_what_was_changed_by_hand_is_named() -> None:
    facts = changed(applied(read()), "proxy", state="exited")
    facts = changed(facts, "gateway", digest="of another")
    found = compose.drift(read(), facts, facts.rendered)
    assert [f"{each.subject} {each.what}" for each in found] == [
        "gateway has a container `dashops-demo-gateway-1` made from other files",
        "proxy has a container `dashops-demo-proxy-1` that is exited",
    ]


def test_only_the_proxy_has_ports_and_only_on_loopback() -> None:
    services = yaml.safe_load(compose.files(read(), FRESH)["compose.yaml"])["services"]
    ports = {slot: each.get("ports", []) for slot, each in services.items()}
    assert {slot for slot, each in ports.items() if each} == {"proxy"}
    assert all(each.startswith("127.0.0.1:") for each in ports["proxy"])


def test_people_elsewhere_come_by_the_public_address_only() -> None:
    wanted = read(
        "dashboard: {address: https://d.example.com, content_address: https://c.example.com}\n"
        "proxy: {bind: 0.0.0.0, email: ops@example.com}"
    )
    files = compose.files(wanted, FRESH)
    ports = yaml.safe_load(files["compose.yaml"])["services"]["proxy"]["ports"]
    assert [each for each in ports if not each.startswith("127.0.0.1:")] == [
        "0.0.0.0:80:80",
        "0.0.0.0:443:443",
    ]
    assert "tls internal" not in files["proxy/Caddyfile"]
    assert "email ops@example.com" in files["proxy/Caddyfile"]


def test_names_of_this_machine_get_an_authority_of_its_own() -> None:
    wanted = read(
        "dashboard: {address: 'https://localhost:8443', "
        "content_address: 'https://content.localhost:8443'}"
    )
    assert compose.files(wanted, FRESH)["proxy/Caddyfile"].count("tls internal") == 2


def test_secrets_are_files_of_those_who_read_them() -> None:
    services = yaml.safe_load(compose.files(read(), FRESH)["compose.yaml"])["services"]
    assert services["gateway-1"]["secrets"] == ["gateway-token"]
    assert set(services["notebook"]["secrets"]) == {"notebook-token", "author-token"}
    assert "secrets" not in services["proxy"]


def test_kernels_reach_nobody_unless_the_stack_says_so() -> None:
    def networks(text: str) -> list[str]:
        made = yaml.safe_load(compose.files(read(text), FRESH)["compose.yaml"])
        assert made["networks"]["kernels"] == {"internal": True}
        return list(made["services"]["gateway-1"]["networks"])

    assert networks("") == ["kernels"]
    assert networks("gateway: {internet: true}") == ["kernels", "outside"]


REFUSED = {
    "environment: {python: '3.12'}": "`environment.python` has no meaning in containers",
    "environment: {offline: true}": "`environment.offline` keeps images from being built",
    "environment: {find_links: [/tmp]}": "`environment.find_links` names a folder",
    "dashboard: {browser: /bin/sh}": "`dashboard.browser` names a program of this machine",
    "dashboard: {database: 'postgresql://bob@db/sales'}": "`dashboard.database` needs a password",
    "dashboard: {address: 'https://d.example.com', content_address: 'https://*.c.example.com'}": (
        "`dashboard.content_address` has a `*`"
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_containers_cannot_have_is_refused(text: str) -> None:
    with pytest.raises(errors.SpecError, match=REFUSED[text].replace("*", r"\*")) as caught:
        compose.check(read(text), FRESH)
    assert caught.value.hint and caught.value.where.endswith("dashops.yaml:1")


def test_another_stack_of_that_name_is_left_alone() -> None:
    facts = changed(applied(read()), "proxy", folder="/elsewhere/.dashops")
    with pytest.raises(errors.SpecError, match="another stack of the name `demo` runs here"):
        compose.check(read(), facts)


def test_a_taken_port_is_named_with_its_setting() -> None:
    with pytest.raises(errors.SpecError, match="port 8867 of the notebook slot is taken"):
        compose.check(read(), replace(FRESH, taken=(8867,)))


def test_a_restart_is_of_the_containers_that_were_seen() -> None:
    facts = changed(applied(read()), "proxy", state="exited")
    gateway, proxy = compose.restart(read(), facts, ["gateway", "proxy"])
    assert gateway.argv == ("docker", "restart", "-t", "15", "id-of-gateway")
    assert (gateway.kind, gateway.ends, proxy.kind, proxy.ends) == (
        "restart",
        ("gateway",),
        "start",
        (),
    )
    assert list(compose.restart(read(), FRESH, ["gateway"])) == []


RENDERED = compose.files(read(), FRESH)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the last `up` wrote."""
    monkeypatch.setattr(machine, "read", lambda _: RENDERED)


INSPECTED = {
    "Name": "/one",
    "Image": "sha",
    "Config": {"Labels": {}, "Image": "image"},
    "HostConfig": {"PortBindings": None},
    "NetworkSettings": {"Networks": {}},
    "State": {
        "Paused": False,
        "Status": "running",
        "Pid": 1,
        "StartedAt": "2026-11-28T11:00:00+00:00",
        "Health": {
            "Log": [{"Start": "2026-11-28T11:00:00+00:00", "Output": '{"serving": true}'}],
        },
    },
}


class Looks:
    """An engine whose containers are in the next of these states at each look."""

    def __init__(self, *looks: dict[str, str]) -> None:
        self._looks = list(looks)
        self.api = self

    def containers(self, **_: object) -> list[dict[str, object]]:
        states = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        return [
            {
                "Id": slot,
                "State": "running",
                "Status": f"Up 9 seconds ({states.get(slot, 'healthy')})",
                "Labels": {"com.docker.compose.service": service},
            }
            for slot in compose.SLOTS
            for service in recipe.services(RENDERED, slot)
        ]

    def inspect_container(self, ident: str) -> dict[str, object]:
        return INSPECTED | {"Id": ident}

    def logs(self, ident: str, tail: int) -> bytes:
        return f"the log of {ident}, {tail} lines".encode()


@pytest.mark.usefixtures("rendered")
def test_who_was_sick_without_its_gateway_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks({"gateway": "starting", "dashboard": "unhealthy"}, {"dashboard": "unhealthy"}, {})
    monkeypatch.setattr(engine, "connected", lambda _: contextlib.nullcontext(looks))
    told: list[str] = []
    compose.wait(read(), lambda event: told.append(f"{event.subject} {event.text}"))
    assert told[-1] == "dashboard wait until dashboard-1 answers"


@pytest.mark.usefixtures("rendered")
def test_who_stays_sick_is_named_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "connected", lambda _: contextlib.nullcontext(looks))
    monkeypatch.setattr(health, "GRACE", 0)
    looks = Looks({"dashboard": "unhealthy"})
    with pytest.raises(errors.ToolError, match="the dashboard slot is unhealthy") as caught:
        compose.wait(read(), lambda _: None)
    assert "the log of dashboard" in caught.value.where


# Digests of the source by slot.
CODE = {"gateway": "one", "dashboard": "one", "notebook": "one"}


def test_a_slot_runs_from_the_source_tree_only_while_it_is_asked_for() -> None:
    plain, wanted = read(), read().developing(["gateway"])
    there = replace(FRESH, code=CODE)
    again = "gateway: start gateway-2 beside gateway-1 (recipe changed: compose.yaml)"
    assert again in told(wanted, applied(plain, there))
    assert again in told(plain, applied(wanted, there))
    made = yaml.safe_load(compose.files(wanted, there)["compose.yaml"])
    service = made["services"]["gateway-1"]
    assert f"{origin.PACKAGE}:/src/dashops:ro" in service["volumes"]
    assert "PYTHONPATH=/src" in service["environment"]


def test_a_change_of_mounted_source_builds_nothing() -> None:
    wanted = read().developing(["gateway"])
    facts = applied(wanted, replace(FRESH, code=CODE))
    assert told(wanted, facts) == []
    assert told(wanted, replace(facts, code={**CODE, "gateway": "two"})) == [
        "gateway: start gateway-2 beside gateway-1 (recipe changed: compose.yaml)",
        "gateway: remove gateway-1 (replaced)",
    ]


def test_all_slots_with_python_can_run_from_the_source_and_no_other() -> None:
    assert read().developing(["all"]).develop == ("gateway", "dashboard", "notebook")
    assert read().developing([]).develop == ()
    with pytest.raises(errors.SpecError, match="`proxy` cannot run from the source tree"):
        read().developing(["proxy"])
    with pytest.raises(errors.SpecError, match="`develop` is for containers"):
        local.check(read("develop: [gateway]"), LOCAL)


def test_a_compose_that_hides_its_failures_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.shutil, "which", lambda name: name)
    said = {
        "docker compose version": "v2.40.0",
        "docker compose no-such-command": run.Result((), 0, "", "unknown command"),
        "docker-compose version": "2.40.1",
        "docker-compose no-such-command": run.Result((), 16, "", "unknown command"),
    }
    assert engine.compose(run.Fake(said)).argv == ("docker-compose",)
