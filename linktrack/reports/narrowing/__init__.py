"""Reports of some clicks only: narrowed by several things at once, from single clicks."""
