"""What becomes of a page when its dialog cannot be drawn."""

from avenrae.enums import Role
from avenrae.errors import NotFound
from avenrae.ui import slot_picker


def test_a_dialog_that_fails_leaves_the_page_behind_it_whole(console, people, world, monkeypatch) -> None:
    """A dialog whose read fails says so itself, and the page behind it loses no part."""

    def get_diary(*_: object, **__: object) -> None:
        raise NotFound("There are no such hours.")

    monkeypatch.setattr(slot_picker, "get_diary", get_diary)
    app = console(people[Role.CLIENT], "care/booking", id=world["care/booking"])
    next(b for b in app.button if b.label == "Move…").click().run()
    # The dialog draws its error itself; the served app has a handler that makes a sentence of it.
    assert len(app.exception) == 1
    assert [e.value for e in app.error] == []
    assert [t.label for t in app.tabs] == ["Booking", "History"]
