"""What a kernel may take, read from the words that start it; a real one is in tests/attack."""

from pathlib import Path

from dashops.services.gateway import limits


def test_a_limit_that_is_none_is_left_as_it_is():
    words = limits.Limits().command(["python", "-m", "kernel"])
    assert words[3:] == ["kernel", "0", "0", "0", "0", "python", "-m", "kernel"]


def test_memory_is_told_in_kibibytes():
    assert limits.Limits(memory=2**20).command([])[4] == "1024"


def test_other_processes_of_the_account_do_not_count_against_kernels():
    assert limits.Limits(processes=100).beside(40).processes == 140
    assert limits.Limits().beside(40).processes == 0, "no limit stays none"


def test_threads_of_this_account_are_counted():
    assert limits.account() >= len(list(Path("/proc/self/task").iterdir()))
