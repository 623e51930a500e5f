"""twitter-text-parser, imported at first use, on installations without pkg_resources too. Pure."""

import sys
import threading
from importlib import import_module, resources
from types import ModuleType
from typing import Final

_LOCK: Final = threading.Lock()


def twitter_text() -> ModuleType:
    """Return the package `twitter_text`; its first import takes 0.2 s.

    While it is imported it reads one of its own files through `pkg_resources`, which setuptools
    dropped in version 82 and which Python 3.12 and later do not bring: for that moment a
    stand-in with this one function is there (docs/decisions/0006).
    """
    with _LOCK:
        loaded = sys.modules.get("twitter_text")
        if loaded is not None:
            return loaded
        before = sys.modules.get("pkg_resources")
        sys.modules["pkg_resources"] = _StandIn("pkg_resources")
        try:
            return import_module("twitter_text")
        finally:
            del sys.modules["pkg_resources"]
            if before is not None:
                sys.modules["pkg_resources"] = before


class _StandIn(ModuleType):
    """As much of pkg_resources as twitter_text asks of it."""

    @staticmethod
    def resource_string(module: str, name: str) -> bytes:
        """Return the content of a file beside a module."""
        return resources.files(module.rpartition(".")[0]).joinpath(name).read_bytes()
