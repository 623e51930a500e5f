"""Rules of links: who is led somewhere else than to the link's own destination."""
