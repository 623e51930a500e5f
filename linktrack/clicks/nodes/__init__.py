"""Nodes: the machines that serve one installation, and what they share through its database."""
