"""Where the addresses of a newsletter stand, by the format it is written in."""
