"""What an operator gets from a stack file, and what it says when it is wrong."""

import json
from pathlib import Path

import pytest

from dashops import stack
from dashops.errors import SpecError
from dashops.stack import model, variables


def refused(folder: Path, text: str, **env: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        stack.parse(text, folder / "dashops.yaml", env)
    return caught.value


def place(error: SpecError) -> str:
    """`line:column` of an error in the file."""
    first = error.where.splitlines()[0]
    return first.partition("dashops.yaml:")[2]


def test_no_file_and_an_empty_file_are_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "My Sales"
    folder.mkdir()
    monkeypatch.chdir(folder)
    without = stack.load(env={})
    (folder / "dashops.yaml").write_text("# nothing yet\ndashboard:\n")
    empty = stack.load(env={})

    assert without.model_dump() == empty.model_dump()
    assert without.name == "my-sales"
    assert (without.path, empty.path) == (None, folder / "dashops.yaml")
    assert without.folder == empty.folder == folder
    assert without.state_dir == folder / ".dashops"
    assert without.secret_file("deploy-token") == folder / ".dashops/secrets/deploy-token"
    assert without.url("dashboard") == "http://127.0.0.1:8866"


def test_a_file_is_read_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    file = tmp_path / "site/prod.yaml"
    file.write_text(
        "dashboard:\n  port: 9000\n  upload_limit: 1GiB\nenvironment: {find_links: [wheels]}\n"
    )
    loaded = stack.load(file, env={})
    assert loaded.dashboard.port == 9000
    assert loaded.dashboard.upload_limit == 2**30
    assert loaded.environment.find_links == (str(tmp_path / "site/wheels"),)
    assert loaded.folder == tmp_path / "site"


def test_paths_are_read_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    (tmp_path / "books").mkdir()
    text = "environment: {certificates: ca.pem}\nnotebook: {folder: books}\nstate: ../elsewhere\n"
    loaded = stack.parse(text, tmp_path / "dashops.yaml", {})
    assert loaded.environment.certificates == tmp_path / "ca.pem"
    assert loaded.notebook_dir == tmp_path / "books"
    assert loaded.state_dir.resolve() == tmp_path.parent / "elsewhere"


def test_every_setting_tells_who_set_it(tmp_path: Path) -> None:
    text = "name: sales\ndashboard:\n  # a comment\n  port: 9000\n"
    env = {"DASHOPS_GATEWAY_PORT": "9001"}
    loaded = stack.parse(text, tmp_path / "dashops.yaml", env)
    assert loaded.where("dashboard.port") == f"{tmp_path}/dashops.yaml:4"
    assert loaded.where("gateway.port") == "DASHOPS_GATEWAY_PORT"
    assert loaded.where("notebook.port") == "default"
    with pytest.raises(KeyError):
        loaded.where("notebook.prot")


def test_a_stack_never_changes(tmp_path: Path) -> None:
    loaded = stack.parse("", tmp_path / "dashops.yaml", {})
    with pytest.raises(ValueError, match="frozen"):
        loaded.name = "other"  # type: ignore[misc]


ADDRESS = "dashboard:\n  address: https://a.b\n  content_address:"
MISTAKES = [
    # text, line:column, message, hint
    ("dashboard:\n  prot: 1\n", "2:3", "unknown key `prot` in `dashboard`", "mean `port`?"),
    ("dashbord:\n  port: 1\n", "1:1", "unknown key `dashbord` in the stack", "`dashboard`?"),
    ("cell-timeout: 1\n", "1:1", "unknown key `cell-timeout`", "the keys here are `name`"),
    ("cell_timeout: 1\n", "1:1", "unknown key", "did you mean `dashboard.cell_timeout`?"),
    ("dashboard.port: 1\n", "1:1", "unknown key", "did you mean `dashboard.port`"),
    ("target: locl\n", "1:9", "`target` cannot be `locl`", "did you mean `local`?"),
    ("target: moon\n", "1:9", "`target` cannot be `moon`", "choose one of: `local`"),
    ("gateway:\n  port: '90'\n", "2:9", "a whole number, not `90`", "`port: 90`"),
    ("gateway:\n  port: many\n", "2:9", "a whole number, not `many`", ""),
    ("gateway:\n  port: 010\n", "2:9", "a whole number, not `010`", ""),
    ("gateway:\n  port: 1:30\n", "2:9", "a whole number, not `1:30`", ""),
    ("gateway:\n  port: 1.5\n", "2:9", "a whole number, not the number `1.5`", ""),
    ("gateway:\n  port: yes\n", "2:9", "not `yes`, which YAML reads as true", ""),
    ("gateway:\n  port:\n", "2:3", "`gateway.port` has no value", "remove the line"),
    ("gateway:\n  port: 0\n", "2:9", "at least 1, not the number `0`", ""),
    ("gateway:\n  port: 70000\n", "2:9", "at most 65535, not the number `70000`", ""),
    ("gateway:\n  port: 8866\n", "2:9", "`8866`, which `dashboard.port` uses", "of its own"),
    ("gateway: 8868\n", "1:10", "`gateway` should hold keys", "the keys here are `port`"),
    ("gateway: [1]\n", "1:10", "`gateway` should hold keys, not a list", ""),
    ("dashboard:\n  address: http://a\n", "2:12", "needs `dashboard.content_address`", "origins"),
    ("dashboard:\n  content_address: http://a\n", "2:20", "needs `dashboard.address`", ""),
    (f"{ADDRESS} https://a.b\n", "3:20", "is that of `dashboard.address`", ""),
    (f"{ADDRESS} https://a*.b\n", "3:20", "not all of its host's first part", ""),
    (f"{ADDRESS} https://*.*.b\n", "3:20", "not all of its host's first part", ""),
    (f"{ADDRESS} https://*\n", "3:20", "not all of its host's first part", ""),
    ("dashboard:\n  title: no\n", "2:10", "not `no`, which YAML reads as false", '"no"'),
    ("dashboard:\n  title: {a: b}\n", "2:10", "should be text, not a section", ""),
    ("dashboard:\n  title: ''\n", "2:10", "not an empty text", ""),
    ("dashboard:\n  user: a b\n", "2:9", "a login name without blanks", ""),
    ("dashboard:\n  upload_limit: 7 pm\n", "2:17", "a size such as `100MB`, not `7 pm`", ""),
    ("dashboard:\n  upload_limit: true\n", "2:17", "a size such as `100MB`, not `true`", ""),
    ("environment:\n  python: 3.10\n", "2:11", "not the number `3.10`", 'python: "3.10"'),
    ("environment:\n  packages: dask\n", "2:13", "should be a list", "`packages: [dask]`"),
    ("environment:\n  packages:\n  - a\n  - no\n", "4:5", "packages[1]` should be text", '"no"'),
    ("environment:\n  certificates: x.pem\n", "2:17", "a file, and there is none", ""),
    ("environment:\n  index: pypi.org\n", "2:10", "a URL that starts with `https://`", ""),
    ("notebook:\n  folder: nowhere\n", "2:11", "a folder, and there is none", ""),
    ("gateway:\n  env: [DASHOPS_TOKEN]\n", "2:9", "not name a variable of dashops", ""),
    ("gateway:\n  env: ['A-B']\n", "2:9", "the name of an environment variable", ""),
    ("name: Sales Report\n", "1:7", "lower-case letters", ""),
    ("state: .\n", "1:8", "should be a folder of its own", "--purge"),
    ("state: ../..\n", "1:8", "should be a folder of its own", "--purge"),
    # not the YAML we read
    ("- a\n", "1:1", "the file should hold keys", "`dashboard:`"),
    ("hello\n", "1:1", "the file should hold keys", ""),
    ("gateway:\n\tport: 1\n", "2:1", "a tab cannot be used to indent", "two spaces"),
    ("gateway:\n  port: 1\n port: 2\n", "3:2", "not indented like", "same number of spaces"),
    ("gateway:\n  port: 1\n  port: 2\n", "3:3", "stands here a second time, first on line 2", ""),
    ("name: a: b\n", "1:8", "a `:` stands where no key can be", ""),
    ("name x\n", "1:1", "the file should hold keys", ""),
    ("name: a\nstate\n", "2:1", "a `:` is missing after a key", "`key: value`"),
    ('name: "abc\n', "1:7", "a quote is not closed", ""),
    ("environment:\n  packages: [a,\n    b\n", "2:13", "a `[` list is not closed", ""),
    ("gateway: {port: 1\n", "1:10", "a `{` section is not closed", ""),
    ("environment: {packages: [a, , b]}\n", "1:29", "a value is missing here", ""),
    ("name: @x\n", "1:7", "this character cannot start a value", "in quotes"),
    ("name: &a [*a]\n", "1:11", "an alias (`*name`) cannot be used here", ""),
    ("name: a\n---\nname: b\n", "2:1", "a second document starts here", ""),
    ("name: !!python/name:os.system a\n", "1:7", "the tag `!!python/name:os.system`", ""),
    ("? [a]\n: b\n", "1:3", "a key should be one word", ""),
    ("name: a\x07b\n", "1:8", "character U+0007 is not allowed", "remove it"),
    ('name: "\\ud800"\n', "1:7", "this is not text", ""),
    ("[" * 5000, "1:1", "nested too deeply", ""),
]


@pytest.mark.parametrize(("text", "at", "message", "hint"), MISTAKES, ids=lambda v: str(v)[:30])
def test_a_mistake_names_its_place_and_the_way_out(
    tmp_path: Path, text: str, at: str, message: str, hint: str
) -> None:
    error = refused(tmp_path, text)
    assert message in error.message
    assert place(error) == at
    assert hint in error.hint
    assert error.exit_code == 2


def test_the_offending_line_is_shown_and_marked(tmp_path: Path) -> None:
    error = refused(tmp_path, "dashboard:\n  title: x\n  prot: 9000\n")
    assert error.where.splitlines()[1:] == ["   3 |   prot: 9000", "     |   ^^^^"]


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, "name: " + "[" * 300 + "]" * 300 + "\n")
    assert "nested too deeply" in error.where


def test_a_long_line_is_cut_around_the_mistake(tmp_path: Path) -> None:
    error = refused(tmp_path, "environment: {packages: [" + "numpy, " * 100 + "no]}\n")
    line, mark = error.where.splitlines()[1:]
    assert len(line) < 120
    assert line[mark.index("^") : mark.rindex("^") + 1] == "no"


def test_all_mistakes_are_shown_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        "target: locl\ndashboard:\n  title: no\n  title: x\nname: Big\n",
        DASHOPS_DASHBORD_PORT="1",
    )
    assert "has 5 problems" in error.message
    places = [block.splitlines()[0] for block in error.where.split("\n\n")]
    file = f"{tmp_path}/dashops.yaml"
    assert [line.split(": ")[0] for line in places] == [
        f"{file}:1:9",
        f"{file}:3:10",
        f"{file}:4:3",
        f"{file}:5:7",
        "DASHOPS_DASHBORD_PORT",
    ]
    assert "hint: did you mean `local`?" in error.where


def test_a_password_in_a_url_is_refused_and_not_shown(tmp_path: Path) -> None:
    for text in (
        "environment: {index: 'https://bob:hunter2@host/simple'}",
        "environment: {find_links: ['https://bob:hunter2@host/']}",
    ):
        error = refused(tmp_path, text)
        assert "should not hold a user name or password" in error.message
        assert "netrc" in error.hint
        assert "hunter2" not in f"{error.message}{error.where}{error.hint}"


def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match=r"there is no file `prod\.yaml`") as missing:
        stack.load(Path("prod.yaml"), env={})
    assert "dashops init" in missing.value.hint

    (tmp_path / "folder").mkdir()
    with pytest.raises(SpecError, match="`folder` is a folder") as folder:
        stack.load(Path("folder"), env={})
    assert "folder/dashops.yaml" in folder.value.hint

    Path("dashops.yaml").write_bytes(b"name: a\ndashboard: {title: \xff}\n")
    with pytest.raises(SpecError, match="not UTF-8") as latin:
        stack.load(env={})
    assert latin.value.where == "dashops.yaml:2"

    Path("dashops.yaml").write_bytes("name: a\n".encode("utf-16"))
    with pytest.raises(SpecError, match="not UTF-8"):
        stack.load(env={})

    Path("dashops.yaml").unlink()
    Path("dashops.yaml").symlink_to("gone.yaml")
    with pytest.raises(SpecError, match="there is no file"):
        stack.load(env={})


def test_windows_text_is_read(tmp_path: Path) -> None:
    file = tmp_path / "dashops.yaml"
    file.write_bytes("\ufeffname: sales\r\ndashboard:\r\n  port: 9000\r\n".encode())
    loaded = stack.load(file, env={})
    assert (loaded.name, loaded.dashboard.port) == ("sales", 9000)
    assert loaded.where("dashboard.port").endswith(":3")


def test_dashops_stack_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prod.yaml").write_text("name: prod\n")
    assert stack.load(env={"DASHOPS_STACK": "prod.yaml"}).name == "prod"
    with pytest.raises(SpecError, match="there is no file") as caught:
        stack.load(env={"DASHOPS_STACK": "gone.yaml"})
    assert caught.value.where == "DASHOPS_STACK"


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("DASHOPS_DASHBOARD_PORT", "9000", "dashboard.port", 9000),
        ("DASHOPS_NAME", "sales", "name", "sales"),
        ("DASHOPS_DASHBOARD_TITLE", "12", "dashboard.title", "12"),
        ("DASHOPS_DASHBOARD_UPLOAD_LIMIT", "5GB", "dashboard.upload_limit", 5_000_000_000),
        ("DASHOPS_ENVIRONMENT_PACKAGES", "dask, jax", "environment.packages", ("dask", "jax")),
        ("DASHOPS_ENVIRONMENT_PACKAGES", '["a>=1,<2"]', "environment.packages", ("a>=1,<2",)),
        ("DASHOPS_GATEWAY_ENV", "", "gateway.env", ()),
        ("DASHOPS_ENVIRONMENT_PYTHON", "3.12", "environment.python", "3.12"),
        ("DASHOPS_ENVIRONMENT_PYTHON", "", "environment.python", None),
    ],
)  # fmt: skip
def test_a_variable_overrides_the_file(
    tmp_path: Path, name: str, text: str, path: str, value: object
) -> None:
    file = "name: other\nenvironment: {python: '3.11', packages: [x]}\ndashboard: {port: 1}\n"
    found: object = stack.parse(file, tmp_path / "dashops.yaml", {name: text})
    for key in path.split("."):
        found = getattr(found, key)
    assert found == value


@pytest.mark.parametrize(
    ("name", "text", "message", "hint"),
    [
        ("DASHOPS_DASHBORD_PORT", "1", "unknown variable", "mean `DASHOPS_DASHBOARD_PORT`?"),
        ("DASHOPS_SERVR", "x", "unknown variable", "mean `DASHOPS_SERVER`?"),
        ("DASHOPS_XYZZY", "x", "unknown variable", "docs/settings.md"),
        ("DASHOPS_GATEWAY_PORT", "many", "should be a whole number, not `many`", ""),
        ("DASHOPS_GATEWAY_PORT", "", "should be a whole number, not an empty text", ""),
        ("DASHOPS_GATEWAY_PORT", "8866", "which `dashboard.port` uses already", ""),
        ("DASHOPS_TARGET", "Local", "cannot be `Local`", "did you mean `local`?"),
        ("DASHOPS_ENVIRONMENT_PACKAGES", "[a", "starts like a JSON list", '"b>=1,<2"'),
        ("DASHOPS_ENVIRONMENT_PACKAGES", "[1]", "should be text, not the number `1`", ""),
        ("DASHOPS_DASHBOARD_TITLE", "\udcff", "is not UTF-8 text", ""),
    ],
)
def test_a_wrong_variable_is_named(
    tmp_path: Path, name: str, text: str, message: str, hint: str
) -> None:
    error = refused(tmp_path, "", **{name: text})
    assert message in error.message
    assert error.where == name
    assert hint in error.hint


def test_variables_of_other_commands_are_left_alone(tmp_path: Path) -> None:
    env = {name: "x" for name in variables.RESERVED - {"DASHOPS_STACK"}}
    env |= {"DASHOPS_TEST_BROWSER": "x", "dashops_x": "x", "HOME": "/root"}
    assert stack.parse("", tmp_path / "dashops.yaml", env).where("name") == "default"


def test_every_setting_has_a_variable_of_its_own() -> None:
    assert len(variables.names()) == len(model.leaves())
    assert not variables.RESERVED & set(variables.names())


def test_the_example_names_every_setting_and_equals_the_defaults(tmp_path: Path) -> None:
    text = stack.example()
    loaded = stack.parse(text, tmp_path / "dashops.yaml", {})
    assert loaded.model_dump() == stack.parse("", tmp_path / "dashops.yaml", {}).model_dump()
    unset = [path for path in model.leaves() if loaded.where(path) == "default"]
    assert unset == ["name"]
    assert "# name: " in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_schema_describes_every_key_and_refuses_others() -> None:
    schema = stack.schema()
    assert schema["title"] == "dashops stack"
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert all("description" in key or "$ref" in key for key in part["properties"].values())
        assert part["description"]
    assert '"placed' not in json.dumps(schema)


def test_every_setting_says_its_default_and_its_unit() -> None:
    for section in (model.Stack, *model.sections().values()):
        for key, field in section.model_fields.items():
            assert field.description
            if key in model.sections():
                continue
            assert "Default: " in field.description or "The default " in field.description, key
            if key.endswith(("_timeout", "_grace")):
                assert field.description.startswith("Seconds "), key


@pytest.mark.parametrize("content", ["https://a.b:8", "https://c.b", "https://*.a.b:8"])
def test_dashboards_may_have_an_address_of_their_own_or_many(tmp_path: Path, content: str) -> None:
    loaded = stack.parse(f"{ADDRESS} '{content}'\n", tmp_path / "dashops.yaml", {})
    assert loaded.dashboard.content_address == content
