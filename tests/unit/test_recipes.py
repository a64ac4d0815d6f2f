"""What an operator changes of the rendered files, and what is said of mistakes in that."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from containers import FRESH, applied
from test_local import FRESH as LOCAL

from dashops import errors, render, stack
from dashops.stack import Stack
from dashops.targets import compose, local
from dashops.targets.compose.facts import Facts


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(folder: Path, text: str = "") -> Stack:
    return stack.parse(f"name: demo\n{text}", folder / "dashops.yaml", {})


def put(folder: Path, path: str, text: str) -> Path:
    file = folder / "recipes" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def replaced(folder: Path, path: str, old: str, new: str) -> None:
    """A packaged template in the overlay, with a change."""
    target, _, name = path.partition("/")
    text = render.templates("compose")[path if target == "_shared" else name]
    assert old in text
    put(folder, path, text.replace(old, new))


def services(files: dict[str, str]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load(files["compose.yaml"])["services"]
    return found


def steps(wanted: Stack, facts: Facts) -> list[str]:
    """What `up` would do where these facts are."""
    planned = compose.up(wanted, facts, compose.files(wanted, facts))
    # Only root hands files over to who is in the containers.
    kept = [each for each in planned if each.slot != "files"]
    return [f"{each.slot}: {each.action} ({each.reason})" for each in kept]


def refused(folder: Path, text: str = "") -> errors.SpecError:
    with pytest.raises(errors.SpecError) as caught:
        compose.files(read(folder, text), FRESH)
    return caught.value


@pytest.mark.parametrize("target", ["local", "compose"])
def test_every_insertion_point_is_in_its_template(target: str) -> None:
    for point in render.insertions(target).values():
        text = render.templates(target)[point.template]
        tags = re.findall(r"{% insert (.*?) %}", text)
        names = {
            tag.replace('" ~ slot ~ "', slot).replace("slot ~ ", f"{slot}~").replace('"', "")
            for tag in tags
            for slot in ("gateway", "dashboard", "notebook")
        }
        assert point.name in {name.replace("~", "") for name in names}, point.name
        assert point.about


def test_an_insertion_has_the_values_of_templates(folder: Path) -> None:
    put(folder, "compose/insert/service_gateway.yaml", 'hostname: "{{ slot }}-{{ stack.name }}"')
    put(folder, "compose/insert/environment_gateway.yaml", "- TEAM=sales\n")
    found = services(compose.files(read(folder), FRESH))["gateway-1"]
    assert found["hostname"] == "gateway-demo"
    assert "TEAM=sales" in found["environment"]  # type: ignore[operator]


def test_only_the_slot_with_an_insertion_is_replaced(folder: Path) -> None:
    before = applied(read(folder))
    put(folder, "compose/insert/volumes_notebook.yaml", "- ./extra:/extra:ro\n")
    put(folder, "compose/extra/motd.txt.j2", "{{ stack.name }}")
    assert compose.files(read(folder), before)["extra/motd.txt"] == "demo"
    assert steps(read(folder), before) == [
        "notebook: replace container (recipe changed: compose.yaml, extra/motd.txt)"
    ]


def test_a_changed_file_that_a_slot_mounts_replaces_it(folder: Path) -> None:
    put(folder, "compose/insert/volumes_notebook.yaml", "- ./extra:/extra:ro\n")
    put(folder, "compose/extra/motd.txt.j2", "one")
    facts = applied(read(folder))
    put(folder, "compose/extra/motd.txt.j2", "two")
    assert steps(read(folder), facts) == [
        "notebook: replace container (recipe changed: extra/motd.txt)"
    ]


def test_a_limit_of_all_containers_replaces_all(folder: Path) -> None:
    told = steps(read(folder, "limits: {processes: 99}"), applied(read(folder)))
    assert told == [
        "gateway: start gateway-2 beside gateway-1 (recipe changed: compose.yaml)",
        "dashboard: start dashboard-2 beside dashboard-1 (recipe changed: compose.yaml)",
        "notebook: replace container (recipe changed: compose.yaml)",
        "proxy: replace container (recipe changed: compose.yaml)",
        "dashboard: check dashboard-2, send visitors to it (dashboard-1 serves)",
    ]


def test_a_line_of_an_image_makes_that_image_anew(folder: Path) -> None:
    facts = applied(read(folder))
    put(folder, "compose/insert/gateway.Dockerfile", "RUN apt-get update\n")
    assert steps(read(folder), facts) == [
        "wheel: pack dashops (images are missing)",
        "gateway: build image (image changed)",
        "gateway: start gateway-2 beside gateway-1 (recipe changed: compose.yaml)",
    ]
    files = compose.files(read(folder), facts)
    assert "RUN apt-get update\nENV PATH" in files["images/gateway.Dockerfile"]


def test_a_file_that_images_copy_makes_them_anew(folder: Path) -> None:
    put(folder, "compose/images/odbc.ini.j2", "[one]\n")
    facts = applied(read(folder))
    assert steps(read(folder), facts) == []
    put(folder, "compose/images/odbc.ini.j2", "[two]\n")
    assert "gateway: build image (image changed)" in steps(read(folder), facts)


def test_one_more_service_is_started_replaced_and_removed(folder: Path) -> None:
    bare = applied(read(folder))
    file = put(
        folder, "compose/insert/services.yaml", "cache-1:\n  <<: *service\n  image: redis:7\n"
    )
    files = compose.files(read(folder), bare)
    cache = services(files)["cache-1"]
    assert cache["cap_drop"] == ["ALL"]
    assert steps(read(folder), bare) == ["cache-1: start container (not running)"]
    digest = cache["labels"]["dashops.digest"]  # type: ignore[index]
    started = replace(bare.containers[0], slot="cache-1", service="cache-1", digest=digest)
    up = replace(bare, rendered=files, containers=(*bare.containers, started))
    assert steps(read(folder), up) == []
    file.write_text(file.read_text().replace("7", "8"))
    assert steps(read(folder), up) == ["cache-1: replace container (recipe changed)"]
    file.unlink()
    assert steps(read(folder), up) == ["cache-1: remove container (not in the recipe)"]


def test_a_service_that_plans_cannot_follow_is_refused(folder: Path) -> None:
    put(folder, "compose/insert/services.yaml", "cache:\n  image: redis:7\n")
    found = refused(folder)
    assert "has a service `cache` without the label `dashops.digest`" in found.message
    assert "<<: *service" in found.hint


def test_a_service_with_the_name_of_a_slot_is_refused(folder: Path) -> None:
    put(folder, "compose/insert/services.yaml", "gateway:\n  <<: *service\n  image: redis:7\n")
    assert "has a service `gateway` that would be one of a slot" in refused(folder).message


def test_each_of_several_gateways_must_be_there(folder: Path) -> None:
    text = (
        "{% if service != 'gateway-2' %}" + render.templates("compose")["services/_gateway.yaml.j2"]
    )
    put(folder, "compose/services/_gateway.yaml.j2", text + "{% endif %}\n")
    assert "has no service `gateway-2`" in refused(folder, "gateway: {count: 2}").message


def test_a_template_is_replaced_and_said_by_the_plan(folder: Path) -> None:
    facts = applied(read(folder))
    replaced(folder, "compose/proxy/Caddyfile.j2", "admin off", "admin off\n\tdebug")
    assert "\tdebug" in compose.files(read(folder), facts)["proxy/Caddyfile"]
    assert steps(read(folder), facts) == [
        "proxy: replace container (recipe changed: proxy/Caddyfile)"
    ]


def test_a_shared_template_is_replaced_for_both_targets(folder: Path) -> None:
    replaced(folder, "_shared/gateway.py.j2", "limit_rate = False", "limit_rate = True")
    assert "limit_rate = True" in compose.files(read(folder), FRESH)["gateway/gateway.py"]
    assert "limit_rate = True" in local.files(read(folder), LOCAL)["gateway/gateway.py"]


def test_the_local_target_has_insertions_too(folder: Path) -> None:
    put(folder, "local/insert/program_gateway.conf", "priority = 5\n")
    put(folder, "local/insert/lab.py", "c.ServerApp.terminals_enabled = False\n")
    found = local.files(read(folder), LOCAL)
    assert found["slots/gateway.conf"].endswith("priority = 5\n")
    assert found["notebook/lab.py"].endswith("terminals_enabled = False\n")


def test_another_folder_may_be_named(folder: Path) -> None:
    (folder / "recipes").mkdir()
    (folder / "recipes/pasta").mkdir()
    assert "`recipes/pasta` is for no target" in refused(folder).message
    (folder / "ours/compose/insert").mkdir(parents=True)
    (folder / "ours/compose/insert/lab.py").write_text("# ours\n")
    assert "# ours" in compose.files(read(folder, "recipes: ours"), FRESH)["notebook/lab.py"]
    with pytest.raises(errors.SpecError, match="should name a folder, and there is none"):
        read(folder, "recipes: theirs")


UNKNOWN = {
    "compose/insert/service_gatway.yaml": (
        "is no insertion",
        "did you mean `service_gateway.yaml`",
    ),
    "compose/proxy/Caddyfile": ("is no template", "did you mean `proxy/Caddyfile.j2`"),
    "compose/proxy/CaddyFile.j2": ("is read by nothing", "did you mean `proxy/Caddyfile.j2`"),
    "compose/services/_gatway.yaml.j2": ("is read by nothing", "`services/_gateway.yaml.j2`"),
    "compose/extra/motd.txt.j2": ("is read by nothing", "known are"),
    "compose/insertions.toml": ("is no template", "known are"),
}


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_file_that_means_nothing_is_an_error(folder: Path, path: str) -> None:
    file = put(folder, path, "")
    found = refused(folder)
    message, hint = UNKNOWN[path]
    assert f"`{file.relative_to(folder)}` {message}" in found.message
    assert hint in found.hint


def test_what_editors_leave_behind_is_no_error(folder: Path) -> None:
    for name in (".Caddyfile.j2.swp", "Caddyfile.j2~", "Caddyfile.j2.orig", ".gitkeep"):
        put(folder, f"compose/proxy/{name}", "")
    put(folder, "README.md", "Ours.")
    compose.files(read(folder), FRESH)


def test_an_insertion_that_an_edited_template_dropped_is_an_error(folder: Path) -> None:
    put(folder, "compose/insert/sites.Caddyfile", ":9999 {\n}\n")
    replaced(folder, "compose/proxy/Caddyfile.j2", '{% insert "sites.Caddyfile" %}\n', "")
    assert "is inserted by nothing" in refused(folder).message


def test_an_undefined_value_names_the_line_of_the_template(folder: Path) -> None:
    put(folder, "compose/insert/lab.py", "# one\nc.X.y = {{ stack.notebok.port }}\n")
    found = refused(folder)
    assert "notebok" in found.message
    assert found.where == "recipes/compose/insert/lab.py:2"


def test_a_mistake_of_syntax_names_the_line_of_the_template(folder: Path) -> None:
    put(folder, "compose/proxy/Caddyfile.j2", "one\n{% if %}\n")
    assert refused(folder).where == "recipes/compose/proxy/Caddyfile.j2:2"


def test_rendered_text_is_read_before_it_is_written(folder: Path) -> None:
    put(folder, "compose/insert/lab.py", "# one\nc.X.y = = 1\n")
    found = refused(folder)
    assert found.message.startswith("`notebook/lab.py` would be no Python: ")
    assert found.where.splitlines()[0] == "recipes/compose/insert/lab.py:2"
    assert "c.X.y = = 1" in found.where


def test_a_value_that_breaks_a_file_names_its_setting(folder: Path) -> None:
    put(folder, "compose/insert/dashboard.toml", "[more]\ntitle = {{ stack.dashboard.title }}\n")
    found = refused(folder, "dashboard:\n  title: Sales figures\n")
    lines = found.where.splitlines()
    assert lines[0] == "recipes/compose/insert/dashboard.toml:2"
    assert lines[1].endswith(": title = Sales figures")
    assert lines[2] == f"  its value is `dashboard.title`, from {folder}/dashops.yaml:3"


def test_a_key_that_stands_twice_is_an_error(folder: Path) -> None:
    # Those before it must not move the lines that are counted.
    put(folder, "compose/insert/environment_gateway.yaml", "- TEAM=sales\n")
    put(folder, "compose/insert/volumes_gateway.yaml", "- ./extra:/extra:ro")
    put(folder, "compose/extra/motd.txt.j2", "")
    put(folder, "compose/insert/service_proxy.yaml", "mem_limit: 1g\n")
    found = refused(folder)
    assert "the key `mem_limit` stands here a second time" in found.message
    assert found.where.startswith("recipes/compose/insert/service_proxy.yaml:1")


@pytest.mark.parametrize(
    "line", ["dashops.digest", "dashops.folder", "dashops.slot", "dashops.stack"]
)
def test_a_label_that_plans_need_cannot_be_dropped(folder: Path, line: str) -> None:
    text = render.templates("compose")["services/_head.yaml.j2"]
    put(
        folder,
        "compose/services/_head.yaml.j2",
        "".join(each for each in text.splitlines(keepends=True) if line not in each),
    )
    assert f"takes the label `{line}` from `gateway-1`" in refused(folder).message


def test_a_slot_cannot_be_dropped(folder: Path) -> None:
    put(folder, "compose/services/_notebook.yaml.j2", "# none\n")
    assert "has no service `notebook`" in refused(folder).message


def test_another_image_cannot_be_put_in(folder: Path) -> None:
    replaced(folder, "compose/services/_head.yaml.j2", "{{ images[slot] }}", "redis:7")
    assert "gives `gateway-1` another image" in refused(folder).message


def test_labels_may_be_written_as_a_list(folder: Path) -> None:
    text = render.templates("compose")["services/_head.yaml.j2"]
    for key in ("stack", "slot", "folder", "digest"):
        text = text.replace(f"dashops.{key}: ", f"- dashops.{key}=")
    text = text.replace('"{{ digests[slot] }}"', "{{ digests[slot] }}").replace(" | tojson", "")
    put(folder, "compose/services/_head.yaml.j2", text)
    facts = applied(read(folder))
    assert steps(read(folder), facts) == []


def test_a_conflict_is_refused_with_its_line(folder: Path) -> None:
    put(
        folder, "compose/proxy/Caddyfile.j2", "one\n<<<<<<< yours\na\n=======\nb\n>>>>>>> dashops\n"
    )
    found = refused(folder)
    assert "a conflict of a merge is not resolved" in found.message
    assert found.where == "recipes/compose/proxy/Caddyfile.j2:2"
