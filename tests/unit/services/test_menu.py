"""What the menu and its panel are told: who deploys, what is found, what authors can do."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashops import bundle, bundlers, client, errors
from dashops.client import keeping
from dashops.services.notebook import author, dashboard, preflight, servers, target

WRONG = "the server refuses the token"
DEPLOYED = SimpleNamespace(
    link="http://x/dashboards/sales", title="Sales", revision=2, unchanged=False, warnings=("slow",)
)
HAPPENED = (
    client.Happening("environment", 5, "resolving"),
    client.Happening("", 0, "Resolved 3 packages"),
    client.Happening("execute", 30, "cell 1 of 2"),
    client.Happening("execute", 50, "cell 2 of 2"),
)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}}
    made["cells"] = [{**cell, "source": "name = input()"}]
    path = tmp_path / "sales.ipynb"
    path.write_text(json.dumps(made))
    return path


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("secret\n")
    return path


def user(username: str, display_name: str = "") -> Any:
    return SimpleNamespace(username=username, display_name=display_name)


def test_who_is_logged_in_is_the_author() -> None:
    assert author.of(user("ann", "Ann Lee")) == "Ann Lee"
    assert author.of(user("ann")) == "ann"


def test_with_the_one_token_of_a_server_the_author_is_its_account(
    monkeypatch: pytest.MonkeyPatch, notebook: Path
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "carol")
    assert author.of(user("0" * 32, "Anonymous Io")) == ""
    assert author.of(None) == ""
    assert author.origin(notebook, "").author == "carol"
    assert author.origin(notebook, "Ann").author == "Ann"


def test_in_a_work_tree_git_knows_author_and_commit(
    monkeypatch: pytest.MonkeyPatch, notebook: Path
) -> None:
    said = {"log": "1a2b\nBob\n", "status": " M sales.ipynb\n", "config": "Dora\n"}
    asked: list[Any] = []

    def run(argv: tuple[str, ...], **more: Any) -> Any:
        asked.append(more["timeout"])
        return SimpleNamespace(stdout=next(said[word] for word in argv if word in said))

    monkeypatch.setattr(author.subprocess, "run", run)
    (notebook.parent / ".git").mkdir()
    assert author.origin(notebook, "") == bundle.origin.Origin("Dora", "1a2b+changes")
    assert author.origin(notebook, "Ann").author == "Ann"
    assert set(asked) == {bundle.origin.SECONDS}


def test_a_machine_without_git_deploys_all_the_same(
    monkeypatch: pytest.MonkeyPatch, notebook: Path
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(author.subprocess, "run", missing)
    (notebook.parent / ".git").mkdir()
    assert author.origin(notebook, "Ann") == bundle.origin.Origin("Ann")


@pytest.mark.parametrize("kind", [client.TokenRefused, client.NotAllowed])
def test_a_token_that_is_not_taken_is_for_the_operator(
    token: Path, kind: type[errors.DashopsError]
) -> None:
    to = target.Target("sales", "http://127.0.0.1:1", str(token))
    with pytest.raises(errors.ToolError, match=WRONG) as raised, to.server():
        raise kind(WRONG, hint="use `--token-file`")
    assert raised.value.hint == target.ASK


def test_a_token_that_is_not_there_is_for_the_operator(tmp_path: Path) -> None:
    to = target.Target("sales", "http://127.0.0.1:1", str(tmp_path / "absent"))
    with pytest.raises(errors.ToolError, match="cannot be read") as raised, to.server():
        pass
    assert raised.value.hint == target.ASK


def test_preflight_goes_on_without_a_server_and_says_why(notebook: Path, token: Path) -> None:
    found = preflight.found(notebook, target.Target("sales", "http://127.0.0.1:1", str(token)))
    assert "no dashboard server answers" in found["silent"]
    (finding,) = found["findings"]
    assert (finding["kind"], finding["severity"], finding["cell"]) == ("stdin", "error", 1)


class Server:
    """A dashboard server that has the name already."""

    sent: dict[str, str]

    def revisions(self, _name: str) -> Any:
        return (SimpleNamespace(revision=1, state="active"),)

    def upload(self, _name: str, _data: bytes, progress: Any, about: Any, tell: Any) -> Any:
        self.sent = about
        progress(1, 2)
        for each in HAPPENED:
            tell(each)
        return DEPLOYED

    def bundle(self, _name: str, _number: int) -> bytes:
        raise errors.SpecError("it is gone")


def test_phases_and_the_log_are_told_and_what_changed(
    monkeypatch: pytest.MonkeyPatch, notebook: Path, token: Path
) -> None:
    server, said = Server(), []
    monkeypatch.setattr(client, "Server", lambda *_: server)
    context = bundlers.Context(
        settings={},
        folder=Path(),
        tell=lambda text, done: said.append((text, done)),
        phase=lambda name: said.append((name,)),
        log=lambda line: said.append((line, "log")),
        author="Ann",
    )
    entry = dashboard.Dashboard("sales", "http://127.0.0.1:1", str(token))
    link = entry._publish(notebook, context)
    assert said[0] == ("upload",)
    assert said[3:] == [
        ("environment",),
        ("resolving", 0.05),
        ("Resolved 3 packages", "log"),
        ("execute",),
        ("cell 1 of 2", 0.3),
        ("cell 2 of 2", 0.5),
    ]
    assert server.sent["author"] == "Ann"
    assert link.text == "Sales: revision 2 is published"
    assert link.notes == (
        "what changed since revision 1 is not known: it is gone",
        "slow",
    )


def test_what_is_no_picture_does_not_leave_as_one(
    monkeypatch: pytest.MonkeyPatch, token: Path
) -> None:
    to = target.Target("sales", "http://127.0.0.1:1", str(token))
    monkeypatch.setattr(keeping, "thumbnail", lambda *_: servers.PNG + b"drawn")
    assert servers.thumbnail(to, "sales", 1) == servers.PNG + b"drawn"
    monkeypatch.setattr(keeping, "thumbnail", lambda *_: b"<svg onload='alert(1)'>")
    with pytest.raises(errors.ToolError, match="none"):
        servers.thumbnail(to, "sales", 1)


def test_a_server_of_before_does_not_tell_who_may_view() -> None:
    found = client.records.decode(keeping.Kept, {"name": "sales", "revisions": []})
    assert found.access is None
