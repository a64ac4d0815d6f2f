"""What preflight says of notebooks broken on purpose, and that it is silent on good ones."""

from pathlib import Path

import pytest

from bench import accuracy, corpus
from dashops import preflight
from dashops.preflight import author, declared, magics
from dashops.preflight import server as comparing

BROKEN, FINE = corpus.broken(), corpus.fine()
LABELS = [(case, label) for case in BROKEN for label in case.labels]
FOLDER = Path(corpus.__file__).parent / "preflight"


def test_the_corpus_is_as_large_as_we_say() -> None:
    assert len(BROKEN) >= 40
    assert len(FINE) >= 25
    assert all(case.labels for case in BROKEN)
    assert not any(case.labels for case in FINE)


def test_every_kind_of_finding_is_in_the_corpus() -> None:
    tested_elsewhere = {"large-file"}
    assert {label.kind for _, label in LABELS} | tested_elsewhere == set(preflight.KINDS)


@pytest.mark.parametrize(
    ("case", "label"), LABELS, ids=[f"{case.name}: {label}" for case, label in LABELS]
)
def test_what_is_broken_is_found(case: corpus.Case, label: corpus.Label, tmp_path: Path) -> None:
    report = case.look(tmp_path.resolve())
    assert corpus.found(case, report)[label], report.findings


@pytest.mark.parametrize("case", [*BROKEN, *FINE], ids=lambda case: case.name)
def test_nothing_else_is_said(case: corpus.Case, tmp_path: Path) -> None:
    assert not corpus.false_alarms(case, case.look(tmp_path.resolve()))


@pytest.mark.parametrize(
    "path", sorted(corpus.EXAMPLES.glob("*.ipynb")), ids=lambda path: path.name
)
def test_the_examples_raise_nothing(path: Path) -> None:
    assert not accuracy.example(path).findings


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_every_finding_has_a_fix_and_is_one_sentence(case: corpus.Case, tmp_path: Path) -> None:
    for found in case.look(tmp_path.resolve()).findings:
        assert found.fix
        assert not found.message.endswith(".")
        assert "\n" not in found.message + found.fix


@pytest.mark.parametrize("name", ["secret-aws", "secret-github", "secret-password", "secret-url"])
def test_no_finding_repeats_a_secret(name: str, tmp_path: Path) -> None:
    case = next(case for case in BROKEN if case.name == name)
    said = str(case.look(tmp_path.resolve()).findings)
    for secret in ("AKIAIOSFODNN7EXAMPLE", "ghp_0123456789", "s3cr3t-Winter", "hunter22"):
        assert secret not in said


def test_a_large_file_is_named() -> None:
    large = preflight.files.large([("a.bin", 50_000_001), ("b.bin", 50_000_000)])
    assert [each.message for each in large] == ["`a.bin` has 50 MB, which every revision carries"]


def test_a_finding_is_said_once(tmp_path: Path) -> None:
    case = next(case for case in BROKEN if case.name == "file-csv")
    case.notebook["cells"] = [*case.notebook["cells"], *case.notebook["cells"]]  # type: ignore[misc]
    assert len(case.look(tmp_path.resolve()).findings) == 1


@pytest.mark.parametrize(
    "source",
    [
        " + ".join(["x"] * 5000),
        "(" * 150 + "x" + ")" * 150,
        "f(" * 120 + "x" + ")" * 120,
        "x = " + "[" * 180 + "]" * 180,
        "\0",
        "%",
        "%%",
        "!",
        "?",
        "\\",
        '"' * 3,
        "x = %",
        "%env",
        "%run",
        "pip install",
        "!pip install",
        "from . import x",
        "import_module('')",
        "open('')",
        "open('\\0')",
        "glob.glob('**a/**/[')",
        "os.environ[1]",
        "Path()/'..'/'x'",
        "open('/')",
        "open('~')",
        "# associate:",
        # Followed without a memory, this takes longer than anyone waits.
        "\n".join(f"{a} = {b} + {c}" for a in "abcdefgh" for b in "abcdefgh" for c in "ab")
        + "\nopen(a)",
    ],
)
def test_nothing_a_cell_holds_breaks_it(source: str, tmp_path: Path) -> None:
    case = corpus.Case("x", {**FINE[0].notebook}, about=corpus.server())
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    case.notebook["cells"] = [{**cell, "source": source}]
    case.look(tmp_path.resolve())


class TestMagics:
    @pytest.mark.parametrize(
        ("source", "python"),
        [
            ("%matplotlib inline\nx = 1", "pass\nx = 1"),
            ("if a:\n    !ls\n    b()", "if a:\n    pass\n    b()"),
            ("x = !ls\ny = %sx date", "x = None\ny = None"),
            ("%time x = f()", "x = f()"),
            ("%timeit -n 10 -r3 f()", "f()"),
            ("%%time\nx = 1", "pass\nx = 1"),
            ("%%capture out\nx = 1", "\nx = 1"),
            ("%%bash\nls", ""),
            ("x?\n?y\nz??", "pass\npass\npass"),
            ("!ls \\\n  -l\nx = 1", "pass\n\nx = 1"),
            ('t = """\n%no\n!no\n"""\n%yes', 't = """\n%no\n!no\n"""\npass'),
            ("a = (b\n% c)\n%d", "a = (b\n% c)\npass"),
            ("pip install x\ny = 1", "pass\ny = 1"),
            (">>> x = 1", "x = 1"),
        ],
    )
    def test_what_is_left_is_python_line_for_line(self, source: str, python: str) -> None:
        assert magics.split(source)[0] == python

    def test_the_rest_of_a_cell_of_another_language_is_kept(self) -> None:
        assert magics.split("%%bash -e\na\nb")[1] == (magics.Magic("bash", "-e", 1, "a\nb"),)


class TestDeclared:
    def test_names_in_lines_as_pip_reads_them(self) -> None:
        text = """
        # comment
        pandas[excel] >= 2 ; python_version > "3.8"  # why
        -r other.txt
        --index-url https://x.example
        Py_YAML
        requests @ https://x.example/requests-2.0.tar.gz
        git+https://x.example/tool.git#egg=tool
        ./wheels/acme_x-1.0-py3-none-any.whl
        """
        names = ["pandas", "Py_YAML", "requests", "tool", "acme_x"]
        assert list(declared.requirements(text)) == names

    def test_a_lock_is_all_there_is(self) -> None:
        lock = '[[package]]\nname = "pandas"\n[[package]]\nname = "NumPy"\n'
        found = declared.of(corpus.Written("uv.lock", {"uv.lock": lock}))
        assert found is not None
        assert found.locked
        assert found.names == {"pandas", "numpy"}

    def test_nothing_declared(self) -> None:
        assert declared.of(None) is None


class TestAmended:
    def test_an_authors_lines_stay_and_missing_ones_follow(self) -> None:
        text = "# mine\npandas==2.0  # old\nPyYAML"
        fixed = preflight.requirements(text, ["pyyaml", "scipy", "pandas"], {"scipy": "1.2"})
        assert fixed == "# mine\npandas==2.0  # old\nPyYAML\nscipy>=1.2\n"

    def test_a_new_file_says_what_it_is(self) -> None:
        fixed = preflight.requirements(None, ["b", "a"], {"a": "1.0.dev3", "b": "2.1+local"})
        assert fixed.startswith("# ")
        assert fixed.endswith("\na\nb\n")

    def test_nothing_missing_changes_nothing(self) -> None:
        assert preflight.requirements("a", ["a"], {}) == "a"


class TestAuthor:
    @pytest.fixture
    def packages(self, tmp_path: Path) -> Path:
        folder = tmp_path / ".venv/lib/python3.11/site-packages"
        for name, needs, record in (
            ("ipykernel-7.0", "", "ipykernel/__init__.py,,\n"),
            ("acme_tools-1.4", "NumPy>=2\nRequires-Dist: y; extra == 'z'", "acmelib/a.py,,\n"),
            ("numpy-2.1", "", "numpy/__init__.py,,\n"),
            ("google_cloud_x-1.0", "", "google/cloud/x/__init__.py,,\n"),
            ("w-1", "", "../../../share/jupyter/labextensions/@a/w/package.json,,\nw.py,,\n"),
        ):
            info = folder / f"{name}.dist-info"
            info.mkdir(parents=True)
            head = f"Name: x\nRequires-Dist: {needs}\n" if needs else "Name: x\n"
            (info / "METADATA").write_text(f"{head}\nRequires-Dist: prose\n")
            (info / "RECORD").write_text(record)
        return folder

    @pytest.mark.usefixtures("packages")
    def test_the_environment_beside_the_notebook(self, tmp_path: Path) -> None:
        found = author.installed(tmp_path / "deep/er/x.ipynb", "python3", {})
        assert found.modules["acmelib"] == "acme-tools"
        assert found.modules["google.cloud.x"] == "google-cloud-x"
        assert found.needs["acme-tools"] == {"numpy"}
        assert found.frontends == {"w": ("@a/w",)}
        assert found.versions["acme-tools"] == "1.4"

    def test_a_kernel_of_its_own_name_comes_first(self, packages: Path, tmp_path: Path) -> None:
        kernels = tmp_path / "share/kernels/mine"
        kernels.mkdir(parents=True)
        python = packages.parents[2] / "bin/python"
        (kernels / "kernel.json").write_text(f'{{"argv": ["{python}"]}}')
        env = {"JUPYTER_PATH": str(tmp_path / "share"), "VIRTUAL_ENV": "/nowhere"}
        found = author.installed(Path("/elsewhere/x.ipynb"), "mine", env)
        assert "acme-tools" in found.versions

    def test_no_environment_knows_nothing(self, tmp_path: Path) -> None:
        assert author.read(tmp_path) == preflight.Installed()


@pytest.mark.parametrize(
    ("specifier", "python", "fits"),
    [
        (">=3.11", (3, 11, 7), True),
        (">=3.12", (3, 11, 7), False),
        (">=3.10,<3.12", (3, 11, 7), True),
        ("<3.11", (3, 11, 7), False),
        ("==3.11.*", (3, 11, 7), True),
        ("~=3.10", (3, 11, 7), True),
        ("~=3.10.1", (3, 11, 7), False),
        ("!=3.11.7", (3, 11, 7), False),
        ("nonsense", (3, 11, 7), True),
    ],
)
def test_what_a_version_of_python_fits(
    specifier: str, python: tuple[int, ...], fits: object
) -> None:
    assert comparing.fits(specifier, python) is fits
