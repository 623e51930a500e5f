"""The addresses that short links begin with: tables, and how a host is compared."""
