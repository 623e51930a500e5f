"""Arithmetic: numbers in, numbers out, with no library beyond the standard one.

SciPy and statsmodels are the oracles of these functions in the tests.
"""
