"""Bluesky: followers and posts for everybody to read, and signing in."""
