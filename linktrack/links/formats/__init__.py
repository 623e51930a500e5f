"""Find the links of a newsletter, by the format it is written in."""
