"""A table that refuses: a proxy between a function and the engine's DynamoDB, which answers as DynamoDB throttles.

Only the function's address of DynamoDB is changed, so nothing else notices. What is refused is measured as DynamoDB
measures it (`AWS/DynamoDB` ReadThrottleEvents and WriteThrottleEvents), because the engine does not.
"""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target

_VARIABLE: Final = "AWS_ENDPOINT_URL_DYNAMODB"
_READS: Final = ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems")
_REFUSAL: Final = json.dumps(
    {
        "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        "message": "The level of configured provisioned throughput for the table was exceeded.",
    }
).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A function that was cut short hangs up: nobody has to be told."""


class Proxy:
    """Refuses every call about one table while it is told to; `refused` counts them."""

    def __init__(self, target: Target, table: str) -> None:
        self.refusing = True
        self.refused = 0
        self._target = target
        self._name = target.name(table)
        self._engine = urlsplit(str(target.options["endpoint_url"]))
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, operation: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """A refusal, or what the engine answers."""
        if self.refusing and self._name.encode() in body:
            self._measure("Read" if operation.rpartition(".")[2] in _READS else "Write")
            return 400, _REFUSAL
        connection = http.client.HTTPConnection(self._engine.hostname or "", self._engine.port, timeout=30)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _measure(self, kind: str) -> None:
        with self._lock:
            self.refused += 1
        self._target.cloudwatch.put_metric_data(
            Namespace="AWS/DynamoDB",
            MetricData=[
                {
                    "MetricName": f"{kind}ThrottleEvents",
                    "Dimensions": [{"Name": "TableName", "Value": self._name}],
                    "Value": 1,
                    "Unit": "Count",
                }
            ],
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "content-length"}}
                status, said = proxy.answer(self.headers.get("X-Amz-Target", ""), headers, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                """Nothing: tests read their own output."""

        return Handler


@contextmanager
def throttled(target: Target, function: str, table: str) -> Iterator[Proxy]:
    """While inside, the table refuses all that the function asks of it."""
    name = target.function_name(function)
    variables = target.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    proxy = Proxy(target, table)
    proxy.start()
    changed = {**variables, _VARIABLE: proxy.url}
    target.functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    try:
        yield proxy
    finally:
        target.functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        proxy.stop()
