"""Alembic's entry: the application hands over its connection; the command line names `DATABASE_URL`."""

from alembic import context

from avenrae.models import Base

connection = context.config.attributes.get("connection")


def run() -> None:
    """Run the migrations inside the transaction of the connection that was handed over."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        # The job queue's tables are its library's affair.
        include_name=lambda name, kind, _: kind != "table" or not (name or "").startswith("procrastinate_"),
    )
    context.run_migrations()


if connection is not None:
    run()
else:
    from avenrae.db.engine import make_engine
    from avenrae.settings import settings

    with make_engine(settings().database_url).begin() as connection:
        run()
