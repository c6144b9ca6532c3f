"""What practitioners of the demo world say of themselves and offer, by kind."""

from typing import NamedTuple

from avenrae.enums import PractitionerKind

_K = PractitionerKind


class Offer(NamedTuple):
    """A service as it may be offered; `weight` is its price against an hour's rate, in percent."""

    title: str
    description: str
    category: str
    minutes: int
    weight: int


HEADLINES: dict[PractitionerKind, tuple[str, ...]] = {
    _K.HEALER: (
        "Energy work for tired bodies and busy minds",
        "Traditional healing, rooted in the ancestors",
        "Reiki and sound for deep rest",
        "Herbal wisdom and a listening ear",
        "Hands-on healing in a quiet garden studio",
        "Plant medicine and steam, the way my gogo taught me",
    ),
    _K.PROPHET: (
        "Prayer, discernment and an honest word",
        "Prophetic counsel for families",
        "Dreams read with care and scripture",
        "A word in season for those at a crossroads",
    ),
    _K.MEDIUM: (
        "Messages from those who went before",
        "Gentle mediumship for the grieving",
        "Tarot and spirit guidance without the drama",
        "Evidence first: mediumship you can check",
    ),
    _K.ASTROLOGER: (
        "Your chart in plain words",
        "Vedic and western astrology for big decisions",
        "Timing, transits and the year ahead",
        "Relationship charts, read kindly",
    ),
    _K.PSYCHOLOGIST: (
        "Therapy that makes room for the spirit",
        "Clinical psychology for anxiety and loss",
        "Couples and family therapy, in your language",
        "Trauma-informed counselling, at your pace",
    ),
}

BIOS: dict[PractitionerKind, tuple[str, ...]] = {
    _K.HEALER: (
        "I completed my ukuthwasa in 20{year} and have worked with families ever since. We begin with tea and a talk,"
        " and only then do we begin to work.",
        "After a career in nursing I turned to Reiki and sound. My sessions are quiet, unhurried and need no belief.",
        "I grow most of the herbs I use. Come as you are; we look at sleep, food and worry before anything else.",
    ),
    _K.PROPHET: (
        "I have led prayer in my community since 20{year}. What you share with me stays with me.",
        "I was raised in the Zionist church and ordained in 20{year}. I pray with people of every church and of none.",
    ),
    _K.MEDIUM: (
        "I have sat with the grieving since 20{year}. I tell you what I receive, and I tell you when there is nothing.",
        "Trained in a development circle for eight years before taking my first client. Sceptics are welcome.",
    ),
    _K.ASTROLOGER: (
        "I cast charts by hand first and by computer second. You receive a recording and my notes afterwards.",
        "Engineer by training, astrologer since 20{year}. I am interested in timing more than in fate.",
    ),
    _K.PSYCHOLOGIST: (
        "Registered with the HPCSA. I trained in the city and practise in the place I grew up in, in the languages"
        " spoken there.",
        "I work with adults and couples, mostly on anxiety, grief and burn-out. Medical aid invoices on request.",
    ),
}

SPECIALTIES: dict[PractitionerKind, tuple[str, ...]] = {
    _K.HEALER: ("Reiki", "Sound healing", "Herbal medicine", "Cleansing", "Ancestral healing", "Breathwork", "Sleep"),
    _K.PROPHET: ("Prayer", "Dream interpretation", "Family counsel", "Discernment", "Blessing of homes"),
    _K.MEDIUM: ("Mediumship", "Tarot", "Grief", "Spirit guides", "Psychometry"),
    _K.ASTROLOGER: ("Natal charts", "Transits", "Synastry", "Vedic astrology", "Electional astrology", "Solar return"),
    _K.PSYCHOLOGIST: ("Anxiety", "Grief", "Trauma", "Couples", "Burn-out", "Adolescents", "Depression"),
}

CERTIFICATIONS: dict[PractitionerKind, tuple[tuple[str, str], ...]] = {
    _K.HEALER: (
        ("Reiki Master", "Reiki Association of Southern Africa"),
        ("Traditional Health Practitioner", "THPCSA"),
    ),
    _K.PROPHET: (("Ordained minister", "Council of African Independent Churches"), ("Lay counselling", "Lifeline")),
    _K.MEDIUM: (("Mediumship diploma", "Cape Spiritualist Union"), ("Bereavement support", "Hospice Association")),
    _K.ASTROLOGER: (("Diploma in astrology", "Faculty of Astrological Studies"), ("Jyotish Visharada", "ICAS")),
    _K.PSYCHOLOGIST: (("Clinical psychologist", "HPCSA"), ("EMDR level 2", "EMDR Africa")),
}

OFFERS: dict[PractitionerKind, tuple[Offer, ...]] = {
    _K.HEALER: (
        Offer("Reiki session", "Full-body Reiki in a warm, quiet room.", "Energy work", 60, 100),
        Offer("Sound bath for one", "Bowls, gong and voice; you only lie down.", "Sound", 90, 140),
        Offer("First consultation", "We talk, drink tea and see what is needed.", "Consultation", 45, 80),
        Offer("Ancestral cleansing", "A cleansing with herbs, smoke and prayer.", "Traditional", 120, 190),
        Offer("Short distance healing", "Half an hour of healing from afar.", "Energy work", 30, 55),
    ),
    _K.PROPHET: (
        Offer("Personal prayer", "Half an hour of prayer over one matter.", "Prayer", 30, 50),
        Offer("Prophetic counsel", "An hour of listening, prayer and a word.", "Counsel", 60, 100),
        Offer("Dream interpretation", "Bring one dream, written down if you can.", "Dreams", 45, 75),
        Offer("Blessing of a home", "At your home, with the whole family.", "Blessing", 90, 160),
    ),
    _K.MEDIUM: (
        Offer("Private sitting", "An hour with those who went before.", "Mediumship", 60, 100),
        Offer("Tarot reading", "One question, one spread, clear words.", "Tarot", 45, 75),
        Offer("Sitting for a family", "Up to four people who lost the same person.", "Mediumship", 90, 165),
        Offer("Short reading", "Three cards on what is in front of you.", "Tarot", 30, 50),
    ),
    _K.ASTROLOGER: (
        Offer("Natal chart reading", "Your birth chart, start to finish, recorded.", "Natal", 90, 145),
        Offer("The year ahead", "Transits and solar return for twelve months.", "Forecast", 60, 105),
        Offer("Synastry for two", "Two charts, one honest conversation.", "Relationships", 120, 190),
        Offer("One question", "A horary chart for one clear question.", "Horary", 30, 55),
    ),
    _K.PSYCHOLOGIST: (
        Offer("Therapy session", "Fifty minutes, in person or on screen.", "Therapy", 50, 100),
        Offer("First assessment", "History, hopes and a plan.", "Assessment", 75, 140),
        Offer("Couples session", "For two who want to hear each other again.", "Couples", 80, 150),
        Offer("Short check-in", "For clients between longer sessions.", "Therapy", 30, 60),
    ),
}

CANCELLED_BY_CLIENT = (
    "I have come down with flu",
    "My child is sick and I have nobody to look after her",
    "Work has moved a meeting into this time",
    "I cannot get transport today, the taxis are on strike",
    "Load-shedding, I cannot get online at that hour",
    "I need to travel for a funeral",
    "Booked the wrong day by mistake",
    "Money is tight this month, I will book again",
)
CANCELLED_BY_PRACTITIONER = (
    "I am ill and do not want to pass it on",
    "A family emergency, I am sorry",
    "The studio has no water today",
    "I have been called to the hospital for another client",
)
CANCELLED_BY_STAFF = (
    "Double entry, the client keeps the other session",
    "Cancelled by telephone at the client's request",
    "Practitioner could not be reached",
)
HOLD_RAN_OUT = "The hold ran out before it was paid"

NOTES = (
    "First visit; nervous about the parking.",
    "Prefers to speak isiZulu.",
    "Please keep the incense light, asthma.",
    "Birth time is from memory, give or take twenty minutes.",
    "Brings her sister along.",
    "Wheelchair; use the side gate.",
    "Asked for an invoice for medical aid.",
    "Would like to work on sleep.",
    "Follow-up to last month's session.",
)

LEAVE = ("December leave", "Retreat in the Cederberg", "Family wedding", "Pilgrimage", "Study leave", "Annual leave")
CLOSED_DAYS = ("Closed: family day", "Closed: training", "Closed: municipal water works")
OPEN_DAYS = ("Extra hours before the holidays", "Open late")
