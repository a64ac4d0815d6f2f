"""A plan in a file: it is kept to the letter or refused with what was changed since."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashops import errors, promise, secrets, stack
from dashops.plan import Change, Plan, Step
from dashops.promise import Basis

RESTART = Step("gateway", "restart", "restart", "recipe changed", ("control", "gateway"), saw="7")


def basis(tmp_path: Path, text: str = "", **changes: Any) -> Basis:
    planned = Plan((Change("gateway.py", "update", "-old secret text"),), (RESTART,))
    found = Basis(
        stack.parse(text, tmp_path / "dashops.yaml", {}),
        planned,
        {"gateway.py": "new secret text"},
        {"gateway.py": "old secret text"},
    )
    return replace(found, **changes)


def stale(tmp_path: Path, now: Basis) -> str:
    """What is said when the plan of `basis` meets this; empty when it is kept."""
    file = tmp_path / "plan.json"
    promise.keep(file, basis(tmp_path))
    try:
        promise.demand(file, promise.read(file, now.stack), now)
    except errors.DashopsError as error:
        assert error.exit_code == 1
        return error.where
    return ""


def test_the_same_is_kept_whoever_restarted_a_slot_meanwhile(tmp_path: Path) -> None:
    assert stale(tmp_path, basis(tmp_path)) == ""
    other = Plan(basis(tmp_path).plan.changes, (replace(RESTART, saw="8"),))
    assert stale(tmp_path, basis(tmp_path, plan=other)) == ""


def test_another_shell_is_no_reason_to_refuse(tmp_path: Path) -> None:
    withheld = replace(RESTART, env={"AWS_PROFILE": None})
    plan = Plan(basis(tmp_path).plan.changes, (withheld,))
    assert stale(tmp_path, basis(tmp_path, plan=plan)) == ""


def test_a_changed_setting_is_named_with_its_place(tmp_path: Path) -> None:
    now = basis(tmp_path, "gateway:\n  max_kernels: 7\n", wanted={"gateway.py": "7"})
    assert stale(tmp_path, now).splitlines()[1:] == [
        f"  the setting `gateway.max_kernels` ({tmp_path / 'dashops.yaml'}:2)"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wanted": {"gateway.py": "other"}}, "`gateway.py` would be written otherwise: the"),
        ({"found": {"gateway.py": "edited"}}, "the file `gateway.py` of the stack"),
        ({"found": {}}, "the file `gateway.py` of the stack"),
        ({"plan": Plan()}, "no longer what is needed: gateway: restart (recipe changed)"),
        (
            {"plan": Plan(steps=(RESTART, replace(RESTART, slot="notebook")))},
            "needed now: notebook: restart (recipe changed)",
        ),
        (
            {"plan": Plan((Change("secrets/token", "create"),), (RESTART,))},
            "the secret `secrets/token`",
        ),
        ({"plan": Plan(steps=(RESTART, RESTART))}, "the order of what is to do"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert said in stale(tmp_path, basis(tmp_path, **changes))


def test_another_dashops_is_another_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, now = tmp_path / "plan.json", basis(tmp_path)
    promise.keep(file, now)
    monkeypatch.setattr(promise, "__version__", "9.9")
    with pytest.raises(errors.DashopsError) as caught:
        promise.demand(file, promise.read(file, now.stack), now)
    assert "dashops is 9.9 now" in caught.value.where


def test_the_file_is_private_and_holds_neither_secrets_nor_texts(tmp_path: Path) -> None:
    step = replace(RESTART, env={"TOKEN": secrets.Secret("hush"), "PROXY": "http://proxy.example"})
    plan = Plan(basis(tmp_path).plan.changes, (step,))
    file = tmp_path / "plan.json"
    promise.keep(file, basis(tmp_path, plan=plan))
    assert file.stat().st_mode & 0o777 == 0o600
    for hidden in ("hush", "secret text", "proxy.example"):
        assert hidden not in file.read_text()


def put(**changes: Any) -> Callable[[str], str]:
    return lambda text: json.dumps(json.loads(text) | changes)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:-20], "it is not JSON"),
        (lambda _: "[]", "no plan of dashops"),
        (lambda _: '{"kind": "else"}', "no plan of dashops"),
        (put(format=2), "another version of dashops"),
        (put(steps=None), "`steps` is not what it must be"),
        (put(steps=["rm -rf /"]), "what is to do is not what it must be"),
        (put(stack="other"), "a plan of another stack: `other`"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(
    tmp_path: Path, spoil: Callable[[str], str], said: str
) -> None:
    file, now = tmp_path / "plan.json", basis(tmp_path)
    promise.keep(file, now)
    file.write_text(spoil(file.read_text()))
    with pytest.raises(errors.SpecError) as caught:
        promise.read(file, now.stack)
    assert said in caught.value.message
    file.unlink()
    with pytest.raises(errors.SpecError, match="there is no file"):
        promise.read(file, now.stack)
