"""The bench's command line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from avenrae.errors import AvenraeError

bench = typer.Typer(
    name="python -m bench", help="What every page costs.", add_completion=False, pretty_exceptions_enable=False
)
Scale = Annotated[int, typer.Option(min=1, help="1 has 600 000 bookings.")]


def run() -> None:
    """Run the command line; what a person did wrong is one sentence."""
    try:
        bench()
    except AvenraeError as e:
        typer.echo(e.message, err=True)
        sys.exit(1)


@bench.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Make a world, measure every page in it, put load on it; without a command the pages."""
    if context.invoked_subcommand is not None:
        return
    from avenrae import start
    from bench.world import has_world

    with _server():
        start.open_database(typer.echo)
        missing = not has_world(1)
    if missing:
        world(1)
    pages(1, 30, "", True)


@bench.command()
def world(scale: Scale = 1) -> None:
    """Make the big world, in a database of its own on the console's server."""
    from bench.world import make_world

    with _server():
        make_world(scale, typer.echo)


@bench.command()
def pages(
    scale: Scale = 1,
    runs: Annotated[int, typer.Option(min=2)] = 30,
    only: Annotated[str, typer.Option(help="Only views whose name or role holds this.")] = "",
    growth: Annotated[bool, typer.Option(help="Beside the tenfold world, where it has been made.")] = True,
) -> None:
    """Open every page as every role through the real server, and press the buttons that write."""
    from avenrae.db import engine as db
    from bench import report
    from bench.pages import PageCost, measure_pages
    from bench.world import has_world, open_world
    from bench.writes import WriteCost, measure_writes

    with _server():
        url = open_world(scale, typer.echo)
        writes: list[WriteCost] = []
        engine = db.make_engine(url, pool_size=1)
        costs = measure_pages(
            url,
            runs=runs,
            only=only,
            say=typer.echo,
            then=None if only else lambda c, p: writes.extend(measure_writes(c, engine, p, runs=runs, say=typer.echo)),
        )
        engine.dispose()
        tenfold: list[PageCost] = []
        if growth and has_world(scale * 10):
            typer.echo(f"\nThe same at ×{scale * 10}:")
            tenfold = measure_pages(open_world(scale * 10), runs=max(runs // 2, 2), only=only, say=typer.echo)
        _print(report.circumstances(url), *report.summary(costs, tenfold))
        _print(*report.pages_table(costs, tenfold))
        if writes:
            _print(*report.writes_table(writes))


@bench.command()
def load(
    scale: Scale = 1,
    seconds: Annotated[float, typer.Option(min=5, help="How long each crowd works.")] = 60,
) -> None:
    """Let 10, 50 and 100 people work at once, then as many as one process can serve."""
    from bench import report
    from bench.load import measure_load
    from bench.world import open_world

    with _server():
        url = open_world(scale, typer.echo)
        costs = measure_load(url, seconds=seconds, say=typer.echo)
        _print(report.circumstances(url), *report.load_table(costs))


@bench.command()
def radius() -> None:
    """Search around points among 5 000 and 100 000 practitioners."""
    from bench import report
    from bench.radius import measure_radius

    with _server():
        costs = [cost for number in (5_000, 100_000) for cost in measure_radius(number, typer.echo)]
        _print(*report.radius_table(costs))


@bench.command()
def starts() -> None:
    """Start the console fresh and again, and load its home page in a browser."""
    from bench.starts import measure_starts

    measure_starts(typer.echo)


@bench.command("import")
def import_file(file: Annotated[Path, typer.Argument(help="The shop's file.")]) -> None:
    """Import the shop's file into a database of its own."""
    from bench.starts import measure_import
    from bench.world import drop_database, make_database

    name = "avenrae_bench_import"
    with _server():
        measure_import(make_database(name, None), file, typer.echo)
        drop_database(name)


@contextmanager
def _server() -> Iterator[None]:
    """Let go of the embedded server at the end, however it ends."""
    from avenrae import start

    try:
        yield
    finally:
        start.close()


def _print(*lines: str) -> None:
    typer.echo("\n" + "\n".join(lines))
