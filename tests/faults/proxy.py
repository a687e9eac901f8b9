"""A road to a server on which things break: a request is refused, lost, cut short, or answered wrongly.

Nothing is imitated: what shall be applied is applied by the server behind it, and the client sees what it
would see. Every connection carries one request, so that a refused one is refused by the kernel.
"""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
FAULTS = (
    "connection refused",
    "hung server",
    "500",
    "503 after the write was applied",
    "connection dropped after the write was applied",
    "truncated body",
    "403",
)


SLOW_S = 0.6


class Proxy:
    """Forwards to a server, and harms one request.

    Attributes:
        address: What clients are told.
        asked: Method and path of every request since `reset`.
    """

    def __init__(self, upstream: str) -> None:
        """Listen on a free port."""
        parts = urlsplit(upstream)
        self._upstream = (str(parts.hostname), int(parts.port or 80))
        self.asked: list[str] = []
        self._harm: tuple[int, str] | None = None
        self._counting = threading.Lock()
        self._hanging = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._listen()
        self.address = f"http://127.0.0.1:{self._port}"

    def reset(self, at: int = 0, fault: str = "") -> None:
        """Begin to count anew; harm the request with this number, the first being 1, or all of them (0)."""
        self._hanging.set()
        if self._server is None:
            self._listen()
        self._hanging = threading.Event()
        self.asked = []
        self._harm = (at, fault) if fault else None
        self._refuse_if_next()

    def stop(self) -> None:
        """Stop listening."""
        self._hanging.set()
        self._close()

    def handle(self, request: "Handler") -> None:
        """Answer one request, or do not."""
        hanging = self._hanging
        with self._counting:
            self.asked.append(f"{request.command} {request.path}")
            number = len(self.asked)
        fault = self._harm[1] if self._harm and self._harm[0] in {0, number} else ""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        match fault:
            case "hung server":
                hanging.wait()
                return
            case "slow server":
                hanging.wait(SLOW_S)
                answer = self._forward(request, body)
            case "500" | "403":
                answer = (int(fault), {"Content-Type": "text/plain"}, b"")
            case _:
                answer = self._forward(request, body)
        if fault.startswith("503"):
            answer = (503, {"Content-Type": "text/plain"}, b"")
        self._refuse_if_next()
        if fault.startswith("connection dropped"):
            _reset(request.connection)
            return
        _send(request, *answer, cut=fault == "truncated body")

    def _forward(self, request: "Handler", body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self._upstream, timeout=60)
        try:
            connection.request(request.command, request.path, body, dict(request.headers.items()))
            answered = connection.getresponse()
            return answered.status, dict(answered.getheaders()), answered.read()
        finally:
            connection.close()

    def _refuse_if_next(self) -> None:
        """Stop to listen where the next request is the one to refuse: the kernel says so from then on."""
        if self._harm in {(0, "connection refused"), (len(self.asked) + 1, "connection refused")}:
            self._close()

    def _listen(self) -> None:
        handler = type("Bound", (Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", self._port), handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _close(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            # The listening socket first: nobody may come in while the loop takes its time to end.
            server.socket.close()
            threading.Thread(target=server.shutdown, daemon=True).start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that has gone is none of ours."""


class Handler(BaseHTTPRequestHandler):
    """One connection with one request."""

    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.proxy.handle(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815 - the library's own names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _send(request: Handler, status: int, headers: dict[str, str], body: bytes, *, cut: bool) -> None:
    request.send_response_only(status)
    for name, value in headers.items():
        if name.lower() not in HOP:
            request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.send_header("Connection", "close")
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body[: len(body) // 2] if cut else body)


def _reset(connection: socket.socket) -> None:
    """Close as a machine does that has lost it: with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


@contextmanager
def start(upstream: str) -> Iterator[Proxy]:
    """Run a proxy before a server; it ends with the block."""
    proxy = Proxy(upstream)
    try:
        yield proxy
    finally:
        proxy.stop()
