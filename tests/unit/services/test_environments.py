import asyncio
from pathlib import Path

import pytest

from dashops import bundle as bundles
from dashops.services.gateway import environments, failures, locks, tool

LOCK = "a==1 --hash=sha256:" + "a" * 64


class FakeUv:
    """Plays uv: `venv` makes a folder, `compile` writes a lock, `install` may wait or fail."""

    def __init__(self, *said: str, code: int = 0, lock: str = LOCK) -> None:
        self.said, self.code, self.lock = said, code, lock
        self.calls: list[list[str]] = []
        self.env: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, argv, env, cwd, tell) -> int:
        words = list(argv[1:])
        self.calls.append(words)
        self.env = dict(env)
        if words[0] == "venv":
            Path(words[4]).mkdir()
            return 0
        if words[0] == "export":
            (cwd / "pins.txt").write_text("pinned==3\n")
            return 0
        self.files = {path.name: path.read_bytes().decode() for path in cwd.glob("*.*")}
        for line in self.said:
            tell(line)
        await self.gate.wait()
        if words[1] == "compile":
            (cwd / "lock.txt").write_text(self.lock)
        return self.code


def made(tmp_path, uv, *options, limit=5.0):
    return environments.Environments(tmp_path / "environments", tool.Uv(options, {}, limit, uv))


def build(tmp_path, uv, lock=LOCK, archives=()):
    lines = []
    asyncio.run(made(tmp_path, uv).build(lock, archives, lines.append))
    return lines


def names(tmp_path):
    return {path.name for path in (tmp_path / "environments").iterdir()}


def test_an_environment_is_made_once_by_lock_and_hashes_are_asked_for(tmp_path):
    uv = FakeUv("Installed a")
    assert build(tmp_path, uv, archives=[tmp_path / "wheels"]) == ["Installed a"]
    words = " ".join(uv.calls[1])
    assert words.startswith("pip install --require-hashes")
    assert f"--find-links {tmp_path}/wheels" in words
    build(tmp_path, uv)
    assert len(uv.calls) == 2, "the second time it is there"
    build(tmp_path, uv, LOCK + "\n# other")
    assert len(names(tmp_path)) == 2


def test_requests_for_the_same_lock_share_one_build_and_its_lines(tmp_path):
    uv = FakeUv("one")

    async def work():
        uv.gate.clear()
        all_of_them = made(tmp_path, uv)
        heard = [[], [], []]
        first = asyncio.create_task(all_of_them.build(LOCK, (), heard[0].append))
        while not heard[0]:
            await asyncio.sleep(0)
        left = asyncio.create_task(all_of_them.build(LOCK, (), heard[1].append))
        last = asyncio.create_task(all_of_them.build(LOCK, (), heard[2].append))
        await asyncio.sleep(0)
        first.cancel()
        left.cancel()
        uv.gate.set()
        await last
        assert heard == [["one"]] * 3, "who comes late hears what was said"
        assert all_of_them.folder(LOCK), "it goes on when the first one leaves"

    asyncio.run(work())
    assert [words[0] for words in uv.calls] == ["venv", "pip"]


def test_a_failed_one_leaves_nothing_and_can_be_tried_again(tmp_path):
    with pytest.raises(failures.EnvironmentFailed, match="hash differs"):
        build(tmp_path, FakeUv("error: Hash mismatch for `a==1`", code=1))
    assert names(tmp_path) == set()
    build(tmp_path, FakeUv())
    assert len(names(tmp_path)) == 1


def test_one_without_its_mark_is_removed_at_the_start(tmp_path):
    build(tmp_path, FakeUv())
    (tmp_path / "environments" / ("f" * 64)).mkdir()
    assert made(tmp_path, FakeUv()).folder(LOCK)
    assert "f" * 64 not in names(tmp_path)


def test_the_ones_used_longest_ago_go_but_not_those_in_use(tmp_path):
    async def work():
        all_of_them = made(tmp_path, FakeUv())
        locks = [f"{LOCK} # {number}" for number in range(environments.KEPT + 3)]
        for lock in locks:
            await all_of_them.build(lock, (), print)
        all_of_them.folder(locks[1])
        await all_of_them.collect({all_of_them.key(locks[0])})
        assert all_of_them.folder(locks[0]), "in use"
        assert all_of_them.folder(locks[1]), "used just now"
        assert all_of_them.folder(locks[2]) is None
        assert len(names(tmp_path)) == environments.KEPT + 1

    asyncio.run(work())


def test_a_time_limit_ends_it(tmp_path):
    async def work():
        uv = FakeUv("Downloading torch")
        uv.gate.clear()
        await made(tmp_path, uv, limit=0.05).build(LOCK, (), print)

    with pytest.raises(failures.EnvironmentFailed, match=r"within 0\.05 seconds") as caught:
        asyncio.run(work())
    assert caught.value.log == "Downloading torch"
    assert names(tmp_path) == set()


def test_uv_sees_no_secret_and_says_none(tmp_path, monkeypatch):
    monkeypatch.setenv("DASHOPS_DEPLOY_TOKEN", "hidden")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    uv = FakeUv("error: Failed to fetch: https://me:hidden@index.example/simple/a/", code=1)
    lines = []
    with pytest.raises(failures.EnvironmentFailed) as caught:
        asyncio.run(made(tmp_path, uv).build(LOCK, (), lines.append))
    assert "hidden" not in str(uv.env) + str(lines) + str(vars(caught.value))
    assert uv.env["HTTPS_PROXY"] == "http://proxy.example"
    assert "HOME" in uv.env


def lock(wanted, uv, *options):
    lines = []
    text = asyncio.run(locks.make(wanted, tool.Uv(options, {}, 5, uv), lines.append))
    return text, lines


def wanted(files, python=""):
    return bundles.Dependencies("requirements.txt", files, python)


def test_a_lock_is_asked_for_with_a_kernel_in_it_and_the_stacks_settings():
    uv = FakeUv("Resolved 2 packages")
    text, lines = lock(wanted({"requirements.txt": "a\n"}), uv, "--offline")
    assert text == LOCK
    assert "Resolved 2 packages" in lines
    assert uv.files["requirements.txt"] == "a\n"
    assert "ipykernel" in uv.files[locks.OURS]
    assert {"--generate-hashes", "--offline", locks.OURS} <= set(uv.calls[0])


def test_a_uv_lock_is_exported_first():
    uv = FakeUv()
    lock(wanted({"uv.lock": "", "pyproject.toml": ""}), uv)
    assert [words[0] for words in uv.calls] == ["export", "pip"]
    assert uv.files["requirements.txt"] == "pinned==3\n"
    assert "--no-hashes" not in uv.calls[0]
    assert "pyproject.toml" not in uv.files, "uv would read settings from it"


@pytest.mark.parametrize(
    ("line", "portable"),
    [
        ("mine @ file:///tmp/x/wheels/mine-1.0-py3-none-any.whl", "mine==1.0"),
        ("./wheels/My_pkg-2.0-py3-none-any.whl", "my-pkg==2.0"),
        ("wheels/mine-1.0.tar.gz", "mine==1.0"),
        ("mine @ https://example.org/mine-1.0-py3-none-any.whl", None),
    ],
)
def test_a_wheel_of_the_bundle_is_known_by_its_hash_and_not_by_a_folder(line, portable):
    rest = " \\\n    --hash=sha256:" + "a" * 64 + "\n"
    text, _ = lock(wanted({"requirements.txt": ""}), FakeUv(lock=line + rest))
    assert text == (portable or line) + rest


A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
TWO = f"a==1 \\\n    --hash={A} \\\n    --hash={B}\nother==2 \\\n    --hash={C}\n"


def test_hashes_that_the_author_names_are_the_only_ones():
    text, _ = lock(wanted({"requirements.txt": f"A==1 --hash={B}\n"}), FakeUv(lock=TWO))
    assert A not in text
    assert B in text and C in text


def test_a_file_that_the_author_has_not_seen_is_refused():
    files = {"requirements.txt": "-r more.txt\n", "more.txt": f"a==1 \\\n  --hash={C}\n"}
    with pytest.raises(failures.EnvironmentFailed, match="no file of `a==1`"):
        lock(wanted(files), FakeUv(lock=TWO))


def test_what_has_no_hash_is_refused_by_name():
    uv = FakeUv(lock="x @ git+https://example.org/x.git@abc\n")
    with pytest.raises(failures.EnvironmentFailed, match=r"x @ git\+https"):
        lock(wanted({"requirements.txt": ""}), uv)


def test_a_python_the_gateway_has_not_is_refused_before_uv_runs():
    uv = FakeUv()
    with pytest.raises(failures.EnvironmentFailed, match=r"asks for Python >=3\.99, and"):
        lock(wanted({"requirements.txt": ""}, ">=3.99"), uv)
    assert uv.calls == []


OLD = """\
  \u00d7 No solution found when resolving dependencies:
  \u2570\u2500\u25b6 Because there is no version of humanize==99.1 and you require
      humanize==99.1, we can conclude that your requirements are unsatisfiable.
"""
NEW = """\
error: No solution found when resolving dependencies
  cause: Because dont-exist was not found in the package registry and you require dont-exist, \
we can conclude that your requirements are unsatisfiable.
"""
BUILD = """\
error: Failed to build `brokenpkg==1.0`
  cause: Call to `backend.build_wheel` failed (exit status: 1)
         error: command 'gcc' failed: No such file or directory
"""
DOWN = """\
error: Request failed after 3 retries in 9.7s
  cause: Failed to fetch: http://127.0.0.1:9/simple/pandas/
  cause: tcp connect error
"""
HALF = """\
error: Failed to download `pandas==2.0`
  cause: Request failed after 3 retries
  cause: Failed to read from the distribution cache
  cause: error sending request
"""
REFUSED = "error: Failed to fetch: `https://i.example/simple/x/`\n HTTP status client error (401 U)"
CA = "error: Failed to fetch: `https://i.example/simple/x/`\n invalid certificate: UnknownIssuer"
DISK = """\
error: Failed to install: debugpy-1.8.22-cp311-cp311-manylinux_2_34_x86_64.whl (debugpy==1.8.22)
  cause: Failed to copy to `/x/e/lib/python3.11/site-packages/debugpy/a.so`
  cause: failed to copy file from /root/.cache/a.so to /x/.tmpwDMhYs: No space left on device \
(os error 28)
"""
MISMATCH = "error: Failed to download and build `a==1`\n  cause: Hash mismatch for `a==1`"
MISSING = """\
error: No solution found when resolving dependencies
  cause: Because x was not found in the cache and you require x
"""


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (OLD, "cannot be met: Because there is no version of humanize==99.1", "loosen"),
        (NEW, "dont-exist was not found", "check the spelling of `dont-exist`"),
        (BUILD, "`brokenpkg==1.0` has no wheel", "compilers"),
        (DOWN, "did not give what was asked for `pandas`", "try again"),
        (HALF, "did not give what was asked for `pandas==2.0`", "try again"),
        (REFUSED, "refused access for `x` (401)", "netrc"),
        (CA, "not trusted for `x`", "environment.certificates"),
        (DISK, "disk of the gateway is full at `debugpy==1.8.22`", "space"),
        (MISMATCH, "`a==1` is not the file that was locked", "new lock"),
        (MISSING, "offline and has no file for `x`", "find_links"),
        ("error: what nobody foresaw", "cannot be installed: what nobody foresaw", "log"),
        ("", "cannot be installed", "log"),
    ],
)
def test_a_failure_names_the_package_and_the_way_out(text, message, hint):
    failed = failures.explain(text.splitlines())
    assert message in failed.message
    assert hint in failed.hint
    assert failed.log == text.rstrip("\n")
