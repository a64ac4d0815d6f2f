"""Whether a server answers: `probe.py PORT PATH [TOKEN-FILE]`; the exit code is 1 if not."""

import socket
import sys

port, path, *token = sys.argv[1:]
lines = [f"GET {path} HTTP/1.0", "Host: localhost"]
for file in token:
    with open(file) as text:
        lines.append(f"Authorization: token {text.read().strip()}")
with socket.create_connection(("127.0.0.1", int(port)), timeout=4) as connection:
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = connection.recv(20)
sys.exit(b" 200 " not in answer)
