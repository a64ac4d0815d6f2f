"""What another host lacks, what it is sent and why, decided from what it said of itself."""

import base64
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from containers import FRESH
from machines import ADDRESS, READY, machine

from dashops import stack as stacks
from dashops.errors import DashopsError, SpecError, ToolError
from dashops.run import Fake
from dashops.stack import Stack
from dashops.targets import compose
from dashops.targets.compose import recipe
from dashops.targets.compose.facts import Facts
from dashops.targets.compose.host import files, findings, images, link, refusals
from dashops.targets.compose.host.asking import Machine
from dashops.targets.compose.host.link import Link

FIRST = machine(READY, "engine engine_runs socket enabled docker home owner file")


def away(text: str = "") -> Stack:
    env = {"DASHOPS_HOST": ADDRESS, "DASHOPS_TARGET": "compose"}
    return stacks.parse(text, Path("/srv/demo/dashops.yaml"), env)


def there(host: Machine, known: Facts = FRESH) -> Facts:
    return replace(known, host=host, architecture="amd64")


def told(wanted: Stack, facts: Facts) -> list[str]:
    found = compose.up(wanted, facts, compose.files(wanted, facts))
    return [f"{each.slot}: {each.action} ({each.reason})" for each in found]


def fixes(host: Machine, *ports: int, ours: str = "amd64") -> dict[str, str]:
    found = findings.find(host, ports, ours)
    return {each.name: f"{each.level}: {each.what}" for each in found}


def test_what_it_said_is_understood() -> None:
    found = machine()
    assert (found.user, found.uid, found.engine) == ("ops", 1000, "20.10.24+dfsg1")
    assert found.listening == {22, 8866}
    assert found.files["rendered/proxy/Caddyfile"] == "ab12"
    assert found.strange == ("secrets/deploy-token",)
    assert found.answers


def test_a_ready_host_lacks_nothing() -> None:
    assert not findings.needs(machine())
    assert set(fixes(machine()).values()) >= {"ok: free", "ok: `amd64`, as here"}
    assert not [each for each in fixes(machine()).values() if each.startswith("error")]


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        ("engine enabled", "Docker Engine is not installed"),
        ("engine_runs", "Docker Engine does not run"),
        ("enabled", "Docker Engine does not start with the machine"),
        ("socket", "`ops` is not in the group `docker`"),
        ("home", "there is no `/var/lib/dashops` for us"),
    ],
)
def test_what_is_missing_is_prepared(gone: str, reason: str) -> None:
    assert findings.needs(machine(READY, gone)) == [reason]


def test_without_sudo_somebody_else_must_prepare_it() -> None:
    host = machine(READY, "root engine enabled")
    assert fixes(host)["sudo"].startswith("error: `ops` may not use `sudo`")
    with pytest.raises(SpecError, match="not ready: `ops` may not use `sudo`"):
        compose.check(away(), there(host))
    assert fixes(machine(READY, "root"))["sudo"].startswith("note")


def test_an_engine_must_be_new_enough() -> None:
    host = replace(machine(), engine="19.03.5")
    assert fixes(host)["engine"] == "error: Docker Engine 19.03.5 is too old"


def test_only_apt_is_known() -> None:
    assert fixes(machine(READY, "apt engine"))["engine"].startswith("error")


def test_another_architecture_is_refused() -> None:
    host = replace(machine(), architecture="aarch64")
    assert "`arm64`" in fixes(host)["architecture"]
    with pytest.raises(SpecError, match="images built here are `amd64`"):
        compose.check(away(), there(host))


def test_a_disk_must_hold_the_images() -> None:
    host = replace(machine(READY, "file owner"), free=10**9)
    assert fixes(host)["disk"] == "error: 1.0 GB free"


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, "ok"), (-3, "ok"), (20, "note"), (-20, "note"), (90, "error")]
)
def test_clocks_are_compared(seconds: float, level: str) -> None:
    assert fixes(machine(seconds=seconds))["clock"].startswith(level)


def test_ports_are_those_of_the_host() -> None:
    assert fixes(machine(), 8866)["ports"] == "error: taken by other programs: 8866"
    facts = replace(there(machine()), taken=(8866,))
    with pytest.raises(SpecError, match="port 8866 of the dashboard slot is taken"):
        compose.check(away(), facts)


def test_a_folder_of_this_machine_is_refused(tmp_path: Path) -> None:
    wanted = away(f"notebook: {{folder: {tmp_path}}}")
    with pytest.raises(SpecError, match="a folder of this machine, which the host does not see"):
        compose.check(wanted, there(machine()))


def test_a_source_tree_of_this_machine_is_refused() -> None:
    with pytest.raises(SpecError, match="`develop` mounts the source tree of this machine"):
        compose.check(away("develop: [gateway]"), there(machine()))


def test_the_first_up_prepares_builds_here_and_sends() -> None:
    found = told(away(), there(FIRST))
    assert found[0].startswith("host: prepare the host (Docker Engine is not installed")
    slots = "gateway, dashboard, notebook, proxy"
    assert f"images: send images to machine (not there: {slots})" in found
    assert "files: send files to machine (none are there)" in found
    assert found.index("proxy: build image (image is missing)") < found.index(
        f"images: send images to machine (not there: {slots})"
    )


def test_what_cannot_be_asked_is_not_said_to_be_down() -> None:
    facts = there(machine(READY, "engine_runs"))
    with pytest.raises(ToolError, match="so nothing there can be removed"):
        list(compose.down(away(), facts))
    assert list(compose.down(away(), there(FIRST))) == []


def test_images_that_are_built_are_only_sent() -> None:
    wanted = away()
    made = compose.files(wanted, there(FIRST))
    built = tuple(recipe.said(made, slot, "image") for slot in compose.SLOTS)
    facts = there(FIRST, replace(FRESH, built=built))
    assert not [each for each in told(wanted, facts) if "build" in each]


def test_compose_runs_here_and_mounts_what_is_there() -> None:
    facts = replace(there(FIRST), environment={"DOCKER_HOST": "unix:///way"})
    steps = list(compose.up(away(), facts, compose.files(away(), facts)))
    starts = [each for each in steps if each.kind == "start"]
    assert len(starts) == 4
    for each in starts:
        words = [str(word) for word in each.argv]
        place = words[words.index("--project-directory") + 1]
        assert place == "/var/lib/dashops/demo/rendered"
        assert each.env["DOCKER_HOST"] == "unix:///way"
    for each in steps:
        if each.action == "build image":
            assert "DOCKER_HOST" not in each.env and "--project-directory" not in each.argv


def test_the_operators_files_are_mounted_from_where_they_are_sent(tmp_path: Path) -> None:
    for name in ("own.pem", "own.key"):
        (tmp_path / name).write_text("x")
    text = f"proxy: {{certificate: {tmp_path}/own.pem, certificate_key: {tmp_path}/own.key}}"
    made = compose.files(away(text), there(machine()))["compose.yaml"]
    assert "/var/lib/dashops/demo/given/proxy/0/own.pem:/given/0/own.pem:ro" in made


def test_only_what_differs_is_sent_and_the_rest_removed(tmp_path: Path) -> None:
    run = Fake()
    way = Link(ADDRESS, "", tmp_path)
    have = {"rendered/a": files.total(b"same"), "rendered/b": "old", "rendered/c": "x"}
    want = {"rendered/a": b"same", "rendered/b": b"new", "secrets/t": b"secret"}
    sent: list[str] = []

    def noting(*argv: str | Path, **told: object) -> object:
        sent.append(getattr(told.get("stdin"), "reveal", str)())
        return run(*argv)

    assert files.send(way, "/var/lib/dashops/demo", 1000, have, want, noting) == 3  # type: ignore[arg-type]
    archive = tarfile.open(fileobj=io.BytesIO(base64.b64decode(sent[0])))  # noqa: SIM115
    entries = {each.name: (each.mode, each.uid) for each in archive if each.isfile()}
    assert entries == {"rendered/b": (0o600, 1000), "secrets/t": (0o600, 1000)}
    assert "rendered/c" in run.calls[1][-1]
    assert not [word for call in run.calls for word in call if "secret" in word and "/" not in word]


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ("Host key verification failed.", "is not known here", "ssh-keyscan -p 2200 machine"),
        ("REMOTE HOST IDENTIFICATION HAS CHANGED!", "not the one", "ssh-keygen -R machine"),
        ("ops@machine: Permission denied (publickey).", "accepts no key", "ssh-copy-id"),
        ("Could not resolve hostname machine: Name", "no host `machine`", ".ssh/config"),
        ("connect to host machine port 2200: Connection refused", "port 2200", "ssh://user@host"),
        ("connect to host machine port 2200: Connection timed out", "does not answer", "runs"),
        ("kex_exchange_identification: read", "no connection", "by hand"),
    ],
)
def test_what_ssh_says_is_said_in_words(said: str, message: str, hint: str) -> None:
    found = refusals.named("ssh://ops@machine:2200", ToolError("failed", where=said))
    assert message in found.message and hint in found.hint and found.where == said


def test_sockets_are_in_a_folder_that_nobody_else_enters(tmp_path: Path) -> None:
    link.make_room(tmp_path / "own")
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700
    link.make_room(tmp_path / "own")
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "own")
    for name in ("open", "elsewhere"):
        with pytest.raises(DashopsError, match="is not a folder of this user alone"):
            link.make_room(tmp_path / name)


def test_a_full_disk_is_named() -> None:
    found = images.refused("write /var/lib/docker/x: no space left on device")
    assert found.message == "the disk of the host is full"


@pytest.mark.parametrize("text", ["host", "ssh://-oProxyCommand=x", "ssh://u:pw@h", "ssh://a b"])
def test_an_address_is_one_of_ssh(text: str) -> None:
    with pytest.raises(SpecError, match="should be like `ssh://user@host`"):
        stacks.parse("", Path("/srv/demo/dashops.yaml"), {"DASHOPS_HOST": text})


def test_the_last_host_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "dashops.yaml"
    file.write_text("")
    (tmp_path / ".dashops").mkdir()
    (tmp_path / ".dashops" / "target").write_text("compose\n")
    (tmp_path / ".dashops" / "host").write_text(f"{ADDRESS}\n")
    assert stacks.load(file, {}).host == ADDRESS
    assert stacks.load(file, {}, host="").host is None
    assert stacks.load(file, {}, target="local").host is None
    assert stacks.load(file, {}, host="ssh://other").target == "compose"
