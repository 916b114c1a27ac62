"""Lines that break: a small tus client of its own over http.client, a proxy that cuts and slows, and a server to kill.

Used by bench/uploads.py and by the suite. Knows nothing of the site's code: the client is a second opinion on the protocol.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

BLOCK, LONGEST_HEAD = 32 * 1024, 128 * 1024
ROOT = Path(__file__).resolve().parents[1]


# ---- the line


@dataclass
class Plan:
    """What is to happen to one connection: it is cut after so many bytes from the client, or when the server's answer begins;
    or it hangs there without an end, as a phone that is gone. `abruptly`: reset, else closed."""

    cut_after: int | None = None
    swallow_answer: bool = False
    hang_after: int | None = None
    abruptly: bool = False


@dataclass
class Passed:
    """What went through one connection: bytes of the client's stream and of its head, and whether it was cut."""

    forwarded: int = 0
    head: int = 0
    is_cut: bool = False
    _seen: bytes = field(default=b"", repr=False)

    def count(self, block: bytes) -> None:
        """Add a block; the head ends with the first empty line."""
        self.forwarded += len(block)
        if not self.head and self.forwarded <= LONGEST_HEAD:
            self._seen += block
            if (end := self._seen.find(b"\r\n\r\n")) >= 0:
                self.head, self._seen = end + 4, b""

    @property
    def body(self) -> int:
        """Bytes of the body that went through (of the connection's first request)."""
        return max(0, self.forwarded - self.head) if self.head else 0


class Line:
    """A TCP proxy to a port of this machine. `plan()` is asked for each connection; `rate` is bytes a second, 0 for any."""

    def __init__(self, to_port: int, plan: Callable[[], Plan] = Plan, rate: int = 0) -> None:
        self.to_port, self.plan, self.rate = to_port, plan, rate
        self.passed: list[Passed] = []
        self.is_off = False
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        # A line holds little: what a sender thinks is under way must not be megabytes.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No more connections; those that are open are cut."""
        # shutdown, too: a thread that waits in accept() is not woken by close() alone
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cut what is open now."""
        for one in list(self._open):
            _cut(one, abruptly=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            if self.is_off:
                _cut(client, abruptly=True)
                continue
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        plan, passed = self.plan(), Passed()
        self.passed.append(passed)
        try:
            server = socket.create_connection(("127.0.0.1", self.to_port), timeout=30)
        except OSError:
            _cut(client, abruptly=True)
            return
        server.settimeout(None)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
        self._open |= {client, server}
        back = threading.Thread(target=self._back, args=(server, client, plan, passed), daemon=True)
        back.start()
        try:
            self._there(client, server, plan, passed)
            back.join(60)
        finally:
            for one in (client, server):
                self._open.discard(one)
                one.close()

    def _there(self, client: socket.socket, server: socket.socket, plan: Plan, passed: Passed) -> None:
        limit = plan.cut_after if plan.cut_after is not None else plan.hang_after
        with contextlib.suppress(OSError):
            while True:
                block = client.recv(BLOCK if limit is None else max(1, min(BLOCK, limit - passed.forwarded)))
                if not block:
                    server.shutdown(socket.SHUT_WR)
                    return
                server.sendall(block)
                passed.count(block)
                if self.rate:
                    time.sleep(len(block) / self.rate)
                if limit is not None and passed.forwarded >= limit:
                    if plan.hang_after is not None:
                        passed.is_cut = True
                        threading.Event().wait(120)  # neither end hears anything any more
                        return
                    self._end(client, server, plan, passed)
                    return

    def _back(self, server: socket.socket, client: socket.socket, plan: Plan, passed: Passed) -> None:
        with contextlib.suppress(OSError):
            while block := server.recv(BLOCK):
                if plan.swallow_answer:
                    self._end(client, server, plan, passed)
                    return
                if plan.hang_after is None or passed.forwarded < plan.hang_after:
                    client.sendall(block)
            client.shutdown(socket.SHUT_WR)

    def _end(self, client: socket.socket, server: socket.socket, plan: Plan, passed: Passed) -> None:
        passed.is_cut = True
        _cut(server, abruptly=plan.abruptly)
        _cut(client, abruptly=True)


def _cut(one: socket.socket, *, abruptly: bool) -> None:
    with contextlib.suppress(OSError):
        if abruptly:  # a reset, as from a network that vanished
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
    if not abruptly:
        return
    with contextlib.suppress(OSError):
        one.close()


# ---- the client


@dataclass(frozen=True)
class Account:
    """A signed-in browser's cookie and form token."""

    cookie: str
    token: str


def sign_in(port: int, phone: str, password: str) -> Account:
    """By the form, as a browser does it. RuntimeError when the site does not let them in."""
    cookies: dict[str, str] = {}

    def ask(method: str, path: str, body: str = "") -> tuple[int, str]:
        one = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        one.request(method, path, body or None, headers)
        answer = one.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _is, value = line.split(";")[0].partition("=")
            cookies[name] = value
        one.close()
        return answer.status, text

    def token_of(text: str) -> str:
        return re.search(r'name="csrf_token" value="([^"]+)"', text)[1]

    token = token_of(ask("GET", "/login")[1])
    status, text = ask("POST", "/login", urlencode({"phone": phone, "password": password, "csrf_token": token}))
    if status != 303:
        raise RuntimeError(f"{phone} could not sign in: {status}")
    token = token_of(ask("GET", "/me/settings")[1])
    return Account("; ".join(f"{k}={v}" for k, v in cookies.items()), token)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def number(self, name: str) -> int:
        """A header's number."""
        return int(self.headers[name.lower()])


class Tus:
    """A client of the tus protocol. Connections are not kept: a broken one is simply the last."""

    def __init__(self, port: int, account: Account, timeout_s: float = 30) -> None:
        self.port, self.account, self.timeout_s = port, account, timeout_s

    def ask(self, method: str, path: str, body: BinaryIO | bytes | None = None, length: int | None = None, **headers: str) -> Answer:
        """One request; raises OSError and HTTPException as the line breaks."""
        sent = {"Tus-Resumable": "1.0.0", "Cookie": self.account.cookie, "X-CSRF-Token": self.account.token, "Accept": "application/json",
                **{k.replace("_", "-"): v for k, v in headers.items()}}
        if body is not None:
            sent.setdefault("Content-Type", "application/offset+octet-stream")
            sent["Content-Length"] = str(len(body) if length is None else length)
        one = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s, blocksize=BLOCK)
        try:
            one.request(method, path, body, sent)
            answer = one.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            one.close()

    def create(self, size: int, name: str = "film.mp4") -> str:
        """Announce a file; its address here."""
        told = base64.b64encode(name.encode()).decode()
        answer = self.ask("POST", "/upload/", Upload_Length=str(size), Upload_Metadata=f"filename {told}")
        if answer.status != 201:
            raise RuntimeError(f"{answer.status} {answer.body.decode()}")
        return answer.headers["location"]

    def offset(self, path: str) -> int:
        """How much the server has."""
        answer = self.ask("HEAD", path)
        if answer.status != 200:
            raise RuntimeError(f"HEAD {answer.status}")
        return answer.number("Upload-Offset")

    def append(self, path: str, offset: int, body: BinaryIO | bytes, length: int | None = None, **more: str) -> Answer:
        """Send a piece that begins there."""
        return self.ask("PATCH", path, body, length, Upload_Offset=str(offset), **more)

    def send(self, path: str, source: BinaryIO, size: int, piece: int | None = None, *, within_s: float = 300,
             asked: Callable[[int], None] = lambda _offset: None) -> int:
        """Send the file to its end, however often the line breaks; how many requests failed. `asked` hears each offset."""
        deadline, failed, at = time.monotonic() + within_s, 0, None
        while at != size:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} is at {at} of {size} after {within_s} s")
            try:
                if at is None:
                    at = self.offset(path)
                    asked(at)
                    continue
                source.seek(at)
                length = min(size - at, piece or size)
                answer = self.append(path, at, _Part(source, length), length)
                at = answer.number("Upload-Offset") if answer.status == 204 else None
                failed += at is None
            except (OSError, http.client.HTTPException, RuntimeError):
                at, failed = None, failed + 1
                time.sleep(0.02)
        return failed


class _Part:
    """`length` bytes of a file, for http.client."""

    def __init__(self, source: BinaryIO, length: int) -> None:
        self.source, self.left = source, length

    def read(self, size: int = BLOCK) -> bytes:
        """The next block."""
        block = self.source.read(min(size, self.left))
        self.left -= len(block)
        return block


# ---- the server


def free_port() -> int:
    """A port nobody uses just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Served:
    """`guanxue serve` on a prepared folder, to be killed and started again."""

    def __init__(self, environ: dict[str, str], port: int, workers: int = 2) -> None:
        self.environ, self.port, self.workers = {**os.environ, **environ, "PORT": str(port)}, port, workers
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guanxue", "serve", "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self.workers)],
            env=self.environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                one = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                one.request("GET", "/healthz")
                if one.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError("the server does not answer")

    def worker_pids(self) -> list[int]:
        """Its workers."""
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        """kill -9: the server and its workers."""
        pids = [*self.worker_pids(), self.process.pid]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """End it as a service manager does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
