"""The people of the demo world: staff, practitioners and clients."""

import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from avenrae.demo import PASSWORD, names, places
from avenrae.demo.places import Place
from avenrae.demo.rows import DAYS_BACK, Frame, Tables
from avenrae.demo.texts import BIOS, CERTIFICATIONS, HEADLINES, SPECIALTIES
from avenrae.enums import (
    AvailabilityStatus,
    DocumentKind,
    DocumentVerdict,
    PractitionerKind,
    Role,
    VerificationStatus,
)
from avenrae.ids import uuid7
from avenrae.models import Client, DocumentFile, Favourite, Practitioner, PractitionerDocument, User
from avenrae.passwords import hash_password
from avenrae.settings import settings

DEMO_ACCOUNTS = {role: f"{role.value}@demo.avenrae.example" for role in reversed(Role)}
"""The e-mail address of the one account of each role that can sign in; `PASSWORD` is that of all."""

_NAMES = {
    Role.ADMIN: ("Amahle", "Naidoo"),
    Role.SUPPORT: ("Pieter", "van Wyk"),
    Role.PRACTITIONER: ("Thandeka", "Mokoena"),
    Role.CLIENT: ("Lerato", "Khumalo"),
}
_CLIENTS = 400
_STATUSES = (
    [VerificationStatus.APPROVED] * 45
    + [VerificationStatus.SUBMITTED] * 5
    + [VerificationStatus.DRAFT] * 4
    + [VerificationStatus.REJECTED] * 3
    + [VerificationStatus.SUSPENDED] * 3
)
_RATES = {"ZAR": (450, 1400, 50), "GBP": (45, 90, 5), "EUR": (45, 85, 5)}
_LANGUAGES_ABROAD = {"PT": "Portuguese", "MZ": "Portuguese", "NL": "Dutch", "KE": "Swahili", "NG": "Yoruba"}


@dataclass(eq=False)
class Customer:
    """A client, since when, and whom he is called."""

    id: uuid.UUID
    user_id: uuid.UUID
    joined: datetime
    name: str
    country: str


@dataclass(eq=False)
class Worker:
    """A practitioner, and how much he is asked for: sessions on an ordinary working day."""

    id: uuid.UUID
    user_id: uuid.UUID
    kind: PractitionerKind
    place: Place
    status: VerificationStatus
    joined: datetime
    rate_minor: int
    bps: int
    before: int
    after: int
    step: int
    notice: int
    demand: float
    is_demo: bool = False
    regulars: list[Customer] = field(default_factory=list)

    @property
    def works(self) -> bool:
        """Whether he has had sessions: approved ones, and those suspended later."""
        return self.status in (VerificationStatus.APPROVED, VerificationStatus.SUSPENDED)


class People:
    """Makes users one after the other, with an address of their own each."""

    def __init__(self, frame: Frame, tables: Tables) -> None:
        self.frame, self.tables, self._taken = frame, tables, set[str]()
        self._abroad = {country: list(people) for country, people in names.ABROAD.items()}
        self._password = hash_password(PASSWORD)
        self.admin: uuid.UUID | None = None

    def staff(self) -> None:
        """Make the team: one admin and one agent who can sign in, and colleagues."""
        opened = self.frame.at(self.frame.first_day - timedelta(days=60), 9)
        for role in (Role.ADMIN, Role.SUPPORT):
            made = self._user(role, *_NAMES[role], joined=opened, demo=True)
            self.admin = made if role is Role.ADMIN else self.admin
        for role in (Role.ADMIN, Role.SUPPORT, Role.SUPPORT):
            first, last, _ = self._name()
            self._user(role, first, last, joined=opened + timedelta(days=self.frame.rng.randint(5, 300)))

    def practitioners(self) -> list[Worker]:
        """Make sixty practitioners, the demo account first."""
        rng = self.frame.rng
        rng.shuffle(statuses := _STATUSES[1:])
        at_home = [
            *places.SOUTH_AFRICA,
            *rng.sample(places.SOUTH_AFRICA, len(statuses) - len(places.SOUTH_AFRICA) - 10),
        ]
        spots = [*at_home, *places.ABROAD]
        rng.shuffle(spots)
        unplaced = set(rng.sample(range(len(at_home)), 4))
        demands = [rng.uniform(0.9, 1.5) for _ in range(9)] + [rng.uniform(0.25, 0.6) for _ in range(19)]
        demands += [rng.uniform(0.03, 0.18) for _ in range(len(spots) - len(demands))]
        rng.shuffle(demands)
        workers = [self._practitioner(places.HOME, VerificationStatus.APPROVED, 2.3, demo=True)]
        for n, (place, status, demand) in enumerate(zip(spots, statuses, demands, strict=True)):
            workers.append(self._practitioner(place, status, demand, placed=n not in unplaced))
        return workers

    def clients(self) -> list[Customer]:
        """Make the clients by the day they joined, the demo account first; more join every month."""
        rng = self.frame.rng
        span = DAYS_BACK + 60
        days = sorted(int(span * (1 - rng.random() ** 0.8)) for _ in range(_CLIENTS - 1))
        made = [self._client(self.frame.at(self.frame.first_day - timedelta(days=58), 11.2), demo=True)]
        made += [self._client(self.frame.past(self.frame.waking(self.frame.today - timedelta(d)))) for d in days[::-1]]
        return made

    def favourites(self, customers: list[Customer], workers: list[Worker]) -> None:
        """Let some clients keep practitioners that they know."""
        for worker in workers:
            for customer in dict.fromkeys(worker.regulars[-6:]):
                at = max(customer.joined, worker.joined) + timedelta(days=1)
                if self.frame.chance(0.7) or customer is customers[0]:
                    self.tables.add(
                        Favourite,
                        id=uuid7(),
                        client_id=customer.id,
                        practitioner_id=worker.id,
                        **stamps(self.frame.past(at)),
                    )

    def _practitioner(
        self, place: Place, status: VerificationStatus, demand: float, *, placed: bool = True, demo: bool = False
    ) -> Worker:
        frame, rng = self.frame, self.frame.rng
        recent = status in (VerificationStatus.DRAFT, VerificationStatus.SUBMITTED)
        day = rng.randint(2, 30) if recent else rng.choice((rng.randint(60, 500), DAYS_BACK + 40))
        joined = frame.waking(frame.today - timedelta(days=DAYS_BACK + 58 if demo else day))
        kind = PractitionerKind.HEALER if demo else rng.choice(list(PractitionerKind))
        first, last, language = self._name()
        if place.country in names.ABROAD:
            first, last = self._abroad[place.country].pop()
            language = _LANGUAGES_ABROAD.get(place.country, "English")
        if demo:
            first, last = _NAMES[Role.PRACTITIONER]
        user_id = self._user(Role.PRACTITIONER, first, last, joined=joined, zone=place.time_zone, demo=demo)
        low, high, step = _RATES[place.currency]
        worker = Worker(
            id=uuid7(),
            user_id=user_id,
            kind=kind,
            place=place,
            status=status,
            joined=joined,
            rate_minor=(65_000 if demo else rng.randrange(low, high + 1, step) * 100),
            bps=0 if demo else rng.choice((0, 0, 0, 1500, 1600, 1750, 1800, 2000)),
            before=0 if demo else rng.choice((0, 0, 0, 10, 15)),
            after=15 if demo else rng.choice((0, 5, 10, 15, 15, 30)),
            step=30 if demo else rng.choice((15, 30, 30, 60)),
            notice=0 if demo else rng.choice((0, 60, 120, 720, 1440)),
            demand=demand,
            is_demo=demo,
        )
        self._profile(worker, language, placed=placed)
        return worker

    def _profile(self, worker: Worker, language: str, *, placed: bool) -> None:
        frame, rng, place = self.frame, self.frame.rng, worker.place
        years = rng.randint(2, 27)
        is_draft = worker.status is VerificationStatus.DRAFT
        others = ["English", *rng.sample(("isiZulu", "Afrikaans", "isiXhosa", "Sesotho", "Setswana", "Xitsonga"), 2)]
        free = worker.status is VerificationStatus.APPROVED
        availability = [AvailabilityStatus.AVAILABLE] * 7 + [AvailabilityStatus.BUSY] * 2 + [AvailabilityStatus.OFFLINE]
        since = (frame.today.year - years) % 100
        self.tables.add(
            Practitioner,
            id=worker.id,
            user_id=worker.user_id,
            kind=worker.kind,
            headline="" if is_draft else rng.choice(HEADLINES[worker.kind]),
            bio="" if is_draft else rng.choice(BIOS[worker.kind]).format(year=f"{since:02}"),
            specialties=_set(rng.sample(SPECIALTIES[worker.kind], rng.randint(2, 4))),
            languages=_set(dict.fromkeys([language, *others[: rng.randint(1, 3)]])),
            hourly_rate_minor=worker.rate_minor,
            currency=place.currency,
            years_experience=years,
            address=f"{rng.randint(1, 240)} {place.street}" if placed else "",
            city=place.city if placed else "",
            country_code=place.country,
            latitude=round(place.latitude + rng.uniform(-0.001, 0.001), 5) if placed else None,
            longitude=round(place.longitude + rng.uniform(-0.001, 0.001), 5) if placed else None,
            time_zone=place.time_zone,
            verification_status=worker.status,
            availability_status=(rng.choice(availability) if free and not worker.is_demo else availability[0])
            if free
            else AvailabilityStatus.OFFLINE,
            commission_bps=worker.bps or None,
            buffer_before=worker.before,
            buffer_after=worker.after,
            min_notice=worker.notice,
            max_horizon=rng.choice((60, 90, 90, 120)),
            slot_step=worker.step,
            verification_note={
                VerificationStatus.REJECTED: "Please describe what a first session is like, and hand in a certificate.",
                VerificationStatus.SUSPENDED: "Two clients waited in vain. Call us before the profile opens again.",
            }.get(worker.status, ""),
            **stamps(worker.joined),
        )
        if not is_draft:
            self._documents(worker, years)
        worker.bps = worker.bps or settings().commission_bps

    def _documents(self, worker: Worker, years: int) -> None:
        """Hand in who he is and what he has learned; what waits for a first check has not been looked at."""
        rng, today = self.frame.rng, self.frame.today
        waits = worker.status is VerificationStatus.SUBMITTED
        chosen = rng.sample(CERTIFICATIONS[worker.kind], rng.randint(1, 2))
        papers = [(DocumentKind.IDENTITY, "Identity card", "Department of Home Affairs")]
        papers += [(DocumentKind.CERTIFICATE, name, issuer) for name, issuer in chosen]
        for kind, title, issuer in papers:
            handed_in = self.frame.past(worker.joined + timedelta(minutes=rng.randint(5, 90)))
            content = demo_pdf(f"{title}, {issuer}")
            document_id = uuid7()
            self.tables.add(
                PractitionerDocument,
                id=document_id,
                practitioner_id=worker.id,
                kind=kind,
                title=title,
                issuer=issuer,
                number=f"{rng.randint(10_000, 99_999)}/{rng.randint(10, 99)}",
                issued_on=today - timedelta(days=rng.randint(200, 365 * years)),
                expires_on=today + timedelta(days=rng.randint(-20, 900) if kind != DocumentKind.IDENTITY else 2000),
                file_name=f"{title}.pdf",
                media_type="application/pdf",
                size_bytes=len(content),
                verdict=DocumentVerdict.WAITING if waits else DocumentVerdict.ACCEPTED,
                checked_at=None if waits else self.frame.past(handed_in + timedelta(hours=rng.randint(3, 40))),
                checked_by=None if waits else self.admin,
                **stamps(handed_in),
            )
            self.tables.add(DocumentFile, document_id=document_id, content=content)

    def _client(self, joined: datetime, *, demo: bool = False) -> Customer:
        rng = self.frame.rng
        first, last, language = self._name()
        if demo:
            first, last = _NAMES[Role.CLIENT]
        countries = places.CLIENT_COUNTRIES
        country = "South Africa" if demo else rng.choices(list(countries), list(countries.values()))[0]
        user_id = self._user(Role.CLIENT, first, last, joined=joined, zone=places.ZONES[country], demo=demo)
        customer = Customer(uuid7(), user_id, joined, f"{first} {last}", country)
        contact, surname, _ = self._name()
        self.tables.add(
            Client,
            id=customer.id,
            user_id=user_id,
            date_of_birth=self.frame.today - timedelta(days=rng.randint(19 * 365, 78 * 365)),
            gender=rng.choices(("female", "male", "non-binary", None), (60, 32, 2, 6))[0],
            emergency_contact=f"{contact} {surname}, {self._phone()}" if self.frame.chance(0.5) else None,
            country=country,
            preferences={"language": language, "reminders": rng.choice(("e-mail", "sms"))},
            **stamps(joined),
        )
        return customer

    def _user(
        self,
        role: Role,
        first: str,
        last: str,
        *,
        joined: datetime,
        zone: str = "Africa/Johannesburg",
        demo: bool = False,
    ) -> uuid.UUID:
        frame, user_id = self.frame, uuid7()
        seen = frame.past(frame.now - timedelta(days=frame.rng.expovariate(1 / 40)))
        self.tables.add(
            User,
            id=user_id,
            email=DEMO_ACCOUNTS[role] if demo else self._email(first, last),
            password_hash=self._password if demo else None,
            first_name=first,
            last_name=last,
            role=role,
            phone=self._phone(),
            time_zone=zone,
            email_verified_at=frame.past(joined + timedelta(minutes=7)) if demo or frame.chance(0.93) else None,
            is_active=demo or role is not Role.CLIENT or not frame.chance(0.015),
            last_sign_in_at=max(joined, seen) if not demo and frame.chance(0.85) else None,
            **stamps(joined),
        )
        return user_id

    def _name(self) -> tuple[str, str, str]:
        rng = self.frame.rng
        pool = rng.choices(range(len(names.WEIGHTS)), names.WEIGHTS)[0]
        family = rng.choices(range(len(names.WEIGHTS)), names.WEIGHTS)[0] if rng.random() < 0.08 else pool
        first = rng.choice((names.WOMEN if rng.random() < 0.66 else names.MEN)[pool])
        return first, rng.choice(names.SURNAMES[family]), names.HOME_LANGUAGES[pool]

    def _email(self, first: str, last: str) -> str:
        folded = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode().lower()
        plain = "".join(c for c in folded if c.isalnum() or c == ".")
        n, email = 1, f"{plain}@example.org"
        while email in self._taken:
            n += 1
            email = f"{plain}{n}@example.org"
        self._taken.add(email)
        return email

    def _phone(self) -> str:
        """Return a number that nobody can have: no South African network begins with 00."""
        return f"+27 00 555 {self.frame.rng.randint(0, 9999):04}"


def stamps(at: datetime) -> dict[str, datetime]:
    """Return when a row was made and last changed, the same instant."""
    return {"created_at": at, "updated_at": at}


def demo_pdf(line: str) -> bytes:
    """Return a small PDF of one page with a line of plain letters on it."""
    plain = unicodedata.normalize("NFKD", line).encode("ascii", "ignore").decode()
    drawn = f"BT /F1 18 Tf 60 760 Td ({plain.replace('(', '').replace(')', '')}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + table
    return out + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def _set(words: Any) -> str:
    """Return words as the text of a PostgreSQL array."""
    return "{" + ",".join(f'"{word}"' for word in words) + "}"
