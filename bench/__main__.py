"""`python -m bench`: make a world, measure every page in it, put load on it."""

from bench.cli import run

run()
