"""ClickHouse's HTTP interface over chdb, ClickHouse's own engine in process, for tests.

No ClickHouse server is installed here. `clickhouse_server` starts a child process in which the
engine lives (it must never be forked after import) behind a small HTTP server on loopback that
speaks as much of the interface as clickhouse-connect uses: queries in the body or in `query`,
settings and `param_...` in the address, inserts in any format as raw bytes, errors with
`X-ClickHouse-Exception-Code`. One query runs at a time, on one handle.

`POST /lose` makes it carry out the next insert into a table of the given prefix and close the
connection without an answer.
"""

import contextlib
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

BODY_BYTES_MAX = 1 << 30
INSERT = re.compile(
    r"\s*INSERT\s+INTO\s+(?P<table>[^\s(]+)(?P<head>.*?)\s+FORMAT\s+(?P<form>\w+)\s*",
    re.IGNORECASE | re.DOTALL,
)
# Words of the address that are not settings of the engine.
NOT_SETTINGS = {
    *("query", "database", "user", "password", "session_id", "query_id", "compress", "decompress"),
    *("default_format", "enable_http_compression", "session_timeout", "quota_key", "client_name"),
    *("send_progress_in_http_headers", "wait_end_of_query", "buffer_size", "role"),
    *("http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close"),
}


class Engine:
    """One handle of chdb; queries take turns."""

    def __init__(self, path: str) -> None:
        self._session = importlib.import_module("chdb.session").Session(path)
        self._lock = threading.Lock()
        self.lose: str | None = None

    def run(self, words: dict[str, str], body: bytes) -> bytes:
        """Carry a request out; the engine's own errors come through."""
        query = words.get("query", "")
        data = body if query else b""
        query = query or body.decode()
        given = {
            name: value
            for name, value in words.items()
            if name not in NOT_SETTINGS and re.fullmatch(r"\w+", name)
        }
        with self._lock, tempfile.TemporaryDirectory() as folder:
            self._session.query(f"USE {words.get('database') or 'default'}")
            quote = "".maketrans({"\\": "\\\\", "'": "\\'"})
            for name, value in given.items():
                self._session.query(f"SET {name} = '{value.translate(quote)}'")
            try:
                insert = INSERT.fullmatch(query)
                if insert is not None and data:
                    place = Path(folder, "data")
                    place.write_bytes(data)
                    query = (
                        f"INSERT INTO {insert['table']}{insert['head']} "
                        f"FROM INFILE '{place}' FORMAT {insert['form']}"
                    )
                answer = self._session.query(query, words.get("default_format", "TabSeparated"))
                return bytes(answer.bytes() or b"")
            finally:
                for name in given:
                    if not name.startswith("param_"):
                        self._session.query(f"SET {name} = DEFAULT")

    def loses(self, words: dict[str, str]) -> bool:
        """Whether the answer to this insert is to be lost."""
        insert = INSERT.match(words.get("query", ""))
        if self.lose is None or insert is None:
            return False
        if (
            not insert["table"]
            .replace('"', "")
            .replace("`", "")
            .split(".")[-1]
            .startswith(self.lose)
        ):
            return False
        self.lose = None
        return True


class Handler(BaseHTTPRequestHandler):
    """Requests of a client."""

    protocol_version = "HTTP/1.1"
    engine: Engine

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self._body())

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(min(BODY_BYTES_MAX, int(self.headers.get("Content-Length", 0))))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            if len(body) + size > BODY_BYTES_MAX:
                raise ValueError("the body is too long")
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def _handle(self, body: bytes) -> None:
        place = urlsplit(self.path)
        if place.path == "/ping":
            self._answer(200, b"Ok.\n", {})
            return
        if place.path == "/lose":
            self.engine.lose = body.decode()
            self._answer(200, b"Ok.\n", {})
            return
        words = dict(parse_qsl(place.query, keep_blank_values=True))
        try:
            answer = self.engine.run(words, body)
        except Exception as exc:  # noqa: BLE001 - told to the client
            code = re.search(r"Code: (\d+)", str(exc))
            headers = {"X-ClickHouse-Exception-Code": code[1] if code else "1001"}
            self._answer(500, str(exc).encode(), headers)
            return
        if self.engine.loses(words):
            self.close_connection = True
            return
        self._answer(200, answer, {"X-ClickHouse-Summary": "{}"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def serve(path: str) -> None:
    """Serve until standard input ends; the port is written to standard output."""
    Handler.engine = Engine(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # the engine's own threads need not end in order: the folder is thrown away


@contextlib.contextmanager
def running(path: Path) -> Iterator[str]:
    """A server over the data in a folder, by its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.clickhouse_shim", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        port = process.stdout.readline().strip()
        assert port, "chdb did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def lose_next_insert(url: str, prefix: str) -> None:
    """Have the next insert into a table whose name begins so carried out and not answered."""
    with urllib.request.urlopen(f"{url}/lose", prefix.encode(), timeout=10):
        pass


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for the session; tests use databases of their own."""
    if importlib.util.find_spec("chdb") is None:
        pytest.skip("chdb is not installed")
    with running(tmp_path_factory.mktemp("clickhouse")) as url:
        yield url


if __name__ == "__main__":
    serve(sys.argv[1])
