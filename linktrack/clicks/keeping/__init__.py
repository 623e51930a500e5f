"""Where single clicks and the marks of first ones are kept: one interface, an engine each."""
