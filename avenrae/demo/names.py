"""Names of the demo world's people, in the mix one meets in South Africa."""

Pool = tuple[str, str, str]

_POOLS: tuple[tuple[int, Pool], ...] = (
    (
        24,
        (
            "Nomvula Thandeka Zanele Nokuthula Ntombi Lindiwe Sibongile Nonhlanhla Busisiwe Thandiwe Hlengiwe Zandile",
            "Sipho Themba Bongani Mandla Sibusiso Nkosinathi Thulani Mthokozisi Lungelo Siyabonga Vusi Jabulani",
            "Dlamini Khumalo Mkhize Ndlovu Zulu Cele Buthelezi Ngcobo Mthembu Zungu Shabalala Gumede Hadebe Mhlongo",
        ),
    ),
    (
        16,
        (
            "Nomfundo Unathi Nosipho Babalwa Ntombizodwa Siphokazi Zukiswa Pumla Nolwazi Yonela Vuyokazi",
            "Loyiso Mzwandile Luthando Xolani Ayanda Mcebisi Sandile Siyamthanda Bulelani Thembinkosi Khaya",
            "Mbeki Sobukwe Mqhayi Gqirana Ntshinga Mabandla Qunta Jordan Nqakula Sigcau Tshabalala Mfeketo Bhengu",
        ),
    ),
    (
        14,
        (
            "Lerato Palesa Mpho Refilwe Dineo Boitumelo Kgomotso Keneilwe Naledi Tshepiso Masego Puleng",
            "Thabo Tshepo Kagiso Lebohang Katlego Tumelo Karabo Neo Teboho Thapelo Mosa Pitso",
            "Mokoena Molefe Mofokeng Motaung Mohlala Sello Tau Phiri Letsie Moloi Maseko Nthane Ramaphosa Sekgobela",
        ),
    ),
    (
        14,
        (
            "Annelie Marié Elzabé Riana Zelda Chantelle Anél Lizé Ilse Hanlie Karlien Renée",
            "Pieter Johan Hendrik Danie François Gerhard Kobus André Stéfan Riaan Hennie Wilhelm",
            "van~der~Merwe Botha Pretorius van~Wyk Steyn du~Plessis Fourié Coetzee Nel Labuschagné Cronjé Kruger",
        ),
    ),
    (
        14,
        (
            "Emma Catherine Megan Claire Robyn Nicola Zoë Bronwyn Tessa Hayley Chloë Samantha",
            "Michael Andrew Craig Gareth Simon Duncan Bruce Stuart Graham Neil Rhys Matthew",
            "Smith Campbell Walker Robertson Hughes O'Connor MacKenzie Fletcher Barnard Gibson Brontë Turner Whitfield",
        ),
    ),
    (
        10,
        (
            "Priya Anisha Kavitha Shanthi Nirvana Reshma Thilani Devika Saras Yashika",
            "Rajesh Vikesh Kumaran Sanjay Pravin Dhiren Nishal Kogilan Anand Ravi",
            "Naidoo Pillay Govender Reddy Chetty Maharaj Moodley Padayachee Singh Naicker Ramsamy",
        ),
    ),
    (
        8,
        (
            "Fatima Nazeema Shireen Aaliyah Gadija Rugaya Mariam Zainab Ayesha Tasneem",
            "Yusuf Ebrahim Riyaad Moegamat Ashraf Faizel Igshaan Tariq Shaheed Nazeem",
            "Davids Adams Abrahams Isaacs Jacobs Salie Hendricks Parker Kamaldien Allie Gamiet",
        ),
    ),
)

ABROAD: dict[str, tuple[tuple[str, str], ...]] = {
    "NA": (("Ndapewa", "Shikongo"), ("Hilma", "Nangolo")),
    "BW": (("Onalenna", "Kgosi"), ("Goitseone", "Molosiwa")),
    "MZ": (("Graça", "Macuácua"), ("Inês", "Sitoe")),
    "ZW": (("Rutendo", "Chikowore"),),
    "KE": (("Wanjikũ", "Kamau"), ("Achieng", "Otieno")),
    "NG": (("Adébáyọ̀", "Ọláwálé"), ("Chiamaka", "Okonkwo")),
    "GB": (("Siân", "Llewellyn"), ("Imogen", "Fairweather"), ("Oluwaseun", "Bakare")),
    "PT": (("João", "Conceição"), ("Mafalda", "Magalhães")),
    "NL": (("Anouk", "de Graaf"), ("Joëlle", "van den Berg")),
}
"""Names of practitioners abroad, by country."""


def _split(words: str) -> list[str]:
    return [word.replace("~", " ") for word in words.split()]


WOMEN = [_split(pool[0]) for _, pool in _POOLS]
MEN = [_split(pool[1]) for _, pool in _POOLS]
SURNAMES = [_split(pool[2]) for _, pool in _POOLS]
WEIGHTS = [weight for weight, _ in _POOLS]
"""How often each pool is drawn from."""

HOME_LANGUAGES = ("isiZulu", "isiXhosa", "Sesotho", "Afrikaans", "English", "English", "Afrikaans")
"""The language of each pool."""
