"""`python -m avenrae`: the command line."""

from avenrae.cli import run

run()
