"""Capture: a request for a short link becomes an answer and a line in the journal."""
