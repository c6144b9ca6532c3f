"""The shop of the demo world: 120 products with their prices."""

from typing import NamedTuple

from avenrae.enums import ProductType


class Ware(NamedTuple):
    """A product of the shop; the price is in cents of rand."""

    sku: str
    title: str
    description: str
    type: ProductType
    category: str
    price_minor: int


_CRYSTALS = """
Rose quartz tumble|45|Tumbled stones
Amethyst tumble|45|Tumbled stones
Clear quartz tumble|40|Tumbled stones
Tiger's eye tumble, Northern Cape|55|Tumbled stones
Blue lace agate tumble|60|Tumbled stones
Carnelian tumble|45|Tumbled stones
Red jasper tumble|40|Tumbled stones
Sodalite tumble|50|Tumbled stones
Black tourmaline tumble|55|Tumbled stones
Citrine tumble|65|Tumbled stones
Moonstone tumble|70|Tumbled stones
Labradorite tumble|75|Tumbled stones
Green aventurine tumble|40|Tumbled stones
Sugilite tumble, Kalahari|180|Tumbled stones
Amethyst cluster, small|320|Clusters
Amethyst cluster, large|1250|Clusters
Clear quartz cluster|480|Clusters
Citrine cluster|640|Clusters
Ajoite in quartz, Messina|2400|Clusters
Prehnite cluster, Namibia|520|Clusters
Rose quartz heart|160|Shapes
Rose quartz sphere|890|Shapes
Obsidian sphere|760|Shapes
Clear quartz point|210|Points
Smoky quartz point|240|Points
Amethyst point|195|Points
Selenite wand|130|Points
Shungite pyramid|275|Shapes
Fluorite octahedron|95|Shapes
Pyrite cube|145|Shapes
Lapis lazuli pendant|420|Jewellery
Malachite pendant|460|Jewellery
Tiger's eye bracelet|220|Jewellery
Lava bead bracelet|150|Jewellery
Moonstone ring, silver|780|Jewellery
Seven chakra set|290|Sets
Protection set of four|260|Sets
Full moon set|340|Sets
Beginner's pouch of ten|380|Sets
Raw black tourmaline, 1 kg|550|Raw
"""
_BOOKS = """
The Quiet Hour: meditations for tired people|245|Meditation
Indigenous Plants of the Cape and their uses|420|Herbs
Muthi in the Garden|310|Herbs
Reading the Bones|365|Traditions
Our Ancestors at the Table|285|Traditions
Astrology for Southern Skies|395|Astrology
The Southern Ephemeris, 2000 to 2050|590|Astrology
Transits in Plain Words|330|Astrology
Tarot, One Card a Day|260|Tarot
Seventy-eight Doors|345|Tarot
Grief Has Its Own Clock|235|Healing
Breath by Breath|220|Meditation
Psalms for the Night|180|Prayer
Prayers in Eleven Languages|275|Prayer
The Dream Notebook|150|Journals
Moon Journal|195|Journals
Gratitude Journal|165|Journals
Reiki: the first degree|290|Healing
Sound as Medicine|375|Healing
Children and Loss|240|Healing
Stones of Southern Africa|450|Crystals
The Little Book of Crystals|140|Crystals
Sleep Without Pills|265|Healing
Boundaries, Kindly|255|Healing
The Sangoma's Daughter|299|Traditions
"""
_TOOLS = """
Tibetan singing bowl, 12 cm|780|Sound
Tibetan singing bowl, 18 cm|1450|Sound
Crystal singing bowl in F|3900|Sound
Koshi chime, Aria|1150|Sound
Tuning fork 528 Hz|420|Sound
Frame drum, goatskin|1250|Sound
Rider-Waite tarot deck|480|Decks
Mother City oracle deck|520|Decks
African ancestors oracle deck|560|Decks
Velvet tarot bag|140|Decks
Reading cloth, indigo|260|Decks
Brass pendulum|190|Divination
Rose quartz pendulum|220|Divination
Throwing bones starter set|850|Divination
Smudge bowl, clay|240|Cleansing
Imphepho bundle|60|Cleansing
White sage bundle|120|Cleansing
Buchu smudge stick|95|Cleansing
Palo santo, six sticks|150|Cleansing
Charcoal discs, ten|45|Cleansing
Meditation cushion, shweshwe|650|Practice
Yoga mat, cork|890|Practice
Mala, 108 beads|340|Practice
Acupressure mat|720|Practice
Eye pillow, lavender|180|Practice
"""
_SUPPLEMENTS = """
Rooibos and buchu tea, 40 bags|85|Teas
Honeybush and ginger tea, 40 bags|85|Teas
Lion's ear evening tea|110|Teas
Sutherlandia capsules, 60|190|Capsules
Devil's claw capsules, 60|210|Capsules
African potato capsules, 60|175|Capsules
Moringa powder, 250 g|160|Powders
Baobab powder, 250 g|155|Powders
Sceletium tablets, 30|240|Capsules
Ashwagandha capsules, 60|260|Capsules
Magnesium glycinate, 90|295|Capsules
Rescue drops, 30 ml|145|Drops
Sleep drops, 50 ml|165|Drops
Pelargonium syrup, 100 ml|130|Drops
Aloe ferox gel, 500 ml|140|Drops
Marula oil, 50 ml|230|Oils
Cape chamomile oil, 10 ml|310|Oils
Lavender oil, 10 ml|120|Oils
"""
_OTHER = """
Beeswax candle, pair|120|Candles
Seven-day candle, white|95|Candles
Seven-day candle, purple|95|Candles
Soy candle, fynbos|210|Candles
Incense, Nag Champa|35|Incense
Incense, imphepho cones|55|Incense
Himalayan salt lamp|480|Home
Dream catcher, grass and beads|320|Home
Ndebele beaded talisman|280|Home
Gift card R 250|250|Gift cards
Gift card R 500|500|Gift cards
Gift box, First Steps|690|Gift boxes
"""

_SECTIONS = (
    ("CR", ProductType.CRYSTAL, _CRYSTALS, "Each stone is a little different; sourced with papers from its mine."),
    ("BK", ProductType.BOOK, _BOOKS, "Paperback, kept in stock in our Woodstock store."),
    ("TL", ProductType.TOOL, _TOOLS, "Chosen and tested by practitioners of Avenrae."),
    ("SP", ProductType.SUPPLEMENT, _SUPPLEMENTS, "Small batches; please read the leaflet and ask your doctor."),
    ("OT", ProductType.OTHER, _OTHER, "Made by small workshops that we know by name."),
)


def wares() -> list[Ware]:
    """Return every product of the shop, by section."""
    found = []
    for code, kind, lines, blurb in _SECTIONS:
        for n, line in enumerate(lines.strip().splitlines(), 1):
            title, rand, category = line.split("|")
            found.append(Ware(f"AV-{code}-{n:03}", title, f"{title}. {blurb}", kind, category, int(rand) * 100))
    return found
