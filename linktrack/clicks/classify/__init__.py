"""Classify: is it a person or a program, and where does the click come from? Pure."""
