"""The population: latent traits, contact data, and each person's profiles in every system."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.demo.simulator.arrays import (  # fmt: skip
    DAY,
    NULL,
    Bools,
    Floats,
    Ints,
    Streams,
    choose,
    day_number,
    join,
    lag,
    only,
    padded,
    pick,
    text,
    to_utc,
)
from scripts.demo.simulator.identity_edge_cases import PLACEHOLDER, EdgeCases, no_edge_cases, record_people, respelled
from scripts.demo.simulator.landing import Landing
from scripts.demo.simulator.model import (  # fmt: skip
    ACQUISITION_GROWTH,
    APPLE_SHARE,
    BURN_IN_DAYS,
    CLASSES,
    CORE,
    HISTORY_DAYS,
    LEAD,
    LEAD_INTEREST_DAYS,
    OPEN_CONCENTRATION,
    PRICE_CLASSES,
    SERIAL_FACTOR,
    SERIAL_RETURNERS,
    STAFF_SHARE,
    STORE_CONCENTRATION,
    STORE_SHARE,
    TEST_SHARE,
    UNSUBSCRIBE_PER_YEAR,
    WHOLESALER_SHARE,
)

PERSON, STAFF, WHOLESALER, TEST = range(4)
KINDS = ("person", "staff", "wholesaler", "test")
# Only domains reserved for documentation, so no address belongs to anyone.
DOMAINS = ("mail.example.com", "post.example.com", "inbox.example.org", "letters.example.org", "home.example.net")
FIRST = (
    "Ada", "Amir", "Amelia", "Anton", "Beatrice", "Ben", "Callum", "Chloe", "Clara", "Colm", "Dara", "David", "Edith",
    "Eilidh", "Elena", "Emma", "Ewan", "Farah", "Finn", "Freya", "George", "Grace", "Hannah", "Harriet", "Hugo",
    "Imogen", "Isla", "Ivan", "Jack", "Jaya", "Joan", "Jonas", "Kate", "Kofi", "Lena", "Leo", "Lily", "Louis",
    "Lucia", "Maeve", "Mara", "Marcus", "Mila", "Mohan", "Nadia", "Nina", "Noah", "Nora", "Olga", "Oliver", "Oona",
    "Owen", "Petra", "Priya", "Rafael", "Rosa", "Ruth", "Samir", "Sara", "Seán", "Silas", "Sofia", "Stella", "Tariq",
    "Tess", "Theo", "Thea", "Tom", "Uma", "Vera", "Viktor", "Wanda", "Will", "Yara", "Zara", "Zoë",
)  # fmt: skip
LAST = (
    "Abbot", "Ainsley", "Archer", "Ashdown", "Atkin", "Barlow", "Beckett", "Birch", "Blythe", "Bray", "Brook",
    "Cairns", "Calder", "Carver", "Clay", "Cole", "Corrigan", "Crane", "Dale", "Darby", "Dean", "Drake", "Duffy",
    "Eames", "Eaton", "Ellery", "Farrow", "Fenn", "Finch", "Flynn", "Ford", "Fox", "Frost", "Gale", "Garner", "Gill",
    "Grove", "Hale", "Hardy", "Harper", "Hart", "Hayes", "Heath", "Hobbs", "Holt", "Howe", "Hurst", "Ingram",
    "Jarvis", "Kane", "Keats", "Kerr", "Lacey", "Lamb", "Lane", "Larkin", "Lowe", "Lund", "Marsh", "Mercer", "Miles",
    "Moss", "Munro", "Nash", "Noble", "Oakes", "O'Dell", "Ogden", "Orr", "Paige", "Park", "Pike", "Pope", "Quill",
    "Quinn", "Rae", "Reid", "Rigby", "Rowe", "Sage", "Sands", "Shaw", "Slate", "Snow", "Stone", "Swift", "Tate",
    "Thorne", "Tully", "Vale", "Vance", "Ward", "Webb", "Wells", "West", "Wilde", "Wren", "Yardley", "Yates", "York",
)  # fmt: skip
# city, region, postcode area, country, weight
PLACES: tuple[tuple[str, str, str, str, float], ...] = (
    ("London", "London", "N1", "GB", 17), ("Manchester", "North West", "M1", "GB", 9),
    ("Birmingham", "West Midlands", "B3", "GB", 8), ("Leeds", "Yorkshire", "LS1", "GB", 7),
    ("Glasgow", "Scotland", "G2", "GB", 6), ("Edinburgh", "Scotland", "EH3", "GB", 4),
    ("Cardiff", "Wales", "CF10", "GB", 4), ("Bristol", "South West", "BS1", "GB", 6),
    ("Newcastle", "North East", "NE1", "GB", 4), ("Nottingham", "East Midlands", "NG1", "GB", 5),
    ("Norwich", "East of England", "NR2", "GB", 5), ("Brighton", "South East", "BN1", "GB", 8),
    ("Belfast", "Northern Ireland", "BT1", "GB", 3), ("Liverpool", "North West", "L1", "GB", 5),
    ("Dublin", "Leinster", "D02", "IE", 2.6), ("Cork", "Munster", "T12", "IE", 0.9),
    ("Berlin", "Berlin", "10115", "DE", 1.6), ("Hamburg", "Hamburg", "20095", "DE", 1.0),
    ("Paris", "Île-de-France", "75001", "FR", 1.4), ("Boston", "Massachusetts", "02108", "US", 1.2),
    ("Seattle", "Washington", "98101", "US", 1.0),
)  # fmt: skip
CITY = [row[0] for row in PLACES]
REGION = [row[1] for row in PLACES]
POSTCODE = [row[2] for row in PLACES]
COUNTRY = [row[3] for row in PLACES]
STREETS = ("Mill Lane", "Station Road", "Church Street", "Elm Row")
CURRENCY_OF = np.array([{"GB": 0, "US": 2}.get(c, 1) for c in COUNTRY])
LANGUAGE = [{"GB": "en", "IE": "en", "US": "en", "DE": "de", "FR": "fr"}[c] for c in COUNTRY]


@dataclass
class People:
    """Known people (buyers and leads) as arrays; a person's number is their position."""

    n: int
    start: int  # first day of the history, days since 1970
    end: int  # last day
    klass: Ints
    kind: Ints
    acquired: Ints  # day of the first order, or on which a lead became known
    established: Bools
    rate: Floats
    dropout: Floats
    spend: Floats
    basket: Floats
    price_class: Ints
    store_share: Floats
    return_factor: Floats
    open_rate: Floats
    sms_rate: Floats
    apple: Bools
    interest_end: Ints
    first: Ints
    last: Ints
    place: Ints
    birth: Ints
    gender: Ints
    email: pa.Array
    email2: pa.Array
    phone: Ints  # synthetic subscriber digits; NULL when not known
    has_email: Bools
    shop: Ints  # shop account id; NULL when none
    shop2: Ints
    loyalty: Ints
    joined: Ints
    crm: Ints
    klaviyo: Ints
    opened: Ints  # second at which the person became known
    consent_at: Ints
    optout_at: Ints
    sms_consent: Bools
    last_active: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # second; set after the orders
    edge_cases: EdgeCases = field(default_factory=lambda: no_edge_cases(0))

    def first_name(self, who: Ints) -> pa.Array:
        return pick(FIRST, self.first[who])

    def last_name(self, who: Ints) -> pa.Array:
        return pick(LAST, self.last[who])

    def currency(self, who: Ints) -> Ints:
        return CURRENCY_OF[self.place[who]]

    def zip(self, who: Ints) -> pa.Array:
        """A postcode in the right format; the inward part is invented."""
        home = self.edge_cases.home[who]
        inward = join(text(home * 7 % 9 + 1), pick(["AA", "BX", "ZZ", "QE", "HD", "JT"], home % 6))
        area = pick(POSTCODE, self.place[who])
        return choose(CURRENCY_OF[self.place[who]] == 0, join(area, inward, sep=" "), area)

    def loyalty_number(self, who: Ints) -> pa.Array:
        return only(self.loyalty[who] != NULL, join("L", padded(np.abs(self.loyalty[who]) % 10**8, 8)))

    def klaviyo_id(self, who: Ints) -> pa.Array:
        return join("KL", padded(np.abs(self.klaviyo[who]) % 10**9, 9))

    def customer_number(self, who: Ints) -> pa.Array:
        return only(self.crm[who] != NULL, join("C", padded(np.abs(self.crm[who]) % 10**7, 7)))

    def opted_in(self, who: Ints, when: Ints | int) -> Bools:
        """Whether these people's e-mail consent was valid at that second."""
        return (self.consent_at[who] != NULL) & (self.consent_at[who] <= when) & (self.optout_at[who] > when)

    def engaged(self, who: Ints, when: Ints | int) -> Bools:
        """Whether they have not dropped out (buyers) or are still interested (leads)."""
        return np.where(self.klass[who] == LEAD, self.interest_end[who] * DAY, self.last_active[who]) >= when

    def email_typed(self, who: Ints, rng: np.random.Generator, rate: float = 0.06) -> pa.Array:
        """The address as typed: different case or stray spaces, and sometimes a misspelt domain."""
        plain = self.email.take(pa.array(who))
        luck = rng.random(len(who))
        out = choose(luck < rate * 0.6, pc.utf8_capitalize(plain), plain)
        out = choose((luck >= rate * 0.6) & (luck < rate * 0.8), pc.utf8_upper(plain), out)
        out = choose((luck >= rate * 0.8) & (luck < rate * 0.93), join(" ", plain, " "), out)
        typo = pc.replace_substring(plain, "example", "exmaple.example")
        return choose((luck >= rate * 0.93) & (luck < rate), typo, out)

    def phone_typed(self, who: Ints, rng: np.random.Generator, at: Ints, form: bool = False) -> pa.Array:
        """The number that they had at those seconds, in one of the formats people use.

        UK numbers are +44 7700 9 and seven digits: Ofcom's fictional range with two extra digits, so that there are
        enough of them and none can be dialled. US numbers are +1 555 01 and seven digits. On a `form` that requires a
        number, some people enter its example.
        """
        edge_cases = self.edge_cases
        digits = np.where(at < edge_cases.phone_changed_at[who], edge_cases.phone_before[who], self.phone[who])
        if form:
            digits = np.where(edge_cases.placeholder[who], PLACEHOLDER, digits)
        number = padded(np.abs(digits) % 10**7, 7)
        style = rng.integers(0, 12, len(who))
        plain = join("07700 9", number)
        out = choose(style < 5, join("+4477009", number), plain)
        out = choose((style >= 5) & (style < 8), join("077009", number), out)
        out = choose(style == 8, join("+44 7700 9", number), out)
        out = choose(style == 9, join("00447700 9", number), out)
        out = choose(self.currency(who) == 2, join("+1 555 01", number), out)
        return only(digits != NULL, out)


def _ids(rng: np.random.Generator, base: int, has: Bools) -> Ints:
    """Ids in random order, unrelated to the person's number."""
    ids = np.full(len(has), NULL)
    ids[has] = base + rng.permutation(int(has.sum()))
    return ids


def make_people(n: int, end: date, streams: Streams) -> People:
    """Draw all people's traits: purchase process, spend, price sensitivity, engagement, contact data, profiles."""
    rng = streams("people")
    last_day = day_number(end)
    start = last_day - HISTORY_DAYS + 1
    klass = rng.choice(len(CLASSES), n, p=np.array([c.share for c in CLASSES]) / sum(c.share for c in CLASSES))

    def of(name: str) -> Any:
        return np.array([getattr(c, name) for c in CLASSES])[klass]

    kinds = np.array([1 - STAFF_SHARE - WHOLESALER_SHARE - TEST_SHARE, STAFF_SHARE, WHOLESALER_SHARE, TEST_SHARE])
    kind = rng.choice(4, n, p=kinds)
    klass = np.where((kind != PERSON) & (klass == LEAD), 2, klass)
    established = rng.random(n) < of("established")
    # Growth: density of acquisitions rises linearly over the history.
    u, g = rng.random(n), ACQUISITION_GROWTH
    position = (np.sqrt(1 + u * ((1 + g) ** 2 - 1)) - 1) / g
    acquired = start + np.floor(position * HISTORY_DAYS).astype(np.int64)
    burn_in = np.minimum(rng.exponential(BURN_IN_DAYS, n), HISTORY_DAYS - 1).astype(np.int64)
    acquired = np.where(established, start + burn_in, acquired)
    shape = of("rate_shape")
    rate = rng.gamma(shape) / shape * of("rate")
    rate = np.where(kind == WHOLESALER, np.maximum(rate, 4.0), rate)
    dropout = rng.beta(of("dropout_a"), of("dropout_b"))
    spend = of("spend") + rng.normal(0, 1, n) * of("spend_sigma")
    price_class = rng.choice(len(PRICE_CLASSES), n, p=[c[1] for c in PRICE_CLASSES])
    store = rng.beta(STORE_SHARE * STORE_CONCENTRATION, (1 - STORE_SHARE) * STORE_CONCENTRATION, n)
    mean = of("open_mean")
    open_rate = rng.beta(mean * OPEN_CONCENTRATION, (1 - mean) * OPEN_CONCENTRATION)
    has_email = rng.random(n) < np.where(klass == LEAD, 0.985, 0.93)
    place = rng.choice(len(PLACES), n, p=np.array([row[4] for row in PLACES]) / sum(row[4] for row in PLACES))
    first, last = rng.integers(0, len(FIRST), n), rng.integers(0, len(LAST), n)
    number = rng.permutation(n) + 10
    ascii_first = [w.replace("á", "a").replace("ë", "e").lower() for w in FIRST]
    ascii_last = [w.replace("'", "").lower() for w in LAST]
    local = join(pick(ascii_first, first), ".", pick(ascii_last, last), text(number))
    email = join(local, "@", pick(DOMAINS, rng.integers(0, len(DOMAINS), n)))
    email2 = join(pick(ascii_last, last), text(number), "@work.example.com")
    has_phone = rng.random(n) < np.where(klass == LEAD, 0.25, 0.62)
    phone = np.where(has_phone & ((CURRENCY_OF[place] == 0) | (CURRENCY_OF[place] == 2)), rng.permutation(n), NULL)
    # Families: some people give the phone number of the previous person.
    family = (rng.random(n) < 0.02) & (np.arange(n) > 0)
    family &= phone[np.arange(n) - 1] != NULL
    family[1:] &= ~family[:-1]
    phone = np.where(family, phone[np.arange(n) - 1], phone)
    last = np.where(family, last[np.arange(n) - 1], last)
    has_account = (rng.random(n) < of("account")) & has_email
    member = rng.random(n) < of("loyalty")
    has_crm = rng.random(n) < np.where(klass == LEAD, 0.25, np.where(klass < 3, 0.80, 0.45))
    has_crm |= kind != PERSON
    # A person without an address must be known by some other identifier.
    member |= ~has_email & (phone == NULL) & ~has_account
    has_klaviyo = has_email & (rng.random(n) < np.where((klass == LEAD) | (klass == CORE), 0.97, 0.88))
    second_of_day = rng.integers(8 * 3600, 23 * 3600, n)
    opened = to_utc(acquired * DAY + second_of_day)
    opened = np.where(established, opened - rng.integers(30, 1500, n) * DAY, opened)
    consents = has_klaviyo & (rng.random(n) < of("consents"))
    consent_at = np.where(consents, opened + (rng.exponential(3, n) * DAY).astype(np.int64), NULL)
    leaves = rng.exponential(1 / UNSUBSCRIBE_PER_YEAR, n) * 365 * DAY
    optout_at = np.where(consents, np.maximum(opened, start * DAY) + leaves.astype(np.int64), NULL)
    joined = np.where(klass == LEAD, opened, opened + (rng.exponential(25, n) * DAY).astype(np.int64))
    years = rng.normal(0, 14, n).clip(-45, 27)
    birth = day_number(date(1980, 6, 1)) + (years * 365).astype(np.int64)
    return People(
        n=n, start=start, end=last_day, klass=klass, kind=kind, acquired=acquired, established=established, rate=rate,
        dropout=dropout, spend=spend, basket=of("basket"), price_class=price_class, store_share=store,
        return_factor=np.where(rng.random(n) < SERIAL_RETURNERS, SERIAL_FACTOR, 0.85), open_rate=open_rate,
        sms_rate=rng.beta(1.2, 12, n), apple=rng.random(n) < APPLE_SHARE,
        interest_end=acquired + rng.exponential(LEAD_INTEREST_DAYS, n).astype(np.int64), first=first, last=last,
        place=place, birth=birth,
        gender=rng.choice(4, n, p=[0.52, 0.36, 0.02, 0.10]), email=only(has_email, email), email2=email2, phone=phone,
        has_email=has_email, shop=_ids(rng, 600_000_000, has_account),
        shop2=_ids(rng, 650_000_000, has_account & (rng.random(n) < 0.025)), loyalty=_ids(rng, 2_000_000, member),
        joined=joined, crm=_ids(rng, 400_000, has_crm), klaviyo=_ids(rng, 5_000_000, has_klaviyo), opened=opened,
        consent_at=consent_at, optout_at=optout_at,
        sms_consent=(phone != NULL) & (rng.random(n) < np.where(klass == LEAD, 0.3, 0.45)),
    )  # fmt: skip


def record_addresses(landing: Landing, system: str, people: People, who: Ints) -> None:
    """Ground truth of profiles that consist of an address only; a couple's shared address belongs to neither."""
    ours = people.edge_cases.shares_email[who]
    landing.record_owners(system, people.email.take(pa.array(who[~ours])), who[~ours])
    shared = pc.unique(people.email.take(pa.array(who[ours])))
    landing.record_owners(system, shared, np.full(len(shared), -1), "address of a couple, either")


def write_people(landing: Landing, people: People) -> None:
    """Write shop accounts, CRM profiles, sending-tool profiles, and their owners."""
    rng = landing.streams("people files")
    _write_shop_accounts(landing, people, rng)
    _write_crm(landing, people, rng)
    _write_klaviyo(landing, people, rng)
    everyone = np.arange(people.n)
    landing.add_truth("people", {
        "person_id": everyone, "buyer_class": pick([c.name for c in CLASSES], people.klass),
        "customer_type": pick(KINDS, people.kind),
        "price_class": pick([c[0] for c in PRICE_CLASSES], people.price_class),
        "first_known_at": pa.array(people.opened).cast(pa.timestamp("s")), "purchase_rate_per_year": people.rate,
        "dropout_probability": people.dropout,
        # The last order of buyers who have dropped out; null while they have not.
        "dropped_out_at": pa.array(
            people.last_active, mask=people.last_active >= (people.end + 1) * DAY
        ).cast(pa.timestamp("s")),
        "spend_level": people.spend, "store_share": people.store_share,
        "return_factor": people.return_factor, "email_open_rate": people.open_rate, "sms_click_rate": people.sms_rate,
        "uses_machine_opens": people.apple, "has_email_consent": people.opted_in(everyone, (people.end + 1) * DAY),
    })  # fmt: skip


def _write_shop_accounts(landing: Landing, people: People, rng: np.random.Generator) -> None:
    """Write one row per account and version; a few people have two accounts, a few change their address."""
    one, two = np.flatnonzero(people.shop != NULL), np.flatnonzero(people.shop2 != NULL)
    moved = one[rng.random(len(one)) < 0.03]
    who = np.r_[one, two, moved]
    account = np.r_[people.shop[one], people.shop2[two], people.shop[moved]]
    version = np.r_[np.zeros(len(one), int), np.full(len(two), 1), np.full(len(moved), 2)]
    opened = people.opened[who] + np.where(version == 1, rng.integers(10, 700, len(who)) * DAY, 0)
    now = (people.end + 1) * DAY
    changed = opened + ((now - opened) * rng.beta(3, 1, len(who))).astype(np.int64)
    updated = np.where(version == 2, changed, opened)
    email = choose(version >= 1, people.email2.take(pa.array(who)), people.email_typed(who, rng))
    email = choose(people.edge_cases.spelled[who], people.email.take(pa.array(who)), email)
    shows_phone = rng.random(len(who)) < 0.6
    phone = people.phone_typed(who, rng, updated, form=True)
    state = rng.choice(3, len(who), p=[0.9, 0.02, 0.08])
    known = updated + lag(rng, len(who))
    # People with a new phone number report it some time later.
    new, when = _new_numbers(landing, people, people.shop != NULL)
    row = np.r_[np.arange(len(who)), np.searchsorted(one, new)]
    who, account, opened, state, email = who[row], account[row], opened[row], state[row], email.take(pa.array(row))
    updated, known, shows_phone = np.r_[updated, when], np.r_[known, when + 900], np.r_[shows_phone, when > 0]
    phone = pa.concat_arrays([phone, people.phone_typed(new, landing.streams("new numbers"), when)])
    phone = only(shows_phone, phone)
    agrees = people.consent_at[who] != NULL
    landing.write("shopify", "customer", known, lambda r: {
        "id": account[r], "first_name": people.first_name(who[r]), "last_name": people.last_name(who[r]),
        "email": email.take(pa.array(r)), "phone": phone.take(pa.array(r)),
        "state": pick(["enabled", "disabled", "invited"], state[r]), "created_at": opened[r],
        "updated_at": updated[r], "accepts_marketing": agrees[r],
        "verified_email": state[r] == 0,
    })  # fmt: skip
    landing.record_owners("shopify", people.shop[one], one)
    landing.record_owners("shopify", people.shop2[two], two, "second account, other address")
    record_people(landing, "moved_address", moved, np.arange(len(moved)))


def _new_numbers(landing: Landing, people: People, has: Bools) -> tuple[Ints, Ints]:
    """People of `has`, in order, whose phone number changed, and the seconds at which they report it."""
    who = np.flatnonzero(has & (people.edge_cases.phone_before != NULL))
    late = landing.streams("new numbers told").integers(2 * DAY, 40 * DAY, people.n)
    return who, people.edge_cases.phone_changed_at[who] + late[who]


def _write_crm(landing: Landing, people: People, rng: np.random.Generator) -> None:
    """Write CRM profiles: the only source of demographics, and the link between till, card and shop."""
    base = np.flatnonzero(people.crm != NULL)
    again = base[rng.random(len(base)) < 0.08]
    who = np.r_[base, again]
    version = np.r_[np.zeros(len(base), int), np.ones(len(again), int)]
    opened = people.opened[who] + (rng.exponential(10, len(who)) * DAY).astype(np.int64)
    now = (people.end + 1) * DAY
    updated = np.where(version == 1, opened + ((now - opened) * rng.random(len(who))).astype(np.int64), opened)
    luck = rng.random((6, len(who)))
    email, phone = people.email_typed(who, rng, 0.10), people.phone_typed(who, rng, updated, form=True)
    kind = np.where(people.kind[who] == PERSON, np.where(luck[5] < 0.8, 0, -1), people.kind[who])
    kind_words: list[str | None] = [*KINDS, None]
    moved = np.where(version == 1, (people.place[who] + 1) % 14, people.place[who])
    place = np.where(CURRENCY_OF[people.place[who]] == 0, moved, people.place[who])
    known = updated + lag(rng, len(who), 300)
    new, when = _new_numbers(landing, people, people.crm != NULL)
    row = np.r_[np.arange(len(who)), np.searchsorted(base, new)]
    who, opened, email, kind, place = who[row], opened[row], email.take(pa.array(row)), kind[row], place[row]
    updated, known, luck = np.r_[updated, when], np.r_[known, when + 900], luck[:, row]
    # People with a recycled number always show it here.
    luck[3, people.edge_cases.recycles[who]] = 0.0
    phone = pa.concat_arrays([phone, people.phone_typed(new, landing.streams("new numbers"), when)])
    home, wrong = people.edge_cases.home[who], people.edge_cases.wrong_card[who]
    card = choose(wrong >= 0, people.loyalty_number(wrong), only(luck[1] < 0.8, people.loyalty_number(who)))
    landing.write("crm", "profile", known, lambda r: {
        "profile_id": join("CRM-", text(people.crm[who[r]])), "customer_number": people.customer_number(who[r]),
        "shopify_customer_id": only(luck[0][r] < 0.6, text(people.shop[who[r]])),
        "loyalty_number": card.take(pa.array(r)),
        "email": only(luck[2][r] < 0.85, email.take(pa.array(r))),
        "phone": only(luck[3][r] < 0.75, phone.take(pa.array(r))),
        "first_name": people.first_name(who[r]), "last_name": people.last_name(who[r]),
        "birth_date": np.where(luck[4][r] < 0.65, people.birth[who[r]], NULL),
        "gender": pick(["female", "male", "other", None], people.gender[who[r]]),
        "street": join(text(home[r] % 180 + 1), " ", pick(STREETS, home[r] % 4)),
        "postcode": people.zip(who[r]), "city": pick(CITY, place[r]), "region": pick(REGION, place[r]),
        "country_code": pick(COUNTRY, place[r]), "language": pick(LANGUAGE, place[r]),
        "household_id": only(who[r] % 9 == 0, join("H", padded(who[r] // 2, 7))),
        "customer_type": pick(kind_words, np.where(kind[r] < 0, 4, kind[r])), "created_at": opened[r],
        "updated_at": updated[r],
    })  # fmt: skip
    landing.record_owners("crm", join("CRM-", text(people.crm[base])), base)


def _write_klaviyo(landing: Landing, people: People, rng: np.random.Generator) -> None:
    """Write profiles of the sending tool."""
    who = np.flatnonzero(people.klaviyo != NULL)
    email, phone = people.email_typed(who, rng, 0.03), people.phone_typed(who, rng, people.opened[who])
    email = choose(people.edge_cases.spelled[who], respelled(people.email.take(pa.array(who)), who), email)
    named, deleted = rng.random(len(who)) < 0.8, rng.random(len(who)) < 0.004
    known = people.opened[who] + lag(rng, len(who), 60)
    landing.write("klaviyo", "person", known, lambda r: {
        "id": people.klaviyo_id(who[r]), "email": email.take(pa.array(r)),
        "phone_number": only(people.sms_consent[who[r]], phone.take(pa.array(r))),
        "first_name": only(named[r], people.first_name(who[r])), "last_name": only(named[r], people.last_name(who[r])),
        "city": pick(CITY, people.place[who[r]]), "region": pick(REGION, people.place[who[r]]),
        "country": pick(COUNTRY, people.place[who[r]]), "zip": people.zip(who[r]), "created": people.opened[who[r]],
        "updated": people.opened[who[r]], "_fivetran_deleted": deleted[r],
    })  # fmt: skip
    landing.record_owners("klaviyo", people.klaviyo_id(who), who)
