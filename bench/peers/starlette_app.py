"""starlette-admin over the console's tables, in an environment of its own: `python starlette_app.py PORT`."""

import os
import sys
import uuid
from datetime import datetime
from typing import Any

import uvicorn
from sqlalchemy import ForeignKey, Select, create_engine, func, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette_admin import DateTimeField, IntegerField, StringField, TextAreaField
from starlette_admin.auth import AdminUser, AuthProvider
from starlette_admin.contrib.sqla import Admin, ModelView
from starlette_admin.exceptions import LoginFailed

SECRET = "only for a measurement"  # noqa: S105


class Base(DeclarativeBase):
    """The tables as far as they are shown."""


class User(Base):
    """A person."""

    __tablename__ = "users"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    search_folded: Mapped[str]


class Client(Base):
    """A client."""

    __tablename__ = "clients"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship()


class Practitioner(Base):
    """A practitioner."""

    __tablename__ = "practitioners"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship()


class Service(Base):
    """What is booked."""

    __tablename__ = "services"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[str]


class Booking(Base):
    """A booking, with the names that its line shows."""

    __tablename__ = "bookings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    reference: Mapped[str]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    practitioner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("practitioners.id"))
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"))
    starts_at: Mapped[datetime]
    status: Mapped[str]
    payment_status: Mapped[str]
    price_minor: Mapped[int]
    notes: Mapped[str]
    client: Mapped[Client] = relationship()
    practitioner: Mapped[Practitioner] = relationship()
    service: Mapped[Service] = relationship()

    @property
    def client_name(self) -> str:
        """The client's name."""
        return f"{self.client.user.first_name} {self.client.user.last_name}"

    @property
    def practitioner_name(self) -> str:
        """The practitioner's name."""
        return f"{self.practitioner.user.first_name} {self.practitioner.user.last_name}"

    @property
    def service_title(self) -> str:
        """What was booked."""
        return self.service.title


class Order(Base):
    """An order, with the name that its line shows."""

    __tablename__ = "orders"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    reference: Mapped[str]
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    placed_at: Mapped[datetime]
    status: Mapped[str]
    payment_status: Mapped[str]
    total_minor: Mapped[int]
    notes: Mapped[str]
    client: Mapped[Client | None] = relationship()

    @property
    def client_name(self) -> str:
        """The client's name."""
        return f"{self.client.user.first_name} {self.client.user.last_name}" if self.client else ""


class _List(ModelView):
    page_size = 50
    page_size_options = (50,)
    people: tuple[Any, ...] = ()
    shown: tuple[Any, ...] = ()

    def get_list_query(self, request: Request) -> Select[Any]:
        return select(self.model).options(*self.shown)

    def get_search_query(self, request: Request, term: str) -> Any:
        named = func.lower("%" + term + "%")
        return or_(
            self.model.reference == term.upper(),
            *(person.has(model.user.has(User.search_folded.like(named))) for person, model in self.people),
        )

    def get_count_query(self, request: Request) -> Select[Any]:
        return select(func.count()).select_from(self.model)


def _shown_only(field: Any) -> Any:
    field.exclude_from_edit = field.exclude_from_create = True
    return field


class BookingView(_List):
    """The columns, the order and the length of the console's list."""

    fields = (
        *(_shown_only(StringField(n)) for n in ("reference", "service_title")),
        _shown_only(DateTimeField("starts_at")),
        *(_shown_only(StringField(n)) for n in ("client_name", "practitioner_name", "status", "payment_status")),
        _shown_only(IntegerField("price_minor")),
        TextAreaField("notes", exclude_from_list=True),
    )
    searchable_fields = ("reference",)
    sortable_fields = ("reference", "starts_at")
    fields_default_sort = (("starts_at", True),)
    people = ((Booking.client, Client), (Booking.practitioner, Practitioner))
    shown = (
        joinedload(Booking.client).joinedload(Client.user),
        joinedload(Booking.practitioner).joinedload(Practitioner.user),
        joinedload(Booking.service),
    )


class OrderView(_List):
    """The columns, the order and the length of the console's list."""

    fields = (
        _shown_only(StringField("reference")),
        _shown_only(DateTimeField("placed_at")),
        *(_shown_only(StringField(n)) for n in ("client_name", "status", "payment_status")),
        _shown_only(IntegerField("total_minor")),
        TextAreaField("notes", exclude_from_list=True),
    )
    searchable_fields = ("reference",)
    sortable_fields = ("reference", "placed_at")
    fields_default_sort = (("placed_at", True),)
    people = ((Order.client, Client),)
    shown = (joinedload(Order.client).joinedload(Client.user),)


class SignIn(AuthProvider):
    """One name and one password, remembered in the signed session cookie."""

    async def login(self, username: str, password: str, remember_me: bool, request: Request) -> None:
        """Sign in."""
        if (username, password) != ("bench", "bench"):
            raise LoginFailed("Not known")
        request.session["username"] = username

    async def authenticate(self, request: Request) -> AdminUser | None:
        """Return who is signed in."""
        name = request.session.get("username")
        return AdminUser(username=name) if name else None


def main(port: int) -> None:
    """Serve until a signal comes."""
    engine = create_engine(os.environ["PEERS_URL"], connect_args={"options": "-c jit=off"})
    app = Starlette(middleware=[Middleware(SessionMiddleware, secret_key=SECRET)])
    admin = Admin(engine, auth_provider=SignIn(), secret_key=SECRET)
    admin.add_view(BookingView(Booking, key="booking"))
    admin.add_view(OrderView(Order, key="order"))
    admin.mount_to(app)
    uvicorn.run(app, host="127.0.0.1", port=port, timeout_keep_alive=600, access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
