"""A site of one's own, on which what became of clicks is told."""

from http.server import BaseHTTPRequestHandler


class Shop(BaseHTTPRequestHandler):
    """A page to arrive at, and one for those who bought; with a strict policy for its content."""

    short = ""
    seen: list[str] = []  # noqa: RUF012 - of one test, which empties it

    def do_GET(self) -> None:
        """Send a page with the script."""
        self.seen.append(self.path)
        goal = ' data-goal="order"' if self.path.startswith("/thanks") else ""
        page = (
            "<!doctype html><title>Shop</title><h1>Tea</h1><a href='/thanks'>Buy</a>"
            f'<script src="{self.short}/goal.js"{goal} defer></script>'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        policy = f"default-src 'none'; script-src {self.short}; connect-src {self.short}"
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
