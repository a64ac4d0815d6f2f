"""Notebooks and bundles: what goes in, what comes out again, and what is refused."""

import io
import json
import random
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dashops import bundle, errors

MB = 10**6


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: str, **more: Any) -> dict[str, Any]:
    fresh = {"outputs": [], "execution_count": None, "metadata": {}}
    return {"cell_type": "code", "source": source, **fresh, **more}


def notebook(*cells: dict[str, Any], minor: int = 2, **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": list(cells)}


def parsed(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return bundle.parse(json.dumps(notebook(*cells, **metadata)))


def refused(call: Any, *args: Any) -> str:
    with pytest.raises(errors.SpecError) as caught:
        call(*args)
    assert not caught.value.message.endswith(".")
    return f"{caught.value.message} / {caught.value.hint}"


class TestParse:
    def test_outputs_and_what_only_running_leaves_are_kept_out(self) -> None:
        output = {"output_type": "stream", "name": "stdout", "text": ["secret"]}
        ran = code("1", outputs=[output], execution_count=7, metadata={"execution": {"t": "now"}})
        found = parsed(ran, widgets={"state": {"secret": 1}})
        assert "secret" not in json.dumps(found)
        assert found == parsed(code("1"))

    def test_broken_outputs_do_not_matter(self) -> None:
        text = json.dumps(notebook(code("1", outputs=[{"data": float("nan")}, 3])))
        assert bundle.parse(text)["cells"][0]["outputs"] == []

    def test_parsing_twice_gives_the_same(self) -> None:
        text = json.dumps(notebook(markdown("# é"), code("1"), code("1")))
        once = bundle.parse(text)
        assert bundle.parse(text.encode()) == once
        assert bundle.parse(bundle.encode(once)) == once

    def test_cell_ids_are_kept_or_made_and_never_twice(self) -> None:
        cells = [code("1") | {"id": "a"}, code("2") | {"id": "a"}, code("3") | {"id": "b c"}]
        ids = [cell["id"] for cell in parsed(*cells, code("4"))["cells"]]
        assert ids[0] == "a"
        assert len(set(ids)) == 4

    def test_source_as_a_list_of_lines(self) -> None:
        cell = markdown("") | {"source": ["# a\n", "b"]}
        assert parsed(cell)["cells"][0]["source"] == "# a\nb"

    def test_a_byte_order_mark_is_no_problem(self) -> None:
        assert bundle.parse(b"\xef\xbb\xbf" + json.dumps(notebook()).encode())["cells"] == []

    def test_format_3_is_converted(self) -> None:
        old = {"cell_type": "code", "language": "python", "collapsed": False}
        cells = [
            {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Old"]},
            old | {"input": ["x = 1"], "metadata": {}, "outputs": [], "prompt_number": 3},
        ]
        text = json.dumps(
            {
                "nbformat": 3,
                "nbformat_minor": 0,
                "metadata": {"name": "", "signature": "x"},
                "worksheets": [{"cells": cells, "metadata": {}}],
            }
        )
        found = bundle.parse(text)
        assert found["nbformat"] == 4
        assert [cell["source"] for cell in found["cells"]] == ["## Old", "x = 1"]
        assert bundle.parse(text) == found, "ids must not be random"

    def test_format_2_is_converted(self) -> None:
        cell = {"cell_type": "code", "input": "x = 1", "language": "python", "outputs": []}
        text = json.dumps(
            {"nbformat": 2, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
        )
        assert bundle.parse(text)["cells"][0]["source"] == "x = 1"

    def test_a_newer_minor_version_is_taken_with_its_unknown_keys(self) -> None:
        text = json.dumps(notebook(code("1") | {"novelty": 1}, minor=9))
        assert bundle.parse(text)["cells"][0]["novelty"] == 1

    def test_a_newer_major_version_is_refused_naming_both(self) -> None:
        message = refused(bundle.parse, '{"nbformat": 5, "nbformat_minor": 1}')
        assert "5.1" in message
        assert "up to 4" in message

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", "not a notebook"),
            ("# notes", "not a notebook"),
            (b"\xff\xfe\x00", "not UTF-8"),
            ('{"a": "\\ud800"}', "not UTF-8"),
            ("[" * 100_000, "not a notebook"),
            ("1" * 5000, "not a notebook"),
            ('{"nbformat": 4, "a": ' + "[" * 300 + "]" * 300 + "}", "100 lists or objects"),
            ("[]", "not a notebook"),
            ("{}", "no `nbformat`"),
            ('{"nbformat": "4"}', "no `nbformat`"),
            ('{"nbformat": true}', "no `nbformat`"),
            ('{"nbformat": 0}', "cannot be converted"),
            ('{"nbformat": -1}', "cannot be converted"),
            ('{"nbformat": 3}', "cannot be converted"),
            ('{"nbformat": 3, "worksheets": 3}', "cannot be converted"),
            ('{"nbformat": 4, "cells": []}', "no `metadata`"),
            ('{"nbformat": 4, "metadata": {}}', "no list of `cells`"),
            ('{"nbformat": 4, "metadata": {}, "cells": {}}', "no list of `cells`"),
            ('{"nbformat": 4, "metadata": {"kernelspec": 1}, "cells": []}', "kernelspec"),
            (json.dumps(notebook(minor=9, kernelspec=1)), "kernelspec"),
            (json.dumps(notebook(code("1"), 3)), "cell 2"),  # type: ignore[arg-type]
            (json.dumps(notebook(code("1") | {"source": [1]})), "cell 1"),
            (json.dumps(notebook(code("1") | {"source": None})), "no `source`"),
            (json.dumps(notebook(code("1") | {"metadata": []})), "no `metadata`"),
            (json.dumps(notebook(code("1") | {"cell_type": "slide"})), "'slide'"),
            (json.dumps(notebook(code("1") | {"cell_type": []})), "cell 1"),
            (json.dumps(notebook(code("1") | {"surprise": 1})), "not valid"),
        ],
    )
    def test_what_is_not_a_notebook_says_so(self, text: str | bytes, expected: str) -> None:
        assert expected in refused(bundle.parse, text)

    def test_a_syntax_error_has_its_place(self) -> None:
        with pytest.raises(errors.SpecError) as caught:
            bundle.parse('{\n "nbformat": 4,,')
        assert caught.value.where == "2:16"


class TestTitleAndKernel:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("# Sales", "Sales"),
            ("intro\n\n## Sales ##\n# Other", "Sales"),
            ("# C#", "C#"),
            ("Sales\n=====", "Sales"),
            ("# *Sales* of **`north`** and __south__", "Sales of north and south"),
            ("# snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
            ("# [Sales](http://x) ![](logo.png)", "Sales"),
            ("# <span style='x'>Sales</span> &amp; more \\*", "Sales & more *"),
            ("<h1 class='x'>Sales</h1>", "Sales"),
            ("```\n# comment\n```\n# Sales", "Sales"),
            ("<!-- # no -->\n# Sales", "Sales"),
            ("#Sales", "the name"),
            ("# ![](logo.png)", "the name"),
            ("plain", "the name"),
            ("# a\x1b[31mb", "a [31mb"),
            ("# " + "x" * 500, "x" * 200),
        ],
    )
    def test_the_first_heading_without_markup(self, source: str, expected: str) -> None:
        assert bundle.title(parsed(code("# no"), markdown(source)), "the name") == expected

    def test_hostile_text_takes_no_time(self) -> None:
        for source in (
            "![" * 10**5,
            "](" * 10**5,
            "<!--" * 10**5,
            "# " + " #" * 10**5,
            "`" * 10**6,
        ):
            found = parsed(markdown(source))
            bundle.title(found, "")
            bundle.assets(bundle.Bundle(found))

    def test_kernel_and_language(self) -> None:
        spec = {"name": "ir", "display_name": "R", "language": "R"}
        assert bundle.kernel(parsed(kernelspec=spec)) == "ir"
        assert bundle.language(parsed(kernelspec=spec)) == "r"
        assert bundle.language(parsed(language_info={"name": "python"})) == "python"
        assert bundle.kernel(parsed()) is None
        assert bundle.language(parsed()) is None


class TestNames:
    @pytest.mark.parametrize(
        ("file", "expected"),
        [
            ("sales.ipynb", "sales"),
            ("Sales Report.ipynb", "sales-report"),
            ("Résumé (2024).ipynb", "resume-2024"),
            ("a_b.v2.ipynb", "a_b.v2"),
            ("--x--.ipynb", "x"),
            ("a" * 90 + ".ipynb", "a" * 63),
        ],
    )
    def test_made_from_the_file(self, file: str, expected: str) -> None:
        assert bundle.name_for(Path("folder") / file) == expected
        assert bundle.check_name(expected) == expected

    @pytest.mark.parametrize("file", ["売上.ipynb", "売上 2024.ipynb", "..ipynb", "!.ipynb"])
    def test_letters_are_never_left_out_silently(self, file: str) -> None:
        assert "--name" in refused(bundle.name_for, Path(file))

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "A",
            "a/b",
            "../a",
            ".a",
            "-a",
            "a b",
            "a\n",
            "a\x00",
            "é",
            "売上",
            "a" * 64,
            "a\\b",
            "a%2f",
        ],
    )
    def test_a_bad_name_is_refused_with_the_rule(self, name: str) -> None:
        assert "lower-case letters" in refused(bundle.check_name, name)

    def test_a_bad_name_is_refused_with_a_good_one(self) -> None:
        assert "try `sales-report`" in refused(bundle.check_name, "Sales Report")

    def test_messages_cannot_drive_a_terminal(self) -> None:
        assert "\x1b" not in refused(bundle.check_name, "\x1b[2J")


FILES = {"data.csv": b"1,2\n", "img/é 売.png": bytes(range(256)), "empty": b"", "lib/a.py": b"x"}


class TestArchive:
    def test_round_trip(self) -> None:
        before = bundle.Bundle(parsed(markdown("# é")), FILES)
        after = bundle.unpack(bundle.pack(before), MB)
        assert after == before
        assert bundle.digest(after) == bundle.digest(before)

    def test_random_bundles_survive_the_round_trip(self) -> None:
        dice = random.Random(1)
        for _ in range(200):
            letters = "abé売 .-_()#%&'\""
            names = {"".join(dice.choices(letters, k=dice.randint(1, 12))) for _ in range(5)}
            files = {f"{index}/{name}x": dice.randbytes(50) for index, name in enumerate(names)}
            before = bundle.Bundle(parsed(markdown(dice.choice(letters))), files)
            assert bundle.unpack(bundle.pack(before), MB) == before

    def test_a_single_notebook_needs_no_zip(self) -> None:
        text = json.dumps(notebook(code("1")))
        assert bundle.unpack(text.encode(), MB) == bundle.Bundle(bundle.parse(text))

    def test_packing_is_repeatable_with_the_notebook_first(self) -> None:
        one = bundle.Bundle(parsed(), FILES)
        two = bundle.Bundle(parsed(), dict(reversed(FILES.items())))
        assert bundle.pack(one) == bundle.pack(two)
        names = zipfile.ZipFile(io.BytesIO(bundle.pack(one))).namelist()
        assert names == ["index.ipynb", *sorted(FILES)]

    def test_the_digest_is_of_content_alone(self) -> None:
        plain = zipped(("lib/", b""), *FILES.items(), ("index.ipynb", json.dumps(notebook())))
        same = bundle.Bundle(parsed(), FILES)
        assert bundle.digest(bundle.unpack(plain, MB)) == bundle.digest(same)

    @pytest.mark.parametrize(
        "files",
        [{**FILES, "empty": b"x"}, {**FILES, "more": b""}, {"data.csv": b"1,2\n"}, {"empt": b"y"}],
    )
    def test_any_change_changes_the_digest(self, files: dict[str, bytes]) -> None:
        one = bundle.digest(bundle.Bundle(parsed(), FILES))
        assert bundle.digest(bundle.Bundle(parsed(), files)) != one
        assert bundle.digest(bundle.Bundle(parsed(code("1")), FILES)) != one

    def test_missing_is_not_part_of_the_digest(self) -> None:
        assert bundle.digest(bundle.Bundle(parsed(), {}, ("a.png",))) == bundle.digest(
            bundle.Bundle(parsed())
        )


def zipped(*entries: tuple[str | zipfile.ZipInfo, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


INDEX = ("index.ipynb", json.dumps(notebook()))


def special(name: str, mode: int, content: str = "/etc/passwd") -> bytes:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (mode | 0o777) << 16
    return zipped(INDEX, (info, content))


def renamed(name: bytes, *, flags: int = 0x800) -> bytes:
    """A zip with one entry whose raw name is these bytes, as zipfile would not write it."""
    stand_in = b"@" * len(name)
    data = zipped(INDEX, (stand_in.decode(), b"x"))
    info_at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    local_at = data.index(b"PK\x03\x04", 4)
    patched = bytearray(data.replace(stand_in, name))
    struct.pack_into("<H", patched, info_at + 8, flags)
    struct.pack_into("<H", patched, local_at + 6, flags)
    return bytes(patched)


class TestHostileUploads:
    @pytest.mark.parametrize(
        "name",
        [
            "/etc/passwd",
            "../up",
            "a/../../up",
            "a/./b",
            "a//b",
            "./a",
            "C:/x",
            "c:x",
            "a\\b",
            "..\\up",
            "a\nb",
            "a\x1bb",
            "a\x7fb",
            "a\u0085b",
            "a\u2028b",
            "x" * 256,
            "/".join(["x" * 200] * 6),
        ],
    )
    def test_names_that_leave_the_folder_or_mislead_are_refused(self, name: str) -> None:
        message = refused(bundle.unpack, renamed(name.encode()), MB)
        assert "cannot be in a bundle" in message
        assert message.isprintable()
        refused(bundle.pack, bundle.Bundle(parsed(), {name: b""}))

    @pytest.mark.parametrize("name", [b"a\x00b", b"..\x00", b"a\xff\xfe", b"\xed\xa0\x80"])
    def test_names_that_are_no_text_are_refused(self, name: bytes) -> None:
        refused(bundle.unpack, renamed(name), MB)
        refused(bundle.unpack, renamed(name, flags=0), MB)

    def test_a_second_name_in_an_extra_field_is_not_believed(self) -> None:
        evil = b"../../up"
        extra = struct.pack("<HHBL", 0x7075, 5 + len(evil), 1, 0) + evil
        info = zipfile.ZipInfo("fine.txt")
        info.extra = extra
        assert set(bundle.unpack(zipped(INDEX, (info, "x")), MB).files) == {"fine.txt"}

    def test_names_macos_writes_are_read(self) -> None:
        data = renamed("é売.png".encode(), flags=0)
        assert set(bundle.unpack(data, MB).files) == {"é売.png"}

    def test_what_macos_adds_is_left_out(self) -> None:
        data = zipped(INDEX, ("__MACOSX/._index.ipynb", "junk"), ("lib/", ""), ("lib/a", "x"))
        assert set(bundle.unpack(data, MB).files) == {"lib/a"}

    @pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
    def test_links_and_special_files_are_refused(self, kind: int) -> None:
        assert "link or a special file" in refused(bundle.unpack, special("a", kind), MB)

    def test_a_notebook_that_is_a_link_is_refused(self) -> None:
        info = zipfile.ZipInfo("index.ipynb")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        assert "link" in refused(bundle.unpack, zipped((info, "/etc/passwd")), MB)

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_duplicates_are_refused(self) -> None:
        for name in ("a", "index.ipynb"):
            data = zipped(INDEX, (name, "1"), (name, "2"))
            assert "twice" in refused(bundle.unpack, data, MB)

    def test_a_file_that_is_also_a_folder_is_refused(self) -> None:
        for names in (("a", "a/b"), ("a/b/c", "a/b"), ("index.ipynb/a", "b")):
            data = zipped(INDEX, *((name, "1") for name in names))
            assert "both a file and a folder" in refused(bundle.unpack, data, MB)

    def test_without_a_notebook_on_top_it_says_where_it_belongs(self) -> None:
        for data in (zipped(("a", "1")), zipped((f"folder/{INDEX[0]}", INDEX[1])), zipped()):
            assert "no `index.ipynb`" in refused(bundle.unpack, data, MB)

    def test_other_notebooks_are_just_files(self) -> None:
        data = zipped(INDEX, ("more/index.ipynb", "not json"), ("other.ipynb", "{}"))
        assert set(bundle.unpack(data, MB).files) == {"more/index.ipynb", "other.ipynb"}

    def test_too_many_files(self) -> None:
        most = [(f"f{index}", "") for index in range(2000)]
        assert len(bundle.unpack(zipped(INDEX, *most), MB).files) == 2000
        assert "2000" in refused(bundle.unpack, zipped(INDEX, *most, ("one", "")), MB)

    def test_a_huge_directory_is_refused_before_it_is_read(self) -> None:
        data = zipped(INDEX, *((f"f{index}", "") for index in range(80_000)))
        assert "too many entries" in refused(bundle.unpack, data, 100 * MB)

    def test_uncompressed_size_counts(self) -> None:
        data = zipped(INDEX, ("zeros", b"\0" * 5 * MB))
        assert len(data) < MB / 10
        assert "larger than 1 MB" in refused(bundle.unpack, data, MB)
        assert bundle.unpack(data, 6 * MB)
        assert "larger" in refused(bundle.unpack, json.dumps(notebook()).encode(), 10)

    def test_sizes_in_the_directory_are_not_believed(self) -> None:
        data = bytearray(zipped(INDEX, ("zeros", b"\0" * 5 * MB)))
        at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
        struct.pack_into("<L", data, at + 24, 10)
        refused(bundle.unpack, bytes(data), MB)

    def test_names_are_spelt_in_one_way(self) -> None:
        (name,) = bundle.portable(bundle.unpack(zipped(INDEX, ("e\u0301.csv", "1")), MB)).files
        assert name == "\u00e9.csv"

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ("e\u0301.csv", "\u00e9.csv"),
            ("Data.csv", "data.csv"),
            ("Data/a.csv", "data/b.csv"),
            ("Stra\u00dfe", "STRASSE"),
            ("INDEX.ipynb", "x"),
        ],
    )
    def test_names_that_are_one_name_elsewhere_are_refused(self, one: str, two: str) -> None:
        found = bundle.unpack(zipped(INDEX, (one, "1"), (two, "2")), MB)
        assert "one name on other systems" in refused(bundle.portable, found)

    def test_folders_in_folders_have_an_end(self) -> None:
        assert bundle.unpack(zipped(INDEX, ("d/" * 32 + "f", "")), MB)
        assert "32 folders deep" in refused(bundle.unpack, zipped(INDEX, ("d/" * 33 + "f", "")), MB)

    def test_many_entries_over_the_same_bytes_do_not_multiply(self) -> None:
        data = zipped(INDEX, ("zeros", b"\0" * (MB // 2)))
        at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
        end = data.index(b"PK\x05\x06")
        again = b"".join(data[at:end].replace(b"zeros", b"zer%02d" % n) for n in range(50))
        tail = bytearray(data[end:])
        struct.pack_into("<HHL", tail, 8, 52, 52, end - data.index(b"PK\x01\x02") + len(again))
        refused(bundle.unpack, data[:end] + again + bytes(tail), MB)

    def test_encrypted_and_unusual_compression(self) -> None:
        assert "encrypted" in refused(bundle.unpack, renamed(b"abc", flags=1), MB)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr(*INDEX)
        assert "deflated" in refused(bundle.unpack, out.getvalue(), MB)

    def test_a_cut_off_upload(self) -> None:
        data = bundle.pack(bundle.Bundle(parsed(), FILES))
        for size in range(0, len(data), 7):
            refused(bundle.unpack, data[:size], MB)

    def test_mutated_archives_are_read_or_refused_but_never_crash(self) -> None:
        dice = random.Random(2)
        good = bundle.pack(bundle.Bundle(parsed(markdown("# a")), FILES))
        outcomes = {"read": 0, "refused": 0}
        for _ in range(3000):
            data = bytearray(good)
            for _ in range(dice.randint(1, 4)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            try:
                found = bundle.unpack(bytes(data), MB)
            except errors.SpecError:
                outcomes["refused"] += 1
            else:
                outcomes["read"] += 1
                assert not any(".." in path.split("/") for path in found.files)
        assert min(outcomes.values()) > 100


class TestAssets:
    def test_by_type_or_because_markdown_links_to_it(self) -> None:
        cells = markdown("[report](data/report.csv) ![](a%20b.tif) <a href='x.html'>x</a>")
        names = ["data/report.csv", "a b.tif", "x.html", "other.csv", "a.PNG", "f.woff2", "s.css"]
        found = bundle.assets(bundle.Bundle(parsed(cells), dict.fromkeys(names, b"")))
        assert found == set(names) - {"other.csv"}

    @pytest.mark.parametrize(
        "name",
        [
            "a.py", "a.PY", "a.ipynb", "a.R", "a.jl", "a.sql", ".env", "conf/.env", "prod.env",
            ".git/config", ".hidden/a.png", "key.pem", "a.sh", "notes", "data.json", "a.png.py",
        ],
    )  # fmt: skip
    def test_source_and_secrets_never(self, name: str) -> None:
        linked = f"[x]({name})" if name not in ("notes", "data.json") else ""
        files = {name: b""}
        assert not bundle.assets(bundle.Bundle(parsed(markdown(linked)), files))

    def test_links_in_code_do_not_open_a_file(self) -> None:
        files = {"a.csv": b""}
        for cell in (
            markdown("```\n[x](a.csv)\n```"),
            markdown("`[x](a.csv)`"),
            code("[x](a.csv)"),
        ):
            assert not bundle.assets(bundle.Bundle(parsed(cell), files))
