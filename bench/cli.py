"""The bench's command line: each command measures and prints its section of `docs/performance.md`."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from avenrae.errors import AvenraeError

bench = typer.Typer(
    name="python -m bench", help="What every page costs.", add_completion=False, pretty_exceptions_enable=False
)
Scale = Annotated[int, typer.Option(min=1, help="1 has 600 000 bookings.")]
Runs = Annotated[int, typer.Option(min=2)]
Growth = Annotated[bool, typer.Option(help="Beside the tenfold world, where it has been made.")]
Seconds = Annotated[float, typer.Option(min=5, help="How long each crowd works.")]


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
    runs: Runs = 30,
    only: Annotated[str, typer.Option(help="Only views whose name or role holds this.")] = "",
    growth: Growth = True,
) -> None:
    """Open every page as every role through the real server, and press the buttons that write."""
    with _server():
        _print(_pages(scale, runs, only, growth=growth))


@bench.command()
def writes(scale: Scale = 1, runs: Runs = 30) -> None:
    """Press the buttons that write, by themselves."""
    with _server():
        _print(_writes(scale, runs))


@bench.command()
def downloads(scale: Scale = 1) -> None:
    """Download every list as a CSV file."""
    with _server():
        _print(_downloads(scale))


@bench.command()
def peers(scale: Scale = 1, runs: Runs = 20) -> None:
    """Open the same lists in Django admin and starlette-admin, in turns with ours."""
    with _server():
        _print(_peers(scale, runs))


@bench.command()
def load(scale: Scale = 1, seconds: Seconds = 60) -> None:
    """Let 10, 50 and 100 people work at once, then as many as one process can serve."""
    with _server():
        _print(_load(scale, seconds))


@bench.command()
def radius() -> None:
    """Search around points among 5 000 and 100 000 practitioners."""
    with _server():
        _print(_radius())


@bench.command()
def starts() -> None:
    """Start the console fresh and again, and load its home page in a browser."""
    _print(_starts())


@bench.command("import")
def import_file(file: Annotated[Path, typer.Argument(help="The shop's file.")]) -> None:
    """Import the shop's file into a database of its own."""
    from bench.starts import measure_import
    from bench.world import drop_database, make_database

    name = "avenrae_bench_import"
    with _server():
        measure_import(make_database(name, None), file, typer.echo)
        drop_database(name)


@bench.command()
def results(runs: Runs = 30, seconds: Seconds = 60, growth: Growth = True) -> None:
    """Measure everything in the world ×1 and print the results as one part of `docs/performance.md`."""
    from avenrae.clock import now
    from bench import report
    from bench.world import open_world

    with _server():
        url = open_world(1, typer.echo)
        parts: list[Callable[[], Iterable[str]]] = [
            lambda: _pages(1, runs, "", growth=growth),
            lambda: _downloads(1),
            lambda: _load(1, seconds),
            _radius,
            lambda: _peers(1, max(runs // 2, 2)),
        ]
        sections = [list(part()) for part in parts]
        head = [f"## Results of {now():%Y-%m-%d}", "", report.circumstances(url)]
    sections.append(list(_starts()))
    _print(head, *sections)


def _pages(scale: int, runs: int, only: str, *, growth: bool) -> Iterable[str]:
    from avenrae.db import engine as db
    from bench import report
    from bench.pages import PageCost, measure_pages
    from bench.world import has_world, open_world
    from bench.writes import WriteCost, measure_writes

    url = open_world(scale, typer.echo)
    done: list[WriteCost] = []
    engine = db.make_engine(url, pool_size=1)
    costs = measure_pages(
        url,
        runs=runs,
        only=only,
        say=typer.echo,
        then=None if only else lambda c, p: done.extend(measure_writes(c, engine, p, runs=runs, say=typer.echo)),
    )
    engine.dispose()
    tenfold: list[PageCost] = []
    if growth and has_world(scale * 10):
        typer.echo(f"\nThe same at ×{scale * 10}:")
        tenfold = measure_pages(open_world(scale * 10), runs=max(runs // 2, 2), only=only, say=typer.echo)
    yield from report.pages_section(costs, tenfold, runs)
    if done:
        yield ""
        yield from report.writes_section(done)


def _writes(scale: int, runs: int) -> Iterable[str]:
    from avenrae.db import engine as db
    from bench import report
    from bench.console import Console
    from bench.targets import people_of
    from bench.world import open_world
    from bench.writes import measure_writes

    url = open_world(scale, typer.echo)
    engine = db.make_engine(url, pool_size=1)
    people = people_of(engine)
    with Console(url) as console:
        yield from report.writes_section(measure_writes(console, engine, people, runs=runs, say=typer.echo))
    engine.dispose()


def _downloads(scale: int) -> Iterable[str]:
    from bench import report
    from bench.downloads import measure_downloads
    from bench.world import open_world

    return report.downloads_section(measure_downloads(open_world(scale, typer.echo), typer.echo))


def _peers(scale: int, runs: int) -> Iterable[str]:
    from bench import report
    from bench.peers.measure import measure_peers
    from bench.world import open_world

    return report.peers_section(measure_peers(open_world(scale, typer.echo), runs=runs, say=typer.echo))


def _load(scale: int, seconds: float) -> Iterable[str]:
    from bench import report
    from bench.load import measure_load
    from bench.world import open_world

    return report.load_section(measure_load(open_world(scale, typer.echo), seconds=seconds, say=typer.echo))


def _radius() -> Iterable[str]:
    from bench import report
    from bench.radius import measure_radius

    return report.radius_section([cost for number in (5_000, 100_000) for cost in measure_radius(number, typer.echo)])


def _starts() -> Iterable[str]:
    from bench import report
    from bench.starts import measure_starts

    return report.starts_section(*measure_starts(typer.echo))


@contextmanager
def _server() -> Iterator[None]:
    """Let go of the embedded server at the end, however it ends."""
    from avenrae import start

    try:
        yield
    finally:
        start.close()


def _print(*sections: Iterable[str]) -> None:
    typer.echo("\n" + "\n\n".join("\n".join(lines) for lines in sections))
