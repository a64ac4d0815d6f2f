"""A dashboard app: unpacked into an empty folder, `make run` serves it, also with HTTPS."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import commandline
import httpx
import live
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "open sesame, said the app"
# Few packages are installed sooner. What it shows is of a file beside it.
CELLS = (
    "import ipywidgets, pathlib",
    "ipywidgets.Label('it says ' + pathlib.Path('data.txt').read_text())",
    ("markdown", "![](picture.svg)"),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app, unpacked where nothing else is."""
    author = tmp_path_factory.mktemp("author")
    content = live.notebook(*CELLS, dashops={"dependencies": ["ipywidgets"]})
    (author / "Sales 2026.ipynb").write_text(json.dumps(content))
    (author / "data.txt").write_text("hello from a file")
    (author / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    words = ("bundle", "Sales 2026.ipynb", "data.txt", "-o", "app.zip", "--as", "app")
    done = commandline.run(author, *words)
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("app")
    with zipfile.ZipFile(author / "app.zip") as archive:
        archive.extractall(folder)
    return folder


@contextmanager
def running(folder: Path, env: Mapping[str, str], *arguments: str) -> Iterator[list[str]]:
    """`make run` until the block ends, by Ctrl-C; what it said until it was ready."""
    bare = {name: os.environ[name] for name in ("HOME", "SSL_CERT_FILE") if name in os.environ}
    # uv is in this environment; its Python is not the one that the app should take.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    words = ["make", "run", f"PYTHON={sys.executable}", f"ARGS={' '.join(arguments)}"]
    process = subprocess.Popen(
        words,
        cwd=folder,
        env={**bare, "PATH": path, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith("Ctrl-C"):
                break
        else:
            raise AssertionError("\n".join(said))
        yield said
    finally:
        os.killpg(process.pid, signal.SIGINT)
        said += process.stdout.read().splitlines()
        process.wait(30)
        process.stdout.close()
    assert not processes(folder)


def processes(folder: Path) -> list[list[str]]:
    found = (each.info["cmdline"] or [] for each in psutil.process_iter(["cmdline"]))
    return [words for words in found if any(str(folder) in word for word in words)]


def shown(url: str, user: str, password: str, trust: ssl.SSLContext) -> str:
    """The page of the dashboard, for somebody who has the password."""
    with httpx.Client(base_url=url, timeout=60, verify=trust, trust_env=False) as visitor:
        assert visitor.get("/dashboards/sales-2026/").headers["Location"].startswith("/login")
        visitor.get("/login")
        form = {"username": user, "password": password, "_xsrf": visitor.cookies["_xsrf"]}
        assert visitor.post("/login", data=form).status_code == 302
        answer = visitor.get("/dashboards/sales-2026/", follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate for localhost in this folder; who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *private))
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


def test_make_run_serves_it_and_leaves_nothing_behind(app: Path) -> None:
    port, content = live.free_ports(2)
    env = {"APP_PORT": str(port), "APP_CONTENT_PORT": str(content)}
    with running(app, env) as said:
        assert f"http://127.0.0.1:{port}/dashboards/sales-2026" in said
        (login,) = (each for each in said if each.startswith("user: viewer, password: in "))
        password = Path(login.partition(" in ")[2]).read_text().strip()
        assert password not in "\n".join([*said, *map(str, processes(app))])
        page = shown(f"http://127.0.0.1:{port}", "viewer", password, live.NO_TLS)
        assert "it says hello from a file" in page
        assert "import ipywidgets" not in page


def test_https_with_a_password_of_ones_own(app: Path, tmp_path: Path) -> None:
    port, content = live.free_ports(2)
    trust = certificate(tmp_path)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (app / "app.env").write_text(f"# mine\nAPP_PORT={port}\nAPP_USER=bob\n")
    env = {"APP_PASSWORD_FILE": str(tmp_path / "password"), "APP_CONTENT_PORT": str(content)}
    address = f"https://localhost:{port}"
    words = [f"--address={address}", f"--certificate={tmp_path / 'cert.pem'}"]
    with running(app, env, *words, f"--certificate-key={tmp_path / 'key.pem'}") as said:
        assert f"{address}/dashboards/sales-2026" in said
        assert "Installing packages into .venv, once ..." not in said
        assert "it says hello" in shown(address, "bob", PASSWORD, trust)


def test_a_port_in_use_is_said_at_once(app: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = [sys.executable, "-B", "run.py", "--port", port]
        done = subprocess.run(words, cwd=app, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"error: cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "hint: stop what listens there, or set APP_PORT" in done.stderr
