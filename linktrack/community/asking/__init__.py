"""Asking to join: the request, proving who it is, and what is known of whoever asks."""
