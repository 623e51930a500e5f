"""People: who clicks, who follows, and how the two compare."""
