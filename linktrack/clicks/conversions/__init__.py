"""Conversions: goals that are reached on own sites within days of a click."""
