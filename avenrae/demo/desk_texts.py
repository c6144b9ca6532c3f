"""What clients of the demo world ask the support desk, and what it answers."""

from typing import NamedTuple

from avenrae.enums import TicketCategory, TicketPriority

_C, _P = TicketCategory, TicketPriority


class Matter(NamedTuple):
    """One kind of ticket: what is asked, answered, asked again and noted inside."""

    subject: str
    category: TicketCategory
    priority: TicketPriority
    asked: str
    answered: str
    again: str
    noted: str
    tags: tuple[str, ...]


MATTERS = (
    Matter(
        "My session did not start",
        _C.BOOKING,
        _P.HIGH,
        "Good day, I waited in the online room for twenty minutes and nobody came. Can I have my money back or another"
        " time please?",
        "I am sorry that you waited. I have asked the practitioner what happened and will offer you a new time today.",
        "Thank you. A time in the afternoon would suit me best.",
        "The practitioner says the power was out. Second time this month, see the last ticket.",
        ("no show", "refund"),
    ),
    Matter(
        "Can I move my session to next week?",
        _C.BOOKING,
        _P.MEDIUM,
        "Hello, I have to travel for work. Is it possible to move my session by one week without losing what I paid?",
        "Of course. Open your booking and press Move; the free times of next week are offered there. Nothing is lost.",
        "I found it, thank you so much.",
        "",
        ("reschedule",),
    ),
    Matter(
        "Parcel has not arrived",
        _C.ORDER,
        _P.MEDIUM,
        "I ordered two crystals ten days ago and the courier's page still says that the parcel is being packed.",
        "I have written to the courier. If the parcel is not with you by Friday we send the order again.",
        "It is Friday and there is still no parcel.",
        "The courier lost a whole bag in Midrand, reference in the shared folder.",
        ("courier",),
    ),
    Matter(
        "The bowl arrived broken",
        _C.ORDER,
        _P.HIGH,
        "The singing bowl in my parcel has a crack right across. I would like a new one, not the money.",
        "What a pity. Please send a photo of the bowl and of the box, then a new one leaves tomorrow.",
        "I have sent both photos.",
        "Third broken bowl from this batch. Told the shop to pack them in two boxes.",
        ("broken", "courier"),
    ),
    Matter(
        "Charged twice for one session",
        _C.PAYMENT,
        _P.URGENT,
        "My bank shows two payments of the same amount for yesterday's session. Please give one of them back.",
        "You are right, the second payment is a double. It goes back today; banks take up to five working days.",
        "Received it this morning. Thank you!",
        "Pressed pay twice on a slow line. Refunded the second charge.",
        ("refund", "double charge"),
    ),
    Matter(
        "Invoice for my employer",
        _C.PAYMENT,
        _P.LOW,
        "Could you send me an invoice with my employer's name and VAT number on it?",
        "Please send us the exact name and the VAT number, then we write it out for you.",
        "It is Blue Crane Trading, 4090 112 233.",
        "",
        ("invoice",),
    ),
    Matter(
        "I cannot sign in",
        _C.ACCOUNT,
        _P.HIGH,
        "The page says that my password is wrong, but I am sure that it is right. I have a session at two o'clock!",
        "I have sent you a link to set a new password. Your session is safe, the practitioner knows.",
        "It works now.",
        "",
        ("sign-in",),
    ),
    Matter(
        "Please change my e-mail address",
        _C.ACCOUNT,
        _P.LOW,
        "I have a new address and would like to get all messages there from now on.",
        "Please write to us from the old address once, so that we know that it is you.",
        "I have just done that.",
        "Address confirmed by phone as well.",
        (),
    ),
    Matter(
        "Worried about what I was told",
        _C.PRACTITIONER,
        _P.URGENT,
        "I was told in my reading to stop taking my medicine. That does not feel right to me. Who can I speak to?",
        "Thank you for telling us. Please do not change your medicine without your doctor. We look into this at once.",
        "My doctor said the same. Please make sure that others are not told this.",
        "Escalated to Amahle. The practitioner's profile is checked before the next session.",
        ("safety",),
    ),
    Matter(
        "How do I become a practitioner?",
        _C.PRACTITIONER,
        _P.LOW,
        "I have worked as a healer for twelve years and would like to offer sessions. What do you need from me?",
        "How good to hear from you. Please send your certificates and two references through your profile.",
        "",
        "",
        ("new practitioner",),
    ),
    Matter(
        "Do you ship to Namibia?",
        _C.OTHER,
        _P.MEDIUM,
        "I would like to order a book to Windhoek. Do you ship there and what does it cost?",
        "Yes, by post within two weeks. Shipping to Namibia is R 190, books above R 900 travel free.",
        "Wonderful, I will order tonight.",
        "",
        ("shipping",),
    ),
    Matter(
        "Question about my birth chart",
        _C.OTHER,
        _P.LOW,
        "I do not know the hour of my birth. Can a chart be made all the same?",
        "It can, with less detail. Your astrologer will tell you at the beginning what is left out.",
        "",
        "",
        (),
    ),
)

CANNED = (
    (
        "Thank you, we look into it",
        None,
        "Hello {client},\n\nthank you for writing. We look into {ticket} and answer today.\n\n{agent}",
    ),
    (
        "Refund is on its way",
        _C.PAYMENT,
        "Hello {client},\n\nthe money is on its way back; banks take up to five working days.\n\n{agent}",
    ),
    (
        "Session moved",
        _C.BOOKING,
        "Hello {client},\n\nyour session {booking} has its new time, you find it under Bookings.\n\n{agent}",
    ),
    ("Parcel sent again", _C.ORDER, "Hello {client},\n\nwe have sent {order} again today, {today}.\n\n{agent}"),
    (
        "Are you still there?",
        None,
        "Hello {client},\n\nwe have not heard from you about “{subject}”. We close {ticket} in three days.\n\n{agent}",
    ),
    (
        "Reset your password",
        _C.ACCOUNT,
        "Hello {client},\n\nwe have sent you a link to set a new password; it is good for one hour.\n\n{agent}",
    ),
)
