"""The ports that kernels get."""

import socket
from pathlib import Path

import pytest

from dashops.services import ports


def test_no_connection_can_be_given_a_kernels_port() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found = {ports.Ports().find_available_port("127.0.0.1") for _ in range(50)}
    assert found
    assert max(found) < first


def test_two_kernels_never_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_first", lambda: ports.LOWEST + 5)
    made = ports.Ports()
    found = [made.find_available_port("127.0.0.1") for _ in range(5)]
    assert len(set(found)) == 5


def test_one_that_is_taken_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        monkeypatch.setattr(ports, "LOWEST", taken)
        monkeypatch.setattr(ports, "_first", lambda: taken + 1)
        assert ports.Ports().find_available_port("127.0.0.1") != taken


def test_two_servers_never_tell_kernels_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_first", lambda: ports.LOWEST + 10)
    one, other = ports.Ports(), ports.Ports()
    found = [each.find_available_port("127.0.0.1") for each in (one, other) * 5]
    assert len(set(found)) == 10


def test_a_server_has_no_more_files_open_for_ports_than_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "PROMISED", 2)
    made = ports.Ports()
    before = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(10):
        made.find_available_port("127.0.0.1")
    assert len([*Path("/proc/self/fd").iterdir()]) <= before + 2
