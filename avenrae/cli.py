"""The command line: serve the console, prepare and verify its database, load the demo world, import, add a person."""

import logging
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from avenrae.enums import PractitionerKind, Role
from avenrae.errors import AvenraeError, StartError

_MAILDIR_SECONDS = 5
cli = typer.Typer(
    name="python -m avenrae",
    help="Avenrae Console: the back office of a marketplace of practitioners.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
importing = typer.Typer(help="Bring in data from files.", no_args_is_help=True)
users = typer.Typer(help="People who sign in.", no_args_is_help=True)
cli.add_typer(importing, name="import")
cli.add_typer(users, name="user")


def run() -> None:
    """Run the command line; what a person did wrong is one sentence, not a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    for noisy in ("alembic", "procrastinate", "streamlit"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A line for every attempt to connect again; that the database is away is told once, elsewhere.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    # The bench stands beside the package and is not shipped with it.
    with suppress(ModuleNotFoundError):
        from bench.cli import bench

        cli.add_typer(bench, name="bench", help="Make the big world and measure every page in it.")
    try:
        cli()
    except AvenraeError as e:
        typer.echo(e.message, err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@cli.command()
def serve() -> None:
    """Start the console (with its database, where DATABASE_URL is not set, and a worker) and say where it is."""
    from avenrae.settings import settings

    host, port = settings().host, settings().port
    _require_free(host, port)
    import uvicorn

    from avenrae import start
    from avenrae.db.transaction import read_session
    from avenrae.demo import PASSWORD
    from avenrae.http.server import ConsoleServer
    from avenrae.jobs.attached import AttachedWorker
    from avenrae.queries.users import list_demo_accounts

    start.prepare(typer.echo)
    address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    typer.echo(f"\nAvenrae Console is at {address}")
    with read_session() as session:
        accounts = [] if settings().is_production else list_demo_accounts(session)
    if accounts:
        typer.echo(f"Demo accounts (password {PASSWORD}):")
        for account in accounts:
            typer.echo(f"  {account.role.value:<13} {account.email}")
    typer.echo("Ctrl-C stops it.\n")
    config = uvicorn.Config(
        "app:app",
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=30,
    )
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    with suppress(KeyboardInterrupt):
        ConsoleServer(config, AttachedWorker() if settings().worker == "on" else None).run()


@cli.command()
def worker(
    attached: Annotated[bool, typer.Option(hidden=True, help="End when standard input does.")] = False,
) -> None:
    """Run background work until it is told to end: expiry of holds, reminders, e-mail. Several may run."""
    from avenrae import start
    from avenrae.jobs.worker import work

    with _database():
        start.prepare(typer.echo if not attached else lambda _: None, demo=False)
        work(attached=attached)


@cli.command()
def jobs() -> None:
    """Say how the background work stands: live workers, jobs, e-mails that did not go out."""
    from avenrae import start
    from avenrae.db.transaction import read_session
    from avenrae.permissions import Actor
    from avenrae.queries.queue import read_queue

    with _database():
        start.open_database(typer.echo)
        with _newest_schema(), read_session() as session:
            state = read_queue(session, Actor.system("Command line"))
    typer.echo(f"Workers alive: {state.workers}")
    for task, status, count in state.jobs:
        typer.echo(f"Jobs {status:<10}{task:<24}{count:>7,}")
    for mail_status, count in state.mails.items():
        typer.echo(f"E-mails {mail_status.value:<31}{count:>7,}")
    for subject, error in state.failures:
        typer.echo(f"  not sent: {subject}: {error}")


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date and do nothing else."""
    from avenrae import start
    from avenrae.db import engine as db
    from avenrae.db.migrate import migrate as bring_up_to_date

    with _database():
        start.open_database(typer.echo)
        bring_up_to_date(db.engine())
        typer.echo("The database is up to date.")


@cli.command()
def demo() -> None:
    """Load the demo world into an empty database (never in production)."""
    from avenrae import start
    from avenrae.demo.world import load_world

    with _database():
        start.prepare(typer.echo, demo=False)
        load_world(on_progress=typer.echo)
        typer.echo("The demo world is loaded.")


@cli.command()
def verify(
    limit: Annotated[int, typer.Option(min=1, help="How many of the rows that break an invariant are shown.")] = 5,
) -> None:
    """Prove over the whole database what must always hold, and say which rows break it (exit status 1)."""
    from sqlalchemy import text

    from avenrae import start
    from avenrae.db.transaction import read_in_transaction
    from avenrae.queries.invariants import INVARIANTS, check

    bad = 0
    with _database():
        start.open_database(typer.echo)
        with _newest_schema(), read_in_transaction() as session:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            for invariant in INVARIANTS:
                found = check(session, invariant, limit=limit)
                bad += found is not None
                typer.echo(f"{'ok' if found is None else 'BROKEN':<8}{invariant.name:<24}{invariant.holds}")
                if found is not None:
                    typer.echo(f"{'':<8}{found.count:,} {'row breaks' if found.count == 1 else 'rows break'} it:")
                    for row in found.rows:
                        typer.echo(f"{'':<10}{row.reference}: {row.detail}")
    if bad:
        typer.echo(f"{bad} of {len(INVARIANTS)} invariants {'is' if bad == 1 else 'are'} broken.", err=True)
        raise typer.Exit(1)
    typer.echo(f"All {len(INVARIANTS)} invariants hold.")


@cli.command("mail-in")
def mail_in(
    smtp: Annotated[str, typer.Option(help="Take mails by SMTP at this host:port, for a mail server to hand on.")] = "",
    maildir: Annotated[Path | None, typer.Option(help="Read the maildir that a mail server fills.")] = None,
    once: Annotated[bool, typer.Option(help="Read the maildir once and end.")] = False,
) -> None:
    """Bring mails for the support address into the queue (AVENRAE_SUPPORT_ADDRESS)."""
    from avenrae import start
    from avenrae.jobs.mail_in import read_maildir, serve_smtp
    from avenrae.settings import settings

    host, _, port = smtp.rpartition(":")
    if not settings().support_address:
        raise StartError("Set AVENRAE_SUPPORT_ADDRESS and AVENRAE_MAIL_SECRET first.")
    if bool(smtp) == bool(maildir) or (smtp and not (host and port.isdigit())):
        raise StartError("Name either --smtp host:port or --maildir folder.")
    with _database():
        start.prepare(typer.echo, demo=False)
        if maildir is None:
            serve_smtp(host, int(port))
        elif not (maildir / "new").is_dir():
            raise StartError(f"{maildir} is no maildir: it has no folder “new”.")
        else:
            while True:
                read_maildir(maildir)
                if once:
                    break
                time.sleep(_MAILDIR_SECONDS)


@importing.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="A .csv or .csv.gz in the form of the UCI Online Retail data set.")],
    skip_bad: Annotated[bool, typer.Option(help="Leave out rows that cannot be read instead of stopping.")] = False,
) -> None:
    """Import a shop's order lines: products, clients, orders, payments, refunds and stock corrections."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from avenrae import start
    from avenrae.imports.orders import import_orders as bring_in
    from avenrae.money import show

    with _database():
        start.prepare(typer.echo, demo=False)
        columns = (TextColumn("Importing"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns) as progress:
            task = progress.add_task("import", total=None)
            summary = bring_in(
                file,
                skip_bad=skip_bad,
                on_progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
    typer.echo(
        f"Read {summary.rows_read:,} rows: {summary.orders:,} orders, {summary.credit_notes:,} credit notes,"
        f" {summary.products:,} products, {summary.clients:,} clients.\n"
        f"Sales {show(summary.sales_minor, summary.currency)}, refunds {show(summary.refunds_minor, summary.currency)},"
        f" adjustments {show(summary.adjustments_minor, summary.currency)}."
    )
    for problem in summary.problems[:20]:
        typer.echo(f"Left out line {problem.number}: {problem.reason}", err=True)
    if summary.rows_skipped > 20:
        typer.echo(f"{summary.rows_skipped:,} lines were left out in all; table import_rows has them.", err=True)


@users.command("add")
def add_user(
    email: str,
    role: Annotated[Role, typer.Option(help="What the person is.")],
    first_name: Annotated[str, typer.Option(prompt=True)],
    last_name: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[str, typer.Option(help="Left out, one is made up and printed.")] = "",
    kind: Annotated[PractitionerKind, typer.Option(help="What a practitioner is.")] = PractitionerKind.HEALER,
) -> None:
    """Add a person who can sign in."""
    from avenrae import start
    from avenrae.db.transaction import transaction
    from avenrae.permissions import Actor
    from avenrae.services.users import add_user as add

    chosen = password or secrets.token_urlsafe(12)
    with _database():
        start.prepare(typer.echo, demo=False)
        with transaction(Actor.system("Command line"), "add_user") as session:
            add(
                session,
                Actor.system("Command line"),
                email=email,
                first_name=first_name,
                last_name=last_name,
                role=role,
                password=chosen,
                kind=kind,
            )
    typer.echo(f"{email} can sign in" + ("." if password else f" with the password {chosen}"))


@users.command("reset")
def reset_password(email: str) -> None:
    """Give a person a new password, print it, and end all of his sign-ins."""
    from avenrae.services.users import reset_password as reset

    password = _as_admin("reset_password", reset, email)
    typer.echo(f"{email} can sign in with the password {password}")


@users.command("suspend")
def suspend_user(email: str) -> None:
    """Keep a person from signing in and end all of his sign-ins at once."""
    from avenrae.services.users import suspend_user as suspend

    _as_admin("suspend_user", suspend, email)
    typer.echo(f"{email} is suspended.")


@users.command("reactivate")
def reactivate_user(email: str) -> None:
    """Let a suspended person sign in again."""
    from avenrae.services.users import reactivate_user as reactivate

    _as_admin("reactivate_user", reactivate, email)
    typer.echo(f"{email} can sign in again.")


@users.command("role")
def change_role(email: str, role: Role) -> None:
    """Make a person something else; it counts from his next click."""
    from avenrae.services.users import change_role as change

    _as_admin("change_role", change, email, role)
    typer.echo(f"{email} is now {role.value}.")


def _as_admin(action: str, service: Callable[..., Any], email: str, *more: object) -> Any:
    """Run a service on the account of an e-mail address, as the command line."""
    from avenrae import start
    from avenrae.db.transaction import transaction
    from avenrae.errors import NotFound
    from avenrae.permissions import Actor
    from avenrae.queries.users import find_credentials

    who = Actor.system("Command line")
    with _database():
        start.prepare(typer.echo, demo=False)
        with transaction(who, action) as session:
            found = find_credentials(session, email)
            if found is None:
                raise NotFound(f"Nobody has the e-mail address {email}.")
            return service(session, who, found.user_id, *more)


@contextmanager
def _newest_schema() -> Iterator[None]:
    """Say so where a read fails because the schema is not that of this version."""
    from sqlalchemy.exc import ProgrammingError

    try:
        yield
    except ProgrammingError as e:
        reason = str(e.orig).splitlines()[0]
        raise StartError(
            f"The database's schema is not that of this version ({reason}). Run python -m avenrae migrate first."
        ) from e


@contextmanager
def _database() -> Iterator[None]:
    """Let go of the embedded server at the end of a command, however it ends."""
    from avenrae import start

    try:
        yield
    finally:
        start.close()


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as e:
            raise StartError(
                f"The console cannot listen on {host}:{port} ({e.strerror}). Stop what uses that port, or choose"
                f" another one: AVENRAE_PORT={port + 1 if port < 65535 else 8501} make run"
            ) from None
