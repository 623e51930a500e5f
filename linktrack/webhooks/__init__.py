"""Webhooks: signed notifications to other programs, repeated until they are received."""
