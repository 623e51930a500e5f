"""Mastodon: counts and posts from an account's own server, its archive, and signing in."""
