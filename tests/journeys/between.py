"""A web server between a browser and the site, to pull the plug and to change what comes through."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Between(ThreadingHTTPServer):
    """Passes requests on to the site; `is_down` cuts every connection, `changes` change answers by their path, headers
    that are `dropped` do not come through."""

    daemon_threads = True
    request_queue_size = 64  # a browser asks for much at once

    def __init__(self, site: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = urlsplit(site).netloc
        self.is_down = False
        self.cut_after: int | None = None  # so many pieces of what is taken along come through, then none
        self.dropped: set[str] = set()
        self.changes: dict[str, Callable[[bytes], bytes]] = {}
        self.seen: list[tuple[str, str, dict[str, str], int]] = []
        self.refused: list[str] = []  # paths that were asked for while it was cut

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        """A cut connection is what it is for."""


class _Handler(BaseHTTPRequestHandler):
    def _pass(self) -> None:
        server: Between = self.server
        if server.cut_after is not None and self.headers.get("Range", "").endswith("-262143"):
            server.cut_after -= 1
        if server.is_down or (server.cut_after is not None and server.cut_after < 0):
            server.refused.append(self.path)
            self.close_connection = True
            self.connection.close()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        through = http.client.HTTPConnection(server.site, timeout=30)
        change = server.changes.get(self.path.partition("?")[0])
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP and not (change and k.lower() == "accept-encoding")}
        through.request(self.command, self.path, body or None, headers)
        answer = through.getresponse()
        content = answer.read()
        if change:
            content = change(content)
        server.seen.append((self.command, self.path, dict(self.headers), answer.status))
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP | server.dropped:
                self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        through.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass  # noqa: N815 the names are the library's

    def log_message(self, *_told) -> None:
        """Say nothing."""


@contextmanager
def between(site: str) -> Iterator[Between]:
    """One that runs."""
    server = Between(site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
