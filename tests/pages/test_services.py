"""The services of a practitioner, from the buttons of the page."""

from sqlalchemy import select

from avenrae.db.transaction import read_session
from avenrae.enums import Role
from avenrae.models import Service
from tests.pages.test_store import again, button, field, open_dialog, said


def test_a_new_service_is_told_all_that_is_missing_at_once(console, people) -> None:
    """R-UI-02: one press, every sentence; nothing is added, and what was typed stays."""
    app = console(people[Role.PRACTITIONER], "care/services")
    open_dialog(app, "New service")
    field(app.text_input, "Category").set_value("Reading")
    again(app, "New service")
    button(app, "Add service").click().run()
    assert [e.value for e in app.error] == ["Give the service a title.  \nEnter an amount, such as 1250.50."]
    with read_session() as session:
        assert session.scalars(select(Service)).all() == []
    again(app, "New service").run()
    assert field(app.text_input, "Category").value == "Reading"
    field(app.text_input, "Title").set_value("Tarot")
    field(app.number_input, "Length").set_value(45)
    field(app.text_input, "Price").set_value("-1")
    again(app, "New service")
    button(app, "Add service").click().run()
    assert [e.value for e in app.error] == ["A price cannot be negative."]
    again(app, "New service").run()
    field(app.text_input, "Price").set_value("600")
    again(app, "New service")
    button(app, "Add service").click().run()
    assert said(app) == ["Service added."]
    with read_session() as session:
        (added,) = session.scalars(select(Service))
        assert (added.title, added.duration_minutes, added.price_minor) == ("Tarot", 45, 60_000)
