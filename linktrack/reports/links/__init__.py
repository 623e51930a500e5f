"""Links: one link, kinds of links, and the links of one token."""
