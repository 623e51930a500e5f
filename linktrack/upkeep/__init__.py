"""Upkeep: what keeps an installation alive: backups, upgrades, its doctor, dead destinations."""
