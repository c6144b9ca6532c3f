"""What clients of the demo world write after a session, and what practitioners answer."""

from random import Random

_OPENINGS = {
    5: (
        "What a gift this was.",
        "I came in heavy and left light.",
        "Third time here and still the best hour of my month.",
        "I was sceptical, I admit it.",
        "Worth every cent.",
        "My mother sent me and as usual she was right.",
        "Booked on a whim, so glad I did.",
        "Absolutely wonderful.",
        "Ngiyabonga kakhulu!",
        "Baie dankie, dit was besonders.",
        "Enkosi, this was exactly what I needed.",
        "Could not have asked for more.",
    ),
    4: (
        "Very good session.",
        "Really helpful overall.",
        "Kind and professional.",
        "A good hour, and I will be back.",
        "Better than I expected.",
        "Glad I went.",
    ),
    3: ("It was all right.", "Mixed feelings about this one.", "Not bad, not quite for me.", "Pleasant enough."),
    2: ("I expected more.", "Left a little disappointed.", "Not what the description said."),
    1: ("Sorry, but no.", "This did not work at all.", "I want my afternoon back."),
}
_MIDDLES = {
    5: (
        "I slept through the night for the first time in weeks.",
        "Nothing was rushed and I felt heard from the first minute.",
        "Details came up that nobody could have known.",
        "The room is calm, the tea is good and the silence even better.",
        "Everything was explained in words I could follow.",
        "My husband noticed the difference before I did.",
        "We laughed, I cried, and then things made sense.",
        "Even online it felt as if we sat in the same room.",
        "I got notes the same evening and have read them three times.",
        "No pressure to book again, which made me want to.",
        "The advice was practical and I used it the next morning.",
    ),
    4: (
        "Started ten minutes late but we did get the full time.",
        "Parking is difficult, so come early.",
        "The sound dropped once or twice, otherwise all good.",
        "A bit more time for questions would have been nice.",
        "Some of it I still need to think about.",
        "The recording took a few days to arrive.",
    ),
    3: (
        "We talked more about general things than about my question.",
        "It felt a little short for the price.",
        "The place was hard to find and quite noisy.",
        "Some points were spot on, others not at all.",
    ),
    2: (
        "The session began twenty minutes late and ended on time.",
        "There were phone calls in between.",
        "Most of it could have been said to anybody.",
    ),
    1: (
        "The link never worked and nobody answered.",
        "I felt judged rather than helped.",
        "It ended after half of the time that I paid for.",
    ),
}
_CLOSINGS = {
    5: (
        "Highly recommended.",
        "See you next month!",
        "I have told all my friends.",
        "Thank you from the heart.",
        "",
        "",
    ),
    4: ("Would recommend.", "Will book again.", "", ""),
    3: ("Perhaps once more, perhaps not.", ""),
    2: ("I may try somebody else.", ""),
    1: ("I would like to talk to somebody about this.", ""),
}
_ANSWERS = {
    True: (
        "Thank you for your trust. It was good to work with you.",
        "Enkosi! Greet your mother from me.",
        "Thank you, and sleep well.",
        "I am glad it helped. The door is open.",
        "Thank you for these warm words.",
    ),
    False: (
        "Thank you for telling me. I have since moved to a quieter room.",
        "I am sorry that we started late; the next session will have the full time.",
        "I hear you. Please write to me so that we can put it right.",
    ),
}


_CLIENTS = {
    True: (
        "On time and well prepared. Always welcome.",
        "Open, honest and a pleasure to work with.",
        "Came with good questions and did the exercises.",
        "Paid at once and kept to the time. Thank you.",
    ),
    False: (
        "Arrived half an hour late and wanted the full time.",
        "On the phone for much of the session.",
        "I would rather not take another booking at short notice.",
    ),
}


def about_client(rng: Random, rating: int) -> str:
    """Return what a practitioner writes about a client."""
    return rng.choice(_CLIENTS[rating >= 4])


def comment(rng: Random, rating: int) -> str:
    """Return a comment that suits the rating; some people only leave stars."""
    if rng.random() < 0.18:
        return ""
    parts = (rng.choice(_OPENINGS[rating]), rng.choice(_MIDDLES[rating]), rng.choice(_CLOSINGS[rating]))
    return " ".join(part for part in parts if part)


def answer(rng: Random, rating: int) -> str:
    """Return what a practitioner answers to a review."""
    return rng.choice(_ANSWERS[rating >= 4])
