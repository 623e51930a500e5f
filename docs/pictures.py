"""Take the pictures of the README: of a demonstration, in a real browser.

    .venv/bin/python docs/pictures.py

It makes a demonstration in a folder of its own, serves it, and writes overview.png and post.png
beside itself. It needs the test extra and a Chromium.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
LINKTRACK = [sys.executable, "-m", "linktrack"]
WIDTH = 1120


def main() -> None:
    """Make, serve, look, and leave nothing behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {
            "LINKTRACK_DATA": folder,
            "LINKTRACK_BASE_URL": "https://go.example.org",
        }
        subprocess.run([*LINKTRACK, "demo"], env=environ, check=True)
        served = subprocess.Popen(
            [*LINKTRACK, "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"],
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            path = sign_in_path(served)
            take(f"http://localhost:{port}", path)
        finally:
            served.terminate()
            served.wait()


def sign_in_path(served: "subprocess.Popen[str]") -> str:
    """Return the path of the sign-in address that is printed once the pages are served."""
    for line in served.stdout or ():
        found = re.search(r"/owner/sign-in/\S+", line)
        if found:
            return found[0]
    raise SystemExit("linktrack did not start: see what it says above.")


def take(base: str, path: str) -> None:
    """Sign in, and take both pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(base + path)
        page.get_by_role("button", name="Sign in on this browser").click()
        page.goto(f"{base}/owner/?days=91")
        shoot(page, "overview.png")
        page.goto(f"{base}/owner/posts?sort=low")
        page.locator("tbody a.clip").first.click()
        shoot(page, "post.png")
        browser.close()


def shoot(page: Page, name: str) -> None:
    """Take the page without its foot."""
    foot = page.locator(".page-foot").bounding_box()
    height = round(foot["y"]) if foot else 900
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.screenshot(path=HERE / name)


if __name__ == "__main__":
    main()
