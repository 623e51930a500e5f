"""Loading: journal lines become stored, classified and counted clicks, each exactly once."""
