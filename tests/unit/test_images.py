"""`dashops images`: what is built, where images go, and which files are refused."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from containers import FRESH, applied

from dashops import errors, images, stack
from dashops.plan import Event
from dashops.run import Fake, Result
from dashops.stack import Stack
from dashops.targets import compose
from dashops.targets.compose.facts import Facts

Engine = Callable[[Facts], None]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Says what is on the engine."""

    def has(facts: Facts) -> None:
        monkeypatch.setattr(compose, "facts", lambda *_: facts)

    return has


def read(folder: Path, text: str = "") -> Stack:
    return stack.parse(f"name: demo\ntarget: compose\n{text}", folder / "dashops.yaml", {})


def ignore(_: Event) -> None: ...


def packed(path: Path, tags: list[str]) -> Path:
    """A file as `docker save` writes it."""
    told = json.dumps([{"Config": "x.json", "RepoTags": [tag]} for tag in tags]).encode()
    with tarfile.open(path, "w") as file:
        about = tarfile.TarInfo("manifest.json")
        about.size = len(told)
        file.addfile(about, io.BytesIO(told))
    return path


def test_what_is_missing_is_built_and_nothing_is_started(tmp_path: Path, engine: Engine) -> None:
    wanted = read(tmp_path)
    engine(FRESH)
    run = Fake()
    done = images.build(wanted, run, ignore)
    assert tuple(done.made) == compose.SLOTS == tuple(done.images)
    built = [call for call in run.calls if "build" in call]
    assert sorted(call[-1] for call in built) == ["dashboard-1", "gateway-1", "notebook", "proxy"]
    assert {call[call.index("--file") + 1] for call in built} == {
        str(wanted.state_dir / "building" / "compose.yaml")
    }
    assert not any("up" in call for call in run.calls)
    assert not (wanted.state_dir / "rendered").exists(), "what is applied stays"
    assert not (wanted.state_dir / "building").exists()


def test_a_second_build_has_nothing_to_do(tmp_path: Path, engine: Engine) -> None:
    engine(applied(read(tmp_path)))
    run = Fake()
    assert images.build(read(tmp_path), run, ignore).made == []
    assert run.calls == []


def test_who_holds_ports_is_of_no_concern(tmp_path: Path, engine: Engine) -> None:
    engine(Facts(**{**vars(applied(read(tmp_path))), "taken": (8866,)}))
    images.build(read(tmp_path), Fake(), ignore)


def test_the_local_target_has_no_images(tmp_path: Path) -> None:
    with pytest.raises(errors.SpecError, match="the target `local` has no images"):
        images.build(read(tmp_path).on("local"), Fake(), ignore)
    assert not (tmp_path / ".dashops").exists()


@pytest.mark.parametrize("verb", [images.push, images.pull])
def test_a_registry_must_be_named(tmp_path: Path, verb: Any) -> None:
    with pytest.raises(errors.SpecError) as caught:
        verb(read(tmp_path), Fake(), ignore)
    assert "`images.registry`" in caught.value.hint


REGISTRY = "images: {registry: registry.example.com/team}"


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_all_images_go_to_the_registry_and_come_from_it(
    tmp_path: Path, engine: Engine, verb: str
) -> None:
    wanted = read(tmp_path, REGISTRY)
    engine(applied(wanted))
    run = Fake()
    done = getattr(images, verb)(wanted, run, ignore)
    assert run.calls == [("docker", verb, "--quiet", tag) for tag in done.images.values()]
    assert all(tag.startswith("registry.example.com/team/dashops-demo-") for *_, tag in run.calls)


SAID = {
    "unauthorized: authentication required": ("not logged in", "docker login registry.example.com"),
    "denied: requested access to the resource is denied": ("not logged in", "docker login"),
    "dial tcp 10.0.0.1:443: connect: connection refused": ("does not answer", "dashops.yaml:3"),
    "lookup registry.example.com: no such host": ("does not answer", "images.registry"),
    "http: server gave HTTP response to HTTPS client": ("speaks no TLS", "insecure-registries"),
    "x509: certificate signed by unknown authority": ("does not trust", "/etc/docker/certs.d/"),
}


@pytest.mark.parametrize("said", SAID)
def test_why_a_registry_refuses_is_said(tmp_path: Path, engine: Engine, said: str) -> None:
    wanted = read(tmp_path, REGISTRY)
    engine(applied(wanted))
    message, hint = SAID[said]
    with pytest.raises(errors.ToolError, match=message) as caught:
        images.push(wanted, Fake({"docker push": Result(("docker",), 1, "", said)}), ignore)
    assert hint in caught.value.hint and said in caught.value.where


def test_a_file_of_images_is_for_its_owner_and_whole(tmp_path: Path, engine: Engine) -> None:
    engine(applied(read(tmp_path)))
    file = tmp_path / "all.tar"
    file.write_text("of before")
    with pytest.raises(errors.ToolError):
        failing = Fake({"docker save": Result(("docker",), 1, "", "no space left on device")})
        images.save(read(tmp_path), file, failing, ignore)
    assert file.read_text() == "of before"
    assert [path.name for path in tmp_path.glob(".all*")] == []
    run = Fake()
    done = images.save(read(tmp_path), file, run, ignore)
    assert run.calls[-1][:3] == ("docker", "save", "--output")
    assert run.calls[-1][4:] == tuple(done.images.values())
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_up_wants_is_loaded(tmp_path: Path, engine: Engine) -> None:
    engine(FRESH)
    tags = list(compose.images(compose.files(read(tmp_path), FRESH)).values())
    file = packed(tmp_path / "all.tar", [*tags, "more:1"])
    run = Fake()
    assert list(images.load(read(tmp_path), file, run, ignore).images.values()) == tags
    assert run.calls == [("docker", "load", "--quiet", "--input", str(file))]


def test_a_file_with_other_images_is_refused(tmp_path: Path, engine: Engine) -> None:
    engine(FRESH)
    tags = list(compose.images(compose.files(read(tmp_path), FRESH)).values())
    others = {
        "holds images of `sales`, and not all of `demo`": [f"dashops-sales-{n}:1" for n in "ab"],
        "holds gateway of another dashops, or made with other settings": [
            tags[0].partition(":")[0] + ":1",
            *tags[1:],
        ],
        "does not hold the images of gateway": ["python:3.12", *tags[1:]],
    }
    for message, inside in others.items():
        file = packed(tmp_path / "all.tar", inside)
        run = Fake()
        with pytest.raises(errors.DashopsError) as caught:
            images.load(read(tmp_path), file, run, ignore)
        assert message in caught.value.message and tags[0] in caught.value.where
        assert run.calls == []


@pytest.mark.parametrize("content", [None, b"", b"junk" * 999, b"tar"])
def test_a_file_without_images_is_said(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "all.tar"
    if content == b"tar":
        with tarfile.open(file, "w"):
            pass
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(errors.SpecError, match=r"there is no file|holds no images"):
        images.load(read(tmp_path), file, Fake(), ignore)
