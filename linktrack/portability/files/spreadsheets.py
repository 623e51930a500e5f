"""Text that a spreadsheet shows and never runs. Pure."""

from typing import Final

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""Beginnings that spreadsheet programs take for a formula (OWASP, CSV Injection), and our mark."""

MARK: Final = "'"


def protect(cell: str) -> str:
    """Return a text as a cell that stays text; `restore` undoes it exactly."""
    return MARK + cell if cell.startswith(DANGEROUS) else cell


def restore(cell: str) -> str:
    """Return the text of a protected cell; any other cell stays as it is."""
    text = cell.removeprefix(MARK)
    return text if text.startswith(DANGEROUS) else cell


def joint(name: str) -> str:
    """Return what parts the texts of a list in one cell: tags may have spaces, codes have none."""
    return ", " if name == "tags" else " "
