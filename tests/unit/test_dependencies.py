import base64
from pathlib import Path

import pytest

from dashops import bundle as bundles
from dashops import errors
from dashops.bundle import conda, requirements

PYLOCK = b"""
lock-version = "1.0"
requires-python = ">=3.10"
[[packages]]
name = "humanize"
version = "4.9.0"
marker = "python_version > '3'"
[[packages]]
name = "mine"
directory = {path = "."}
"""
UV_LOCK = b'version = 1\nrequires-python = ">=3.11"\n'
PROJECT = b'[project]\nname = "a"\nrequires-python = ">=3.11"\ndependencies = ["pandas>=2"]\n'
CONDA = b"""
name: x
channels: [conda-forge]
dependencies:
  - python=3.11
  - conda-forge::gdal>=3
  - pip
  - pip:
    - humanize
    - -r more.txt
"""
BLOCK = '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n#   "rich",\n# ]\n# ///\n'


def bundle(files=None, *cells, **metadata):
    made = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": source,
         "outputs": [], "execution_count": None}
        for at, source in enumerate(cells)
    ]  # fmt: skip
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}
    return bundles.Bundle(notebook, files or {})


def found(files=None, *cells, **metadata):
    return bundles.dependencies(bundle(files, *cells, **metadata))


def refused(files=None, *cells, **metadata):
    with pytest.raises(errors.SpecError) as caught:
        found(files, *cells, **metadata)
    return caught.value


ALL = {
    "requirements.txt": b"humanize\n",
    "pylock.toml": PYLOCK,
    "uv.lock": UV_LOCK,
    "pyproject.toml": PROJECT,
}


def test_the_first_of_several_sources_wins():
    everything = dict(ALL)
    own = {"dashops": {"dependencies": ["altair"]}}
    order = []
    for path in (*ALL, None):
        order.append(found({**everything, "environment.yml": CONDA}, BLOCK, **own).source)
        everything.pop(path, None)
    left = {"environment.yml": CONDA, "more.txt": b""}
    order.append(found(left, **own).source)
    order.append(found(left).source)
    assert order == [
        "requirements.txt", "pylock.toml", "uv.lock", "pyproject.toml", "PEP 723 block",
        "notebook metadata", "environment.yml",
    ]  # fmt: skip
    assert found() is None
    assert found({"data.csv": b"1"}, "import pandas") is None


def test_requirements_are_followed_into_other_files_with_their_lines():
    files = {
        "requirements.txt": b"-r more/a.txt\n# comment\n\nhumanize>=4 \\\n  ,<5  # why\n",
        "more/a.txt": b"-c limits.txt\npandas[excel] ; python_version > '3'\n",
        "more/limits.txt": b"numpy<3\n",
        "unused.txt": b"x\n",
    }
    wanted = found(files)
    assert set(wanted.files) == {"requirements.txt", "more/a.txt", "more/limits.txt"}
    assert wanted.files["requirements.txt"].splitlines()[0] == "-r more/a.txt"
    assert wanted.files["requirements.txt"].splitlines()[3].startswith("humanize>=4")
    assert wanted.files["more/limits.txt"] == "numpy<3\n"


def test_a_circle_of_files_ends():
    wanted = found({"requirements.txt": b"-r a.txt\nx\n", "a.txt": b"-r requirements.txt\ny\n"})
    assert set(wanted.files) == {"requirements.txt", "a.txt"}
    endless = {f"{at}.txt": f"-r {at + 1}.txt\n".encode() for at in range(30)}
    assert "too many" in refused({"requirements.txt": b"-r 0.txt", **endless}).message


def test_where_packages_come_from_is_the_operators_to_say_and_is_named():
    text = b"--index-url https://me:pw@pypi.example/simple\n-f wheels\n--pre\nhumanize\n"
    wanted = found({"requirements.txt": text})
    assert wanted.files["requirements.txt"].split() == ["humanize"]
    assert [each.split()[0] for each in wanted.unsupported] == ["--index-url", "-f", "--pre"]
    assert "requirements.txt:1" in wanted.unsupported[0]
    assert "pw" not in str(wanted)


def test_a_wheel_goes_along():
    name = "wheels/mine-1.0-py3-none-any.whl"
    wanted = found({"requirements.txt": f"./{name}\n".encode(), name: b"PK\x03\x04\xff"})
    assert base64.b64decode(wanted.files[name]) == b"PK\x03\x04\xff"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pandas>>2", "not a requirement"),
        ("import pandas", "not a requirement"),
        ("pandas>=2 numpy", "not a requirement"),
        ("-e .", "folder"),
        ("./lib", "folder"),
        (".", "folder"),
        ("git+https://example.org/x.git", "version control"),
        ("x @ git+ssh://git@example.org/x.git", "version control"),
        ("numpy @ file:///home/conda/numpy", "your machine"),
        ("https://me:hidden@example.org/x-1-py3-none-any.whl", "password"),
        ("x @ https://me:hidden@example.org/x.whl", "password"),
        ("-r ../secret.txt", "outside"),
        ("-r /etc/passwd", "outside"),
        ("-r https://example.org/r.txt", "outside"),
        ("-c missing.txt", "no file"),
        ("../x-1.0-py3-none-any.whl", "outside"),
        ("./x-1.0-py3-none-any.whl", "no file"),
        ("./what.whl", "does not name"),
        ("--wat", "no option"),
    ],
)
def test_a_bad_line_is_named_with_its_place(line, said):
    error = refused({"requirements.txt": f"humanize\n\n{line}\n".encode()})
    assert said in error.message
    assert error.where == "requirements.txt:3"
    assert "hidden" not in error.message


def test_powershells_utf_16_is_read_and_what_is_no_text_is_refused():
    wanted = found({"requirements.txt": "humanize\r\n".encode("utf-16")})
    assert wanted.files["requirements.txt"] == "humanize\n"
    assert found({"requirements.txt": b"\xef\xbb\xbfhumanize"}).files["requirements.txt"]
    assert "UTF-8" in refused({"requirements.txt": b"\x80abc"}).message
    assert "text" in refused({"requirements.txt": b"a\0b"}).message
    assert "larger" in refused({"requirements.txt": b"#" * (requirements.LARGEST + 1)}).message


def test_an_empty_file_asks_for_nothing_which_is_not_the_default():
    assert found({"requirements.txt": b"# nothing\n"}).files == {"requirements.txt": ""}


def test_pylock_gives_versions_and_names_what_has_none():
    wanted = found({"pylock.toml": PYLOCK})
    assert wanted.files["requirements.txt"] == "humanize==4.9.0 ; python_version > '3'\n"
    assert wanted.python == ">=3.10"
    assert "mine" in wanted.unsupported[0]


def test_uv_lock_needs_its_project():
    assert "pyproject.toml" in refused({"uv.lock": UV_LOCK}).message
    wanted = found({"uv.lock": UV_LOCK, "pyproject.toml": b"[tool.ruff]\n"})
    assert set(wanted.files) == {"uv.lock", "pyproject.toml"}
    assert wanted.python == ">=3.11"


def test_a_pyproject_of_tools_only_asks_for_nothing():
    assert found({"pyproject.toml": b"[tool.ruff]\nline-length = 100\n"}) is None
    assert found({"pyproject.toml": b"[project]\nname = 'a'\n"}).files == {"requirements.txt": ""}


def test_a_project_tells_packages_and_python():
    wanted = found({"pyproject.toml": PROJECT + b"[tool.uv.sources]\npandas = {path = 'x'}\n"})
    assert wanted.files == {"requirements.txt": "pandas>=2\n"}
    assert wanted.python == ">=3.11"
    assert wanted.unsupported == ("tool.uv.sources (pyproject.toml)",)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("[project\n", "pyproject.toml:1", "TOML"),
        ("a = 1\nb = = 2\n", "pyproject.toml:2", "TOML"),
        ("project = 3\n", "pyproject.toml", "table"),
        ("[project]\ndependencies = 'pandas'\n", "pyproject.toml", "list"),
        ("[project]\ndependencies = [1]\n", "pyproject.toml", "list"),
        ("[project]\ndependencies = ['pandas>>1']\n", "pyproject.toml", "not a requirement"),
        ("[project]\ndynamic = ['dependencies']\n", "pyproject.toml", "dynamic"),
        ("[project]\nrequires-python = 'new'\n", "pyproject.toml", "Python versions"),
        ("[project]\nrequires-python = 3.11\n", "pyproject.toml", "Python versions"),
    ],
)
def test_a_malformed_project_is_named(text, where, said):
    error = refused({"pyproject.toml": text.encode()})
    assert said in error.message
    assert error.where == where


def test_a_block_in_a_cell_is_read():
    wanted = found({}, "import sys", f"# first\n{BLOCK}\nimport rich")
    assert wanted.files == {"requirements.txt": "rich\n"}
    assert (wanted.source, wanted.python) == ("PEP 723 block", ">=3.11")
    error = refused({}, BLOCK, "x = 1", BLOCK)
    assert "1 and 3" in error.message
    assert refused({}, "", "# /// script\n# = 3\n# ///\n").where == "cell 2"
    assert found({}, "# /// script\nprint(1)\n# ///\n") is None, "no block, as code is in it"
    assert found({}, "# /// pyproject\n# x = 1\n# ///\n") is None


def test_a_list_in_the_metadata_is_read():
    wanted = found({}, dashops={"dependencies": ["rich>=13"]})
    assert wanted.files == {"requirements.txt": "rich>=13\n"}
    assert found({}, dashops={"title": "x"}) is None
    assert found({}, dashops=3) is None
    assert "list" in refused({}, dashops={"dependencies": "rich"}).message
    assert refused({}, dashops={"dependencies": ["a b"]}).where == "notebook metadata"


def test_the_pip_part_of_a_conda_environment_counts():
    wanted = found({"environment.yml": CONDA, "more.txt": b"rich\n"})
    assert wanted.source == "environment.yml"
    assert wanted.files == {"requirements.txt": "humanize\n-r more.txt\n", "more.txt": "rich\n"}
    assert wanted.python == "==3.11.*"
    assert wanted.unsupported == ("conda-forge::gdal>=3 (environment.yml, a conda package)",)
    assert set(wanted.taken) == {"environment.yml", "more.txt"}


def test_a_conda_environment_without_a_pip_part_means_the_default_one():
    assert found({"environment.yml": b"dependencies: [python=3.11, pandas]\n"}) is None


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("python", ""),
        ("python=3.11", "==3.11.*"),
        ("python =3.11", "==3.11.*"),
        ("python==3.11.4", "==3.11.4"),
        ("python=3.11.*", "==3.11.*"),
        ("python>=3.9,<3.13", ">=3.9,<3.13"),
        ("defaults::python=3.12", "==3.12.*"),
    ],
)
def test_condas_spelling_of_a_python_is_understood(written, means):
    assert conda.parse(f"dependencies: ['{written}']", "e.yml").python == means


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("dependencies: [", "environment.yml:1"),
        ("dependencies: 3", "environment.yml"),
        ("- a", "environment.yml"),
        ("", "environment.yml"),
        ("dependencies: [{conda: [x]}]", "environment.yml"),
        ("dependencies: [{pip: x}]", "environment.yml"),
        ("dependencies: !!python/object/apply:os.system ['true']", "environment.yml:1"),
    ],
)
def test_a_malformed_conda_environment_is_named(text, where):
    assert refused({"environment.yml": text.encode()}).where == where


def folder(tmp_path: Path, files: dict[str, bytes], cells=("1",)) -> Path:
    path = tmp_path / "sales.ipynb"
    path.write_bytes(bundles.encode(bundle({}, *cells).notebook))
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return path


def test_what_decides_the_packages_goes_along_and_no_more(tmp_path):
    name = "wheels/mine-1.0-py3-none-any.whl"
    files = {
        "requirements.txt": f"-r more/a.txt\n./{name}\n".encode(),
        "more/a.txt": b"rich\n",
        name: b"PK\xff",
        "wheels/other-1.0-py3-none-any.whl": b"PK",
        "pyproject.toml": PROJECT,
        "environment.yml": CONDA,
    }
    taken = bundles.collect(folder(tmp_path, files), [])
    assert set(taken.files) == {"requirements.txt", "more/a.txt", name}
    assert taken.files[name] == b"PK\xff"


@pytest.mark.parametrize(
    ("files", "cells", "taken"),
    [
        ({"pyproject.toml": b"[tool.ruff]\n"}, ("1",), set()),
        ({"pyproject.toml": PROJECT}, ("1",), {"pyproject.toml"}),
        ({"pyproject.toml": PROJECT, "uv.lock": UV_LOCK}, ("1",), {"pyproject.toml", "uv.lock"}),
        ({"pylock.toml": PYLOCK}, ("1",), {"pylock.toml"}),
        ({"environment.yml": CONDA, "more.txt": b""}, (BLOCK,), set()),
        ({"environment.yml": CONDA, "more.txt": b""}, ("1",), {"environment.yml", "more.txt"}),
        ({"sub/requirements.txt": b"x"}, ("1",), set()),
    ],
)
def test_only_the_source_that_wins_is_taken(tmp_path, files, cells, taken):
    assert set(bundles.collect(folder(tmp_path, files, cells), []).files) == taken


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.txt").write_text("hunter2\n")
    (inside / "requirements.txt").symlink_to(tmp_path / "secret.txt")
    assert bundles.collect(folder(inside, {}), []).files == {}


def test_hashes_of_a_pylock_count():
    text = 'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n'
    text += f'wheels = [{{hashes = {{sha256 = "{"a" * 64}"}}}}, {{hashes = {{sha256 = "no"}}}}]\n'
    text += f'sdist = {{hashes = {{sha256 = "{"b" * 64}"}}}}\n'
    (line,) = found({"pylock.toml": text.encode()}).files["requirements.txt"].splitlines()
    hashes = [f"--hash=sha256:{letter * 64}" for letter in "ab"]
    assert line.split() == ["six==1.16.0", *hashes]
