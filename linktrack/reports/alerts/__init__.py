"""Alerts: clicks, followers or engagement far beyond an account's usual, each told once."""
