"""The address of public files, which browsers keep for good."""

import os
import re

from dashops.services.dashboard import public


def test_it_changes_when_a_file_does_and_not_otherwise(tmp_path):
    (tmp_path / "one").mkdir()
    file = tmp_path / "one" / "a.js"
    file.write_text("1")
    os.utime(file, (1, 1))
    seen = [public.version([str(tmp_path)]), public.version([str(tmp_path)])]
    os.utime(file, (2, 2))
    seen.append(public.version([str(tmp_path)]))
    (tmp_path / "b.js").touch()
    seen.append(public.version([str(tmp_path)]))
    assert seen[0] == seen[1] and len(set(seen)) == 3
    assert all(re.fullmatch(f"{public.PREFIX}/", each) for each in seen)


def test_a_link_to_nothing_does_not_keep_the_server_from_starting(tmp_path):
    before = public.version([str(tmp_path)])
    (tmp_path / "gone.js").symlink_to(tmp_path / "nothing")
    assert public.version([str(tmp_path)]) == before


def test_of_several_servers_each_has_its_own(tmp_path):
    found = public.version([str(tmp_path)], "2")
    assert found == public.version([str(tmp_path)]).replace("/v-", "/v-2-")
    assert re.fullmatch(f"{public.PREFIX}/", found)
