"""The packages: every folder of linktrack/, and the two beside it. setup.cfg has the rest."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["linktrack", "linktrack.*"]),
        "linktrack.migrations",
        "linktrack.migrations.versions",
        "linktrack.templates",
    ]
)
