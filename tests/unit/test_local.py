"""The local target decides from facts given as data: one case, one file in tests/cases/local."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashops import errors, plan, run, stack
from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets import local
from dashops.targets.local import recipe
from dashops.targets.local.facts import Facts, Holder
from dashops.targets.local.supervisor import Process
from dashops.targets.origin import Origin

CASES = sorted((Path(__file__).parents[1] / "cases" / "local").glob("*.yml"))
ORIGIN = Origin(
    "-e /src/dashops[{extra}]", "/usr/bin/python3", "3.11", "0.1.0 editable", editable=True
)
FRESH = Facts(origin=ORIGIN)


def read(text: str) -> Stack:
    return stack.parse(text, Path("/srv/demo/dashops.yaml"), {})


def applied(wanted: Stack) -> Facts:
    """What is there after an `up` of that stack."""
    files = local.files(wanted, FRESH)
    return replace(
        FRESH,
        rendered=files,
        secrets=local.SECRETS,
        environments={
            recipe.environment(wanted, files, slot).name: files[f"{slot}/requirements.txt"]
            for slot in local.SLOTS
        },
        supervisor=plan.digest({"": files["supervisord.conf"]}),
        slots={slot: Process("RUNNING", 100 + n) for n, slot in enumerate(local.SLOTS)},
        digests={slot: _digest(files[f"slots/{slot}.conf"]) for slot in local.SLOTS},
    )


def differing(facts: Facts, given: dict[str, Any]) -> Facts:
    """Facts with what a case says about this machine."""
    if given.pop("supervisor", "") == "gone":
        facts = replace(facts, supervisor=None, slots={}, digests={})
    for slot, state in given.pop("slots", {}).items():
        facts = replace(facts, slots={**facts.slots, slot: Process(state)})
    for slot in given.pop("incomplete", []):
        half = {name: None for name in facts.environments if name.startswith(slot)}
        facts = replace(facts, environments={**facts.environments, **half})
    for path in given.pop("edited", []):
        facts = replace(facts, rendered={**facts.rendered, path: "edited\n"})
    digests = {**facts.digests, **given.pop("digests", {})}
    holders = {slot: Holder(**who) for slot, who in given.pop("holders", {}).items()}
    leftovers = tuple(given.pop("leftovers", ()))
    return replace(facts, digests=digests, holders=holders, leftovers=leftovers, **given)


def _digest(conf: str) -> str:
    return conf.partition('DASHOPS_DIGEST="')[2].partition('"')[0]


def told(steps: list[Step]) -> list[str]:
    return [f"{step.slot}: {step.action} ({step.reason})" for step in steps]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_up_does_what_the_case_says(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    wanted = read(case["stack"])
    before = applied(read(case["was"])) if "was" in case else FRESH
    facts = differing(before, dict(case.get("facts", {})))
    if "error" in case:
        with pytest.raises(errors.SpecError) as caught:
            local.check(wanted, facts)
        assert case["error"] in caught.value.message
        assert caught.value.where.removeprefix("/srv/demo/") == case["where"]
        assert caught.value.hint == case["hint"]
        return
    local.check(wanted, facts)
    files = local.files(wanted, facts)
    steps = [*local.up(wanted, facts, files), *local.tidy(wanted, facts, files)]
    assert told(steps) == case["steps"]


def commands(text: str = "", facts: Facts = FRESH) -> dict[str, Step]:
    wanted = read(text)
    steps = local.up(wanted, facts, local.files(wanted, facts))
    return {f"{step.slot}: {step.action}": step for step in steps}


def test_packages_come_from_where_the_stack_says() -> None:
    step = commands(
        "environment: {index: 'https://pypi.example/simple', find_links: [wheels], python: '3.12'}"
    )["gateway: install packages"]
    shown = run.shown(step.argv)
    assert "--default-index https://pypi.example/simple" in shown
    assert "--find-links /srv/demo/wheels" in shown
    assert shown.endswith("-r /srv/demo/.dashops/rendered/gateway/requirements.txt")


def test_an_own_index_comes_before_the_default_one_and_the_network_can_be_out_of_the_question() -> (
    None
):
    extra = "[https://a.example/simple, https://b.example/simple]"
    step = commands(f"environment: {{extra_indexes: {extra}, offline: true}}")[
        "gateway: install packages"
    ]
    shown = run.shown(step.argv)
    assert "--index https://a.example/simple --index https://b.example/simple --offline" in shown


def test_a_proxy_is_used_and_holds_no_password() -> None:
    step = commands("environment: {proxy: 'http://proxy.example:3128'}")[
        "gateway: make environment"
    ]
    assert step.env["HTTPS_PROXY"] == step.env["HTTP_PROXY"] == "http://proxy.example:3128"
    with pytest.raises(errors.SpecError, match="password") as caught:
        read("environment: {proxy: 'http://me:hidden@proxy.example:3128'}")
    assert "on this machine" in caught.value.hint
    assert "hidden" not in str(caught.value)


def test_certificates_reach_uv(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    step = commands(f"environment: {{certificates: {bundle}}}")["notebook: install packages"]
    assert step.env == {"SSL_CERT_FILE": str(bundle)}


def test_the_supervisor_gets_none_of_the_operators_other_variables() -> None:
    facts = replace(FRESH, foreign=("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"))
    env = commands(facts=facts)["supervisor: start all slots"].env
    assert env["AWS_SECRET_ACCESS_KEY"] is None
    assert env["GITHUB_TOKEN"] is None
    assert env["DASHOPS_STATE_DIR"] == "/srv/demo/.dashops"


def test_down_stops_and_then_removes_the_sockets(tmp_path: Path) -> None:
    wanted = stack.parse("", tmp_path / "dashops.yaml", {})
    (tmp_path / ".dashops/run").mkdir(parents=True)
    steps = list(local.down(wanted, replace(FRESH, supervisor="x")))
    assert told(steps) == [
        "supervisor: stop all slots (running)",
        "supervisor: remove sockets (nothing runs)",
    ]


def test_down_of_what_is_not_up_does_nothing() -> None:
    assert not list(local.down(read(""), FRESH))


def test_down_stops_slots_whose_supervisor_died() -> None:
    steps = list(local.down(read(""), replace(FRESH, leftovers=(4711,))))
    assert told(steps) == ["supervisor: stop all slots (their supervisor died)"]


def test_logs_of_an_unknown_slot_name_the_known_ones() -> None:
    with pytest.raises(errors.SpecError, match="unknown slot `gatway`") as caught:
        list(local.logs(read(""), ["gatway"], 5))
    assert "gateway" in caught.value.hint


def test_logs_end_with_the_last_lines_of_each_slot(tmp_path: Path) -> None:
    wanted = stack.parse("", tmp_path / "dashops.yaml", {})
    (tmp_path / ".dashops/logs").mkdir(parents=True)
    (tmp_path / ".dashops/logs/gateway.log").write_text("1\n2\n3\n")
    lines = [(line.slot, line.text) for line in local.logs(wanted, [], 2)]
    assert lines == [("gateway", "2"), ("gateway", "3")]


def test_followed_logs_go_on_after_a_rotation(tmp_path: Path) -> None:
    wanted = stack.parse("", tmp_path / "dashops.yaml", {})
    log = tmp_path / ".dashops/logs/gateway.log"
    log.parent.mkdir(parents=True)
    log.write_text("1\n2\n")
    lines = local.follow(wanted, ["gateway"], 1)
    assert next(lines).text == "2"
    with log.open("a") as file:
        file.write("3\nhalf a")
    assert next(lines).text == "3"
    with log.open("a") as file:
        file.write(" line\n")
    assert next(lines).text == "half a line"
    log.rename(log.with_suffix(".log.1"))
    log.write_text("4\n")
    assert next(lines).text == "4"


def test_a_path_with_blanks_is_one_word_for_the_supervisor() -> None:
    spaced = stack.parse("", Path("/srv/my stacks/dashops.yaml"), {})
    files = local.files(spaced, FRESH)
    assert (
        '--config="/srv/my stacks/.dashops/rendered/gateway/gateway.py"'
        in (files["slots/gateway.conf"])
    )


def test_a_restart_starts_what_runs_and_what_does_not() -> None:
    facts = applied(read(""))
    slots = {**facts.slots, "notebook": Process("STOPPED")}
    gateway, notebook = local.restart(
        read(""), replace(facts, slots=slots), ["gateway", "notebook"]
    )
    assert (gateway.kind, gateway.ends, gateway.saw) == ("restart", ("gateway",), "100")
    assert (notebook.kind, notebook.argv[-2:]) == ("start", ("restart", "notebook"))
    assert list(local.restart(read(""), replace(facts, supervisor=None), ["gateway"])) == []
