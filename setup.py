"""The packages: every folder of linktrack/, and the three beside it. setup.cfg has the rest."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["linktrack", "linktrack.*"]),
        "linktrack.guide",
        "linktrack.migrations",
        "linktrack.migrations.versions",
        "linktrack.templates",
    ]
)
