"""Every assumption about the simulated retailer's behaviour, in one place.

The figures below were calibrated once so that 250,000 customers with five years of history come close to the reference
scenario in the docs (see `reference.py`, which prints published and simulated sizes). They describe a population, not
one draw: they were compared over several seeds and sizes. Where the published figures contradict each other, the
audience sizes were kept rather than yearly revenue (see `reference.py`).

A retailer counts customers, not people: someone who buys as a guest with another address, or at the till without a
card, is counted twice. About 15 % more inactive customers are counted than there are inactive people, so fewer were
simulated: published and counted sizes should agree (`benchmark --audiences`).
"""

from __future__ import annotations

from dataclasses import dataclass

# ---- Time kept ----------------------------------------------------------------------------------------
HISTORY_DAYS = 1826  # orders: five years
RECENT_DAYS = 396  # web and e-mail events: thirteen months
LATE_DAYS = 2  # rows synced in the last days come in a second, late delivery

# ---- Population -------------------------------------------------------------------------------------
STAFF_SHARE, WHOLESALER_SHARE, TEST_SHARE = 0.004, 0.0003, 0.001
ANONYMOUS_VISITORS = 0.30  # browsers that are never identified, per known customer
MARKETPLACE_BUYERS = 0.36  # buyers known only by a marketplace's relay address, per known customer
WALK_IN_RECEIPTS = 0.25  # receipts without any identifier, per receipt of a known person


@dataclass(frozen=True)
class BuyerClass:
    """A latent class of the BG/NBD purchase process with lognormal spend.

    Orders come at a Poisson rate (per year) drawn from a gamma distribution with the given mean and shape;
    after every order the person drops out with a probability drawn from a beta distribution. `established`
    is the share that bought before the simulated history began.
    """

    name: str
    share: float
    rate: float
    rate_shape: float
    dropout_a: float
    dropout_b: float
    spend: float
    spend_sigma: float
    established: float
    basket: float
    open_mean: float
    consents: float
    account: float
    loyalty: float
    episodes: float


CLASSES = (
    BuyerClass("core", 0.208, 8.8, 25.0, 6.0, 189.0, 0.15, 0.12, 0.92, 1.19, 0.80, 0.985, 0.97, 0.90, 1.00),
    BuyerClass("slow", 0.014, 3.2, 7.0, 2.0, 32.0, 0.85, 0.30, 0.50, 1.35, 0.32, 0.80, 0.90, 0.50, 1.20),
    BuyerClass("regular", 0.085, 2.6, 2.5, 1.1, 3.6, -0.15, 0.35, 0.15, 0.65, 0.24, 0.72, 0.80, 0.40, 1.50),
    BuyerClass("casual", 0.375, 1.0, 1.0, 3.2, 1.1, -0.50, 0.40, 0.08, 0.35, 0.15, 0.60, 0.62, 0.16, 1.30),
    BuyerClass("lead", 0.318, 0.0, 1.0, 1.0, 1.0, -0.20, 0.40, 0.05, 0.50, 0.17, 0.85, 0.45, 0.05, 2.60),
)
CORE, SLOW, REGULAR, CASUAL, LEAD = range(5)

ACQUISITION_GROWTH = 6.00  # ratio of new people per day at the end to the start, minus one
BURN_IN_DAYS = 60.0  # established customers show their first order within weeks of the history's start

# Month factors of demand, January first; weekday factors, Monday first.
MONTHS = (0.95, 0.86, 0.94, 0.96, 1.00, 1.02, 1.00, 0.90, 0.96, 1.00, 1.20, 1.24)
WEEKDAYS = (0.95, 0.92, 0.95, 1.0, 1.08, 1.12, 0.98)

# ---- Channels -----------------------------------------------------------------------------------------
STORE_SHARE = 0.19  # mean over people of a beta distribution
STORE_CONCENTRATION = 2.2
MARKETPLACE_RATE = 0.30  # orders per year of a marketplace buyer
KNOWN_MARKETPLACE_BUYERS = 0.30  # share of them who are also known elsewhere (which the data do not show)

# ---- Price sensitivity: latent classes ------------------------------------------------------------------
# name, share, probability of a promoted order, response to an offer
PRICE_CLASSES = (("discount_lover", 0.27, 0.80, 2.0), ("mixed", 0.45, 0.28, 1.0), ("full_price", 0.28, 0.04, 0.25))
SALE_SEASONS = ((11, 20, 11, 30, 0.20), (12, 26, 12, 31, 0.25), (1, 1, 1, 18, 0.20), (6, 24, 7, 14, 0.15))
CODE_DEPTHS = (0.10, 0.15, 0.20, 0.25)
MARKDOWN_SHARE = 0.04  # share of lines with their own mark-down

# ---- After the sale -----------------------------------------------------------------------------------
CANCELLED_SHARE, PENDING_SHARE, VOIDED_SHARE, TRAINING_SHARE = 0.014, 0.006, 0.010, 0.002
LATE_DELIVERY = 0.07
GIFT_CARD_SHARE = 0.012
SERIAL_RETURNERS = 0.04
SERIAL_FACTOR = 3.5
TICKET_IF_LATE, TICKET_IF_RETURN, TICKET_ELSE = 0.30, 0.08, 0.010
GOODWILL_IF_LATE = 0.05
NPS_SHARE, CSAT_SHARE, REVIEW_SHARE = 0.030, 0.030, 0.025

# ---- E-mail and web -----------------------------------------------------------------------------------
NEWSLETTER_EVERY = 14  # days
OPEN_CONCENTRATION = 5.0
CLICK_GIVEN_OPEN = 0.20
APPLE_SHARE, MACHINE_OPEN = 0.42, 0.90
DORMANT_OPEN = 0.33  # factor on the open rate of people who have dropped out
LEAD_INTEREST_DAYS = 420.0
UNSUBSCRIBE_PER_YEAR = 0.020
HARD_BOUNCE, SPAM_COMPLAINT = 0.022, 0.003
EPISODE_DAYS = 40.0  # mean length of an episode of interest, exponential
EPISODE_SESSIONS = 11.5  # sessions per 30 days of an episode
BACKGROUND_SESSIONS = 1.3  # sessions per year outside episodes
CART_PER_SESSION = 0.24
DORMANT_BROWSING = 0.45

# ---- Campaigns ----------------------------------------------------------------------------------------
TARGETED_CAMPAIGNS = 26
HOLDOUT_SHARES = (0.10, 0.20)

# ---- Money --------------------------------------------------------------------------------------------
CURRENCIES = ("GBP", "EUR", "USD")
PRICE_FACTOR = (1.0, 1.18, 1.10)  # list price in each currency relative to the price in GBP
REPORTING_RATE = (1.0, 0.85, 0.78)  # GBP for one unit, for amounts in the ground truth
TAX_RATE = (0.20, 0.21, 0.07)  # USD prices exclude tax
SHIPPING_CENTS, FREE_SHIPPING_FROM = 495, 5000
COST_INFLATION, PRICE_INFLATION = 0.035, 0.025  # per year
