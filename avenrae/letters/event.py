"""What an event is: what happened, who is told, and in which words."""

import re
from dataclasses import dataclass
from string import Formatter

from avenrae.enums import NoticeKind

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of whatever follows; in somebody's name they would turn our words round."""
_BREAKS = re.compile(r"[^\S\u00a0]+")


@dataclass(frozen=True)
class Event:
    """Something that happened, and what is said of it; {blanks} in subject and text are filled in by its cause.

    `to` says who is told; whoever did it himself is not, unless `to_doer`: receipts, and what concerns the safety of an
    account. `screen` is what it opens.
    """

    name: str
    kind: NoticeKind
    to: str
    screen: str
    subject: str
    text: str
    to_doer: bool = False

    @property
    def blanks(self) -> frozenset[str]:
        """The names that its cause fills in."""
        parts = [*Formatter().parse(self.subject), *Formatter().parse(self.text)]
        return frozenset(name for _, name, _, _ in parts if name)

    def written(self, **values: str) -> tuple[str, str]:
        """Return subject and text, the subject on one line.

        Raises:
            TypeError: A blank is left, or a value has none (a test holds this for every cause there is).
        """
        if values.keys() != self.blanks:
            raise TypeError(f"{self.name} says {sorted(self.blanks)}, not {sorted(values)}")
        clean = {name: _TURNS.sub("", value) for name, value in values.items()}
        return _BREAKS.sub(" ", self.subject.format(**clean)).strip(), self.text.format(**clean).strip()
