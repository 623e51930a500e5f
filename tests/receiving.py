"""A program on this machine that webhooks and notifications are sent to."""

import http.server
import json


class Receiver:
    """A program that listens; it answers with `status`, and remembers what it heard."""

    def __init__(self) -> None:
        self.status = 200
        self.heard: list[tuple[dict[str, str], str]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", f"{receiver.url}elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.handler = Handler
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def events(self) -> list[dict[str, object]]:
        return [json.loads(body) for _, body in self.heard]
