"""`python -m linktrack` is the `linktrack` command."""

from linktrack.cli import main

main(prog_name="linktrack")
