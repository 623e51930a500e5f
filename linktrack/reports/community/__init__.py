"""What of the other accounts is worth bringing in for a community's members."""
