"""What memory there is: cgroups of each version, and processes of this machine."""

import os

import psutil

from dashops.services.gateway import memory

MB = 2**20
NONE = 9223372036854771712  # what version 1 says where there is no limit


def tree(root, told, files):
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(told)
    for path, text in files.items():
        file = root / "sys/fs/cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return root


def test_version_two_and_what_is_above(tmp_path):
    root = tree(
        tmp_path,
        "0::/user/kernels\n",
        {
            "user/kernels/memory.max": "max",
            "user/kernels/memory.current": 5 * MB,
            "user/memory.max": 100 * MB,
            "user/memory.current": 70 * MB,
            "user/memory.stat": f"anon 1\ninactive_file {20 * MB}\nactive_file 9",
        },
    )
    assert memory.limit(root) == 100 * MB
    assert memory.available(root) == 50 * MB, "files that were read once can be given back"


def test_over_the_high_mark_everything_stands_still_so_it_is_a_limit(tmp_path):
    files = {"memory.max": 100 * MB, "memory.high": 80 * MB, "memory.current": 70 * MB}
    root = tree(tmp_path, "0::/\n", files)
    assert (memory.limit(root), memory.available(root)) == (80 * MB, 10 * MB)


def test_version_one_in_a_container_that_is_told_its_path_outside(tmp_path):
    root = tree(
        tmp_path,
        "5:cpu:/docker/abc\n4:memory:/docker/abc\n0::/docker/abc\n",
        {
            "memory/memory.limit_in_bytes": 64 * MB,
            "memory/memory.usage_in_bytes": 60 * MB,
            "memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {4 * MB}",
        },
    )
    assert (memory.limit(root), memory.available(root)) == (64 * MB, 8 * MB)


def test_without_a_limit_the_machine_is_one(tmp_path):
    unlimited = {"memory/memory.limit_in_bytes": NONE, "memory/memory.usage_in_bytes": 1}
    limited = tree(tmp_path / "a", "4:memory:/\n", unlimited)
    for root in (limited, tmp_path / "no-linux"):
        assert memory.limit(root) == psutil.virtual_memory().total
        assert 0 < memory.available(root) <= psutil.virtual_memory().total


def test_more_taken_than_there_may_be_is_nothing_free(tmp_path):
    root = tree(tmp_path, "0::/\n", {"memory.max": 10 * MB, "memory.current": 12 * MB})
    assert memory.available(root) == 0


def test_a_process_takes_something_and_one_that_is_gone_nothing():
    here = memory.of({"me": os.getpid(), "gone": 2**22 + 1})
    assert here["me"].unique > MB
    assert here["gone"] == memory.Memory(0, 0)
