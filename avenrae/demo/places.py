"""Where the practitioners of the demo world are: suburbs and cities with their true positions."""

from typing import NamedTuple


class Place(NamedTuple):
    """A place a practitioner works from; degrees north and east, an IANA zone."""

    street: str
    city: str
    country: str
    latitude: float
    longitude: float
    time_zone: str = "Africa/Johannesburg"
    currency: str = "ZAR"


HOME = Place("Lower Main Road, Observatory", "Cape Town", "ZA", -33.9381, 18.4724)
"""Where the demo practitioner works."""

SOUTH_AFRICA = (
    Place("Kloof Street, Gardens", "Cape Town", "ZA", -33.9339, 18.4106),
    Place("Regent Road, Sea Point", "Cape Town", "ZA", -33.9196, 18.3840),
    Place("Albert Road, Woodstock", "Cape Town", "ZA", -33.9271, 18.4464),
    Place("Main Road, Claremont", "Cape Town", "ZA", -33.9813, 18.4653),
    Place("Main Road, Muizenberg", "Cape Town", "ZA", -34.1087, 18.4702),
    Place("Main Road, Kalk Bay", "Cape Town", "ZA", -34.1287, 18.4489),
    Place("Church Street, Wynberg", "Cape Town", "ZA", -34.0031, 18.4644),
    Place("NY 1, Gugulethu", "Cape Town", "ZA", -33.9783, 18.5700),
    Place("Lansdowne Road, Khayelitsha", "Cape Town", "ZA", -34.0393, 18.6776),
    Place("Durban Road, Bellville", "Cape Town", "ZA", -33.8943, 18.6294),
    Place("Victoria Road, Hout Bay", "Cape Town", "ZA", -34.0444, 18.3576),
    Place("Dorp Street", "Stellenbosch", "ZA", -33.9376, 18.8573),
    Place("Main Street", "Paarl", "ZA", -33.7274, 18.9558),
    Place("Harbour Road", "Hermanus", "ZA", -34.4187, 19.2345),
    Place("Long Street", "Knysna", "ZA", -34.0363, 23.0471),
    Place("York Street", "George", "ZA", -33.9608, 22.4602),
    Place("Main Street", "Plettenberg Bay", "ZA", -34.0527, 23.3716),
    Place("Parliament Street, Central", "Gqeberha", "ZA", -33.9608, 25.6022),
    Place("Main Road, Walmer", "Gqeberha", "ZA", -33.9790, 25.5830),
    Place("High Street", "Makhanda", "ZA", -33.3110, 26.5268),
    Place("Oxford Street", "East London", "ZA", -33.0153, 27.9116),
    Place("Florida Road, Morningside", "Durban", "ZA", -29.8287, 31.0146),
    Place("Bulwer Road, Glenwood", "Durban", "ZA", -29.8699, 30.9918),
    Place("Lagoon Drive", "Umhlanga", "ZA", -29.7265, 31.0852),
    Place("Compensation Road", "Ballito", "ZA", -29.5389, 31.2144),
    Place("Old Main Road, Hillcrest", "Durban", "ZA", -29.7805, 30.7620),
    Place("Langalibalele Street", "Pietermaritzburg", "ZA", -29.6006, 30.3794),
    Place("Maude Street, Sandton", "Johannesburg", "ZA", -26.1076, 28.0567),
    Place("Fourth Avenue, Parkhurst", "Johannesburg", "ZA", -26.1392, 28.0173),
    Place("Seventh Street, Melville", "Johannesburg", "ZA", -26.1756, 28.0081),
    Place("Tyrwhitt Avenue, Rosebank", "Johannesburg", "ZA", -26.1450, 28.0400),
    Place("Vilakazi Street, Orlando West, Soweto", "Johannesburg", "ZA", -26.2385, 27.9084),
    Place("Fox Street, Maboneng", "Johannesburg", "ZA", -26.2044, 28.0583),
    Place("Lynnwood Road, Brooklyn", "Pretoria", "ZA", -25.7700, 28.2370),
    Place("Esselen Street, Sunnyside", "Pretoria", "ZA", -25.7550, 28.2068),
    Place("Second Avenue, Westdene", "Bloemfontein", "ZA", -29.1040, 26.2110),
    Place("Du Toitspan Road", "Kimberley", "ZA", -28.7420, 24.7719),
    Place("Schoeman Street", "Polokwane", "ZA", -23.9045, 29.4689),
    Place("Brown Street", "Mbombela", "ZA", -25.4745, 30.9703),
    Place("Main Street", "Clarens", "ZA", -28.5142, 28.4208),
    Place("Nelson Mandela Drive", "Rustenburg", "ZA", -25.6676, 27.2421),
    Place("Schröder Street", "Upington", "ZA", -28.4541, 21.2420),
)

ABROAD = (
    Place("Independence Avenue", "Windhoek", "NA", -22.5609, 17.0658, "Africa/Windhoek"),
    Place("Main Mall", "Gaborone", "BW", -24.6580, 25.9122, "Africa/Gaborone"),
    Place("Avenida Julius Nyerere", "Maputo", "MZ", -25.9692, 32.5932, "Africa/Maputo"),
    Place("Borrowdale Road", "Harare", "ZW", -17.8010, 31.0450, "Africa/Harare"),
    Place("Ngong Road, Kilimani", "Nairobi", "KE", -1.2995, 36.7820, "Africa/Nairobi"),
    Place("Awolowo Road, Ikoyi", "Lagos", "NG", 6.4433, 3.4170, "Africa/Lagos"),
    Place("Upper Street, Islington", "London", "GB", 51.5416, -0.1025, "Europe/London", "GBP"),
    Place("Electric Avenue, Brixton", "London", "GB", 51.4623, -0.1138, "Europe/London", "GBP"),
    Place("Rua Garrett, Chiado", "Lisbon", "PT", 38.7107, -9.1420, "Europe/Lisbon", "EUR"),
    Place("Haarlemmerstraat", "Amsterdam", "NL", 52.3810, 4.8890, "Europe/Amsterdam", "EUR"),
)

CLIENT_COUNTRIES = {"South Africa": 93, "Namibia": 2, "Botswana": 2, "United Kingdom": 2, "Portugal": 1}
"""Where clients live, with weights."""

ZONES = {
    "South Africa": "Africa/Johannesburg",
    "Namibia": "Africa/Windhoek",
    "Botswana": "Africa/Gaborone",
    "United Kingdom": "Europe/London",
    "Portugal": "Europe/Lisbon",
}
