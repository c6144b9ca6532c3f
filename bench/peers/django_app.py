"""Django admin over the console's tables, in an environment of its own: `python django_app.py PORT`.

Models are unmanaged and hold the columns that the admin shows. What Django writes for itself (its users, sessions
and log) goes into the schema `peers_django`, which whoever started it takes away again.
"""

# ruff: noqa: E402
import os
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for a measurement",  # noqa: S106
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    TIME_ZONE="Africa/Johannesburg",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    STATIC_URL="/static/",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PEERS_DATABASE"],
            "USER": os.environ["PEERS_USER"],
            "PASSWORD": os.environ["PEERS_PASSWORD"],
            "HOST": os.environ["PEERS_HOST"],
            "PORT": os.environ["PEERS_PORT"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {"options": "-c search_path=peers_django,public -c jit=off"},
        }
    },
)
django.setup()

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import connection, models
from django.urls import path


class User(models.Model):
    """A person."""

    id = models.UUIDField(primary_key=True)
    email = models.TextField()
    first_name = models.TextField()
    last_name = models.TextField()
    search_folded = models.TextField(editable=False)

    class Meta:
        managed = False
        db_table = "users"
        app_label = "admin"

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Client(models.Model):
    """A client."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, models.DO_NOTHING)

    class Meta:
        managed = False
        db_table = "clients"
        app_label = "admin"

    def __str__(self) -> str:
        return str(self.user)


class Practitioner(models.Model):
    """A practitioner."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, models.DO_NOTHING)

    class Meta:
        managed = False
        db_table = "practitioners"
        app_label = "admin"

    def __str__(self) -> str:
        return str(self.user)


class Service(models.Model):
    """What is booked."""

    id = models.UUIDField(primary_key=True)
    title = models.TextField()

    class Meta:
        managed = False
        db_table = "services"
        app_label = "admin"

    def __str__(self) -> str:
        return self.title


class Booking(models.Model):
    """A booking."""

    id = models.UUIDField(primary_key=True)
    reference = models.TextField()
    client = models.ForeignKey(Client, models.DO_NOTHING)
    practitioner = models.ForeignKey(Practitioner, models.DO_NOTHING)
    service = models.ForeignKey(Service, models.DO_NOTHING)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.TextField()
    payment_status = models.TextField()
    price_minor = models.BigIntegerField()
    currency = models.TextField()
    notes = models.TextField(blank=True)

    class Meta:
        managed = False
        db_table = "bookings"
        app_label = "admin"


class Order(models.Model):
    """An order."""

    id = models.UUIDField(primary_key=True)
    reference = models.TextField()
    client = models.ForeignKey(Client, models.DO_NOTHING, null=True)
    placed_at = models.DateTimeField()
    status = models.TextField()
    payment_status = models.TextField()
    total_minor = models.BigIntegerField()
    currency = models.TextField()
    notes = models.TextField(blank=True)

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "admin"


@admin.register(Booking)
class BookingAdmin(admin.ModelAdmin):
    """The columns, the order and the length of the console's list; people are found by their folded names."""

    list_display = (
        "reference",
        "service",
        "starts_at",
        "client",
        "practitioner",
        "status",
        "payment_status",
        "price_minor",
    )
    list_select_related = ("client__user", "practitioner__user", "service")
    search_fields = (
        "reference__exact",
        "client__user__search_folded__contains",
        "practitioner__user__search_folded__contains",
    )
    ordering = ("-starts_at", "-id")
    list_per_page = 50
    fields = ("notes",)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """The columns, the order and the length of the console's list."""

    list_display = ("reference", "placed_at", "client", "status", "payment_status", "total_minor")
    list_select_related = ("client__user",)
    search_fields = ("reference__exact", "client__user__search_folded__contains")
    ordering = ("-placed_at", "-id")
    list_per_page = 50
    fields = ("notes",)


urlpatterns = [path("admin/", admin.site.urls)]


def main(port: int) -> None:
    """Make Django's own tables and its admin, then serve until a signal comes."""
    import uvicorn

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS peers_django")
    call_command("migrate", verbosity=0)
    users = get_user_model().objects
    if not users.filter(username="bench").exists():
        users.create_superuser("bench", "bench@example.org", "bench")
    connection.close()
    uvicorn.run(
        get_asgi_application(),
        host="127.0.0.1",
        port=port,
        timeout_keep_alive=600,
        access_log=False,
        log_level="warning",
        lifespan="off",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
