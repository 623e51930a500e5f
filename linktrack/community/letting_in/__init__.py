"""Letting people in by hand: deciding, what it takes on the network, and what people hear."""
