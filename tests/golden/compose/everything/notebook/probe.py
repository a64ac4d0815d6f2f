"""Whether a server answers: `probe.py PORT PATH [TOKEN-FILE]` prints what; the exit code is 1 if not."""

import socket
import sys

port, path, *token = sys.argv[1:]
lines = [f"GET {path} HTTP/1.0", "Host: localhost"]
for file in token:
    with open(file) as text:
        lines.append(f"Authorization: token {text.read().strip()}")
answer = b""
with socket.create_connection(("127.0.0.1", int(port)), timeout=4) as connection:
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    while piece := connection.recv(4096):
        answer += piece
head, _, body = answer.partition(b"\r\n\r\n")
print(body.decode()[:400])
sys.exit(b" 200 " not in head[:20])
