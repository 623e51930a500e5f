"""Serving: pages in threads beside redirects in an event loop, and what slow strangers may hold."""
