"""Every macro that yields an expression, rendered by dbt and evaluated by DuckDB on a case calculated by hand."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scripts.platform.dbt import rendered
from scripts.platform.warehouse import open_memory
from scripts.platform.workspace import PROJECT


class Case(NamedTuple):
    """A call, the rows that it is evaluated on (what follows `from`), and the value or values of rows or columns."""

    call: str
    rows: str
    expected: Any


ONE = "(select 1 as one)"
CONTRACT = "{'config': {'meta': {'known_at': 'updated_at'}}}"
# Of events whose connector delivers, besides the declared time, one in seconds.
EVENT_CONTRACT = """{'config': {'meta': {'known_at': 'updated_at'}},
    'columns': {'datetime': {'data_type': 'timestamp'}, 'updated_at': {'data_type': 'timestamp'}}}"""
TERMS = "(select 'log' as scale, 1.0 as winsor_low, 8.0 as winsor_high, 0.5 as missing_value, ln(4) as centre,"
TERMS += " ln(2) as spread, 'slope' as term_kind, 3.0 as coefficient, 0.25 as knot) as terms"
FEATURE = """{'feature': 'spend', 'winsor_low': '1', 'winsor_high': '8', 'scale': 'plain', 'missing_value': '0.5',
    'feature_mean': '3', 'feature_spread': '2'}"""
ANN = "(select 'ann' as first_letters, 'ann' as first_names, 'smith' as last_name_key) as person"
MONEY_SETS = (
    """(values ('{"shop_money":{"amount":"100.00","currency_code":"GBP"},"presentment_money":{"amount":"117.00","""
    """"currency_code":"EUR"}}'), ('{"presentment_money": {"currency_code": "usd", "amount": 3.5}, "shop_money": """
    """{"currency_code": "GBP", "amount": 3}}'), ('{"shop_money":{"amount":"9.00"}}'), (null)) as sets(given)"""
)
VISITS = (
    "(values (date '2026-06-30', 2), (date '2026-06-02', 3), (date '2026-05-01', 5)) as visits(activity_date, visits)"
)

CASES = (
    # Significance
    Case("two_sided_p_value('1.959964')", ONE, pytest.approx(0.05, abs=1e-6)),
    Case("corrected_z_score('10', '6.5', '4')", ONE, pytest.approx(1.5)),
    Case(
        "significant_by_benjamini_hochberg('p', 'n', '4')",
        # The third is below its own threshold, so the second, which is not below its own, is significant too.
        "(values (0.01, 1), (0.03, 2), (0.035, 3), (0.2, 4)) as tests(p, n) order by n",
        [True, True, True, False],
    ),
    Case("exact_sum('share')", "(values (0.1), (0.2)) as shares(share)", Decimal("0.3")),
    # Reasons in the history
    Case("trace_value_text('value')", "(values ('true'), ('false'), ('missing'), ('3')) as traces(value)",
         ["yes", "no", "not known", "3"]),
    # What approval covers
    Case("segment_changed_parts('approved', 'required')",
         """(values ('channels=a;risk_class=b;offer=c', 'channels=a;risk_class=b;offer=c'),
            ('channels=a;risk_class=b', 'channels=d;risk_class=e'), ('channels=a;offer=b', 'channels=a;offer=c'),
            ('', 'channels=a')) as uses(approved, required)""",
         [None, "channels, risk class", "campaign offer", "use, which the log of an earlier release does not state"]),
    # Identifiers that cannot be read
    Case("is_unreadable('email', 'v')", "(values ('Ann <ann@example.com>'), ('n/a')) as shown(v)", [False, True]),
    Case("is_unreadable('phone', 'v')", "(values ('07700 900025'), ('12')) as shown(v)", [False, True]),
    Case("is_unreadable('number', 'v')", "(values ('L-1'), (' / ')) as shown(v)", [False, True]),
    Case(
        "looks_hashed('v')",
        "(values ('021cb20b5c78751fc7ddc091b6b69b3e'), ('VP8DfG5/mkHNKZ6EglulZA=='), ('ann@example.com'), ('021cb'))"
        " as shown(v)",
        [True, True, False, False],
    ),
    Case("masked('v')", "(values ('ann@example.com'), ('n/a'), ('x')) as shown(v)",
         ["a…m (15 characters)", "n… (3 characters)", "x… (1 character)"]),
    # Names of people
    Case("name_key('kind', 'p')",
         "(values ('full', 'ann', 'lee'), ('first_name', 'ann', 'lee'), ('nothing', 'ann', 'lee'),"
         " ('first_name', 'a', 'lee'))"
         " as p(kind, first_letters, last_name_key)", ["full ann lee", "first ann", None, None]),
    # Of five to twelve letters: without each but the last; of six or more also shortened, down to three.
    Case("name_forms('kind', 'p')",
         "(select 'first_name' as kind, 'kateri' as first_letters, 'kateri|kate' as first_names,"
         " 'lee' as last_name_key) as p",
         ["first kateri", "first kateri", "first kate", "both kateri lee", "but one ateri", "but one kteri",
          "but one kaeri", "but one katri", "but one katei", "but one kateri", "first kat~"]),
    Case("name_forms('kind', 'p')",
         "(select 'full_name' as kind, 'annas' as first_letters, 'annas' as first_names, 'lee' as last_name_key) as p",
         ["full annas lee", "full annas lee", "both annas lee", "but 1 lee nnas", "but 2 lee anas", "but 3 lee anas",
          "but 4 lee anns"]),
    Case("shared_form('form')", "(values ('first kat~'), ('first kat')) as forms(form)", ["first kat", "first kat"]),
    Case("without_title('name')", "(values ('Dr. Prof. Ann Lee'), ('Drew'), ('Mr')) as names(name)",
         ["ann lee", "drew", ""]),
    Case("all_first_names('name')", "(values ('Dr Anne-Marie'), ('Sergey'), (null)) as names(name)",
         ["annemarie|anne|marie", "sergey|sergey", ""]),
    Case("latin_letters('given')",
         "(values ('\u0421\u0435\u0440\u0433\u0435\u0439'), ('\u042f\u043d\u0430')) as names(given)",
         ["sergey", "yana"]),
    # Identifiers and text
    Case("literal_list(['a', 'b'])", ONE, ("a", "b")),
    Case("normalise_number('given')", "(select ' ab-12/3.4' as given)", "AB1234"),
    Case(
        "mailbox_of('given')",
        "(select 'a.b+news@googlemail.com' as given), (select 'googlemail.com' as domain, true as ignores_suffix,"
        " true as ignores_dots, 'gmail.com' as canonical_domain) as providers",
        "ab@gmail.com",
    ),
    Case("first_name_key('given')", "(values ('catherine'), ('x')) as names(given)", ["cat", None]),
    Case("last_name_key('given')", "(values ('smith'), ('x')) as names(given)", ["smith", None]),
    Case("name_key('rule', 'person')", f"(values ('nothing'), ('first_name'), ('both')) as rules(rule), {ANN}",
         [None, "first ann", "full ann smith"]),
    Case("name_forms('rule', 'person')", f"(select 'first_name' as rule), {ANN}",
         ["first ann", "first ann", "both ann smith"]),
    Case("placeholder_form('given')", "(values ('[object Object]'), ('\"NULL\"'), ('N/A')) as ids(given)",
         ["objectobject", "null", "na"]),
    Case("plain_letters('given')", "(select 'Zoë O’Brien-2' as given)", "zoeobrien"),
    Case("normalise_email('given')", "(values (' A@B.co '), ('none')) as mails(given)", ["a@b.co", None]),
    Case("normalise_phone('given')", "(values ('020 7946 0958'), ('12')) as phones(given)", ["+442079460958", None]),
    Case("clean_text('given')", "(select '\u00a0Jose\u0301\u200b\uff21\u2013b ' as given)", "Jos\u00e9A-b"),
    Case("composed('given')", "(select 'e\u0301' as given)", "\u00e9"),
    Case("percent_text('given')", "(values (0.9999), (0.0001), (0.125)) as shares(given)", ["99 %", "1 %", "13 %"]),
    Case("regexp_keep('given', '^[0-9]{5}$')", "(values ('12345'), ('1234')) as codes(given)", ["12345", ""]),
    Case("regexp_replace_all('given', '[^0-9]')", "(select '+44 20' as given)", "4420"),
    Case("sha256_hash(\"'abc'\")", ONE, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    Case("sorted_text_list('given')", "(values ('b'), ('a'), ('b')) as words(given)", "a, b"),
    Case("ordered_text_list('given', 'n', '|')", "(values ('b', 1), ('a', 2)) as words(given, n)", "b|a"),
    # 1.5 and 2 have one timestamp; null has none, and is no value.
    Case("newest_value('given', 'known_at')",
         "(values ('1', timestamp '2026-06-30 10:00:00'), ('1.5', timestamp '2026-06-30 10:00:01'),"
         " ('2', timestamp '2026-06-30 10:00:01'), ('3', null), (null, timestamp '2026-06-30 11:00:00'))"
         " as versions(given, known_at)", "2"),
    Case("trimmed_items('given')", "(select ' a |b| c d ' as given)", "a|b|c d"),
    Case("number_text('given', 4)", "(values (12.0e0), (0.00001e0), (1e7), (2.34566e0), (-0.5e0)) as numbers(given)",
         ["12.0", "0.0", "10000000.0", "2.3457", "-0.5"]),
    Case("exact_text('given')", "(select 0.1e0 as given)", "0.1"),
    # Three are equally near.
    Case("nearest_name('given', 'other')",
         "(values ('shoe', 'shoes'), ('shoe', 'shod'), ('shoe', 'show'), ('shoe', null)) as names(given, other)",
         "shod"),
    Case("plain_words('given')", "(select 'It isn''t here, OK?' as given)", " it isnt here ok "),
    Case("segment_loose_word('given')", "(values ('new_copy'), ('copying')) as names(given)", ["copy", ""]),
    Case("name_distance('given', 'other')", "(select 'spend_90d' as given, 'spent_90d' as other)", 1 - 4),
    Case("device_type('given')", "(values ('Mozilla/5.0 (iPhone)'), ('curl'), ('')) as agents(given)",
         ["phone", "app", None]),
    Case("numbering_plan_value('given', 'code')", "(values ('gb'), ('BR'), ('XX'), (null)) as countries(given)",
         ["44", "55", None, None]),
    # Money
    Case("all_missing_costs('given')", "(values ('service, goods'), (null)) as lines(given)", "goods, service"),
    Case("missing_costs_of(['a', 'b'])", "(select 'goods' as a, cast(null as varchar) as b)", "goods"),
    Case("known_margin('margin', 'coverage')",
         "(values (5, 0.9), (6, 0.89), (7, 0), (8, null)) as margins(margin, coverage)", [5, None, None, 8]),
    Case("cost_word('given')", "(values (' COGS '), (null)) as costs(given)", ["cogs", ""]),
    Case("sums_of(['a', 'b'], 'parts')", "(values (1, 2), (3, 4)) as parts(a, b)", (4, 6)),
    Case("amounts_or_zero(['a', 'b'], {'a': 'one'})", ONE, (1, Decimal("0.00"))),
    # Ties are rounded to the even cent.
    Case("to_cents('given')", "(values (1.005), (-1.015)) as amounts(given)", [Decimal("1.00"), Decimal("-1.02")]),
    Case("to_decimal('given', 18, 2)", "(values (1.005e0), (-1.005e0), (2.5e0)) as numbers(given)",
         [Decimal("1.01"), Decimal("-1.01"), Decimal("2.50")]),
    Case("in_reporting_currency('10.15', '0.5')", ONE, Decimal("5.08")),
    # As the shop's connectors write them: numbers as text or not, keys in any order.
    Case("money_of_set('given', 'presentment')", MONEY_SETS, [Decimal("117.0000"), Decimal("3.5000"), None, None]),
    Case("money_of_set('given', 'shop')", MONEY_SETS,
         [Decimal("100.0000"), Decimal("3.0000"), Decimal("9.0000"), None]),
    Case("currency_of_set('given', 'presentment')", MONEY_SETS, ["EUR", "USD", None, None]),
    Case("two_decimals('given')", "(select 3 as given)", "3.00"),
    # Models
    Case("logistic('x')", "(values (0.0), (-1000.0)) as given(x)", [0.5, 0.0]),
    Case("softplus('x')", "(values (0.0), (1000.0)) as given(x)", [pytest.approx(0.693147181), 1000.0]),
    Case("normal_quantile('p')", "(values (0.5), (0.975)) as given(p)",
         [pytest.approx(0, abs=5e-4), pytest.approx(1.959964, abs=5e-4)]),
    # BG/NBD: one over 1 + a / (b + x - 1) times ((alpha + T) / (alpha + t_x)) ** (r + x).
    Case("bg_nbd_p_alive('2', '10', '30', '0.5', '10', '1', '2', '0')", ONE, pytest.approx(1 / (1 + 2**2.5 / 3))),
    # Limits for p towards 0 of (1 - (1 + p h) ** -k) / p, with h of 7 days = 1 week of 2.
    Case("expected_orders_given_dropout(7)", "(select 3.0 as k, 1e-9 as p, 2.0 as weeks)", pytest.approx(1.5)),
    Case("expected_order_pairs_given_dropout(7)", "(select 3.0 as k, 1e-9 as p, 2.0 as weeks)", pytest.approx(3.0)),
    Case("gamma_gamma_mean('2', '30', '4', '3', '20')", ONE, pytest.approx(4 * (20 + 60) / (8 + 3 - 1))),
    Case(f"cluster_feature_score({FEATURE})", "(values (9.0), (null)) as given(spend)", [2.0, 0.5]),
    Case(
        "squared_distance({'features': [{'feature': 'x'}, {'feature': 'y'}]}, {'centres': {'x': '1', 'y': '-2'}})",
        "(select 4 as z_1, 2 as z_2)",
        9 + 16,
    ),
    Case("standard_score('x', 'terms')", f"(select 100.0 as x), {TERMS}", pytest.approx(1.0)),
    Case("term_contribution('x', 'terms')", f"(select 100.0 as x), {TERMS}", pytest.approx(3.0)),
    Case("split_model_key('given')", "(values ('churn:gb'), ('churn')) as models(given)", ["churn", "churn"]),
    # Profiles and scores
    Case("is_small_cell('people', 'buyers', 5)", "(values (4, 9), (0, 5)) as cells(people, buyers)", [True, False]),
    Case("distribution_period('given')", "(values (date '2026-06-30'), (date '2026-05-30')) as days(given)",
         ["recent", "reference"]),
    Case("exact_ln('given')", "(select 10 as given)", Decimal("2.302585")),
    Case("chance_spread('kind', 'expected', 'n')",
         "(values ('count', 16.0, 1.0), ('share', 0.5, 25.0), ('rate', 0.25, 25.0), ('typical', 6.0, 9.0))"
         " as measures(kind, expected, n)", pytest.approx([4.0, 0.1, 0.1, 2.0])),
    Case("profile_value('kind', 'numerator', 'n')",
         "(values ('count', 6, 3), ('typical', 6, 3), ('share', 6, 3)) as measures(kind, numerator, n)",
         pytest.approx([6.0, 7.389056, 2.0])),
    Case("score_by_cut_points('given', 'spend')",
         "(select 1 as spend_cut_1, 2 as spend_cut_2, 3 as spend_cut_3, 4 as spend_cut_4),"
         " (values (1), (2.5), (9)) as amounts(given)", [1, 3, 5]),
    Case("cut_point_columns('spend')",
         "(values ('spend', 1, 10), ('spend', 2, 20), ('spend', 3, 30), ('spend', 4, 40), ('other', 1, 99))"
         " as cuts(metric, cut_number, cut_value)", (10, 20, 30, 40)),
    # Segments
    Case("qa_severity('given', '0.1', '0.2')", "(values (0.1), (0.15), (0.3)) as shares(given)", [0, 1, 2]),
    Case("qa_status('given')", "(values (0), (1), (2)) as severities(given)", ["pass", "warn", "fail"]),
    Case("share_text('given')", "(values (0.1234), (null)) as shares(given)", ["12.3 %", "unknown"]),
    Case("count_text('given')", "(values (12.4), (null)) as counts(given)", ["12", "unknown"]),
    Case("segment_number_suggestion('given', 'unit')", "(select '1,234' as given, 'orders' as unit)",
         "write 1234, without thousands separators"),
    Case("segment_day_suggestion('given')", "(select '31/12/2025' as given)", "write 2025-12-31"),
    Case("whole_number('given')", "(values (' 12 '), ('1.5')) as cells(given)", [12, None]),
    Case("decimal_number('given')", "(values (' -1.5 '), ('1,5')) as cells(given)", [Decimal("-1.5"), None]),
    Case("has_item('given', 'b')", "(values ('a|b'), ('ab')) as lists(given)", [True, False]),
    Case("has_item_of('given', 'item')", "(values ('a|b', 'b'), ('ab', 'b')) as lists(given, item)", [True, False]),
    Case("is_calendar_day('given')", "(values ('2026-02-28'), ('2026-02-30')) as days(given)", [True, False]),
    Case("calendar_day('given')", "(values (' 2026-02-28 '), ('28.2.2026')) as days(given)", [date(2026, 2, 28), None]),
    # Consent
    Case("shopify_consent_state('email')",
         "(values ('UNSUBSCRIBED', null, true, null), ('redacted', null, true, null),"
         " ('subscribed', 'CONFIRMED_OPT_IN', null, null), ('subscribed', 'single_opt_in', true, 'confirmed_opt_in'),"
         " ('not_subscribed', null, true, null), (null, null, true, 'confirmed_opt_in'), (null, null, true, null),"
         " (null, null, false, null), (null, null, null, null))"
         " as accounts(email_marketing_consent_state, email_marketing_consent_opt_in_level, accepts_marketing,"
         " marketing_opt_in_level)",
         ["withdrawn", "withdrawn", "confirmed", "subscribed", "none", "confirmed", "subscribed", "none", None]),
    Case("klaviyo_consent_state('email')",
         "(values ('UNSUBSCRIBED', true, true), ('SUBSCRIBED', true, false), ('SUBSCRIBED', true, true),"
         " ('SUBSCRIBED', null, true), ('NEVER_SUBSCRIBED', null, true), (null, null, false), (null, null, null))"
         " as persons(subscriptions_email_marketing_consent, subscriptions_email_marketing_double_optin,"
         " subscriptions_email_marketing_can_receive_email_marketing)",
         ["withdrawn", "withdrawn", "confirmed", "subscribed", "none", "withdrawn", None]),
    # Sources
    Case("says_deleted({'config': {'meta': {'deleted_by': 'gone'}}}, ['_fivetran_deleted', 'deleted_at', 'gone'])",
         "(values (false, null, null), (null, timestamp '2026-06-30 10:00:00', null), (null, null, true),"
         " (true, null, null))"
         " as versions(_fivetran_deleted, deleted_at, gone)", [False, True, True, True]),
    Case("says_deleted({'config': {'meta': {}}}, ['id'])", "(select 1 as id)", False),
    Case("typed_column({'name': 'age', 'data_type': 'integer'}, true)", "(select '7' as age)", 7),
    Case(f"source_known_at({CONTRACT}, ['_delivered_at'])", "(select '2026-06-30 10:00:00' as _delivered_at)",
         datetime(2026, 6, 30, 10)),
    Case(f"source_event_at({EVENT_CONTRACT}, ['timestamp', 'datetime', 'updated_at'])",
         "(select 1782813600 as timestamp, '2026-06-30 10:00:00' as datetime)", datetime(2026, 6, 30, 10)),
    Case(f"source_event_at({EVENT_CONTRACT}, ['timestamp', 'updated_at'])", "(select 1782813600 as timestamp)", None),
    # Time; the day is 2026-06-30, the business is in London.
    Case("age_in_years('given')", "(values (date '2000-06-30'), (date '2000-07-01')) as births(given)", [26, 25]),
    Case("business_date('given')", "(select timestamp '2026-06-30 23:30:00' as given)", date(2026, 7, 1)),
    Case("business_hour('given')", "(select timestamp '2026-06-30 23:30:00' as given)", 0),
    Case("weekday_number('given')", "(values (date '2026-06-29'), (date '2026-07-05')) as days(given)", [1, 7]),
    Case("weekday_name('given')", "(values (1), (7)) as days(given)", ["Monday", "Sunday"]),
    Case("seconds_between('a', 'b')",
         "(select timestamp '2026-06-30 10:00:00' as a, timestamp '2026-06-30 10:01:30' as b)", 90),
    Case("window_sums({'visits': [1, 30]})", VISITS, (2, 5)),
    Case("filled_window_sums({'visits': [1, 30]}, 'counted')",
         "(select null as visits_1d, 5 as visits_30d) as counted", (0, 5)),
    Case("days_since_last({'days_since_visit': 'visits'})", VISITS, (0,)),
    Case("within_window('activity_date', 30)", VISITS, [True, True, False]),
    Case("days_before(\"date '2026-06-30'\", 30)", ONE, date(2026, 5, 31)),
    Case("days_between('a', 'b')", "(select date '2026-05-31' as a, date '2026-06-30' as b)", 30),
)  # fmt: skip
# Macros that `expression_macros` takes for expressions although they are compile-time steps or parts of statements.
NOT_EXPRESSIONS = {"prediction_input_value", "generate_schema_name", "column_comments", "segment_levels",
                   "segment_refer", "segment_read",
                   "row_as_json", "names_and_values", "add_rule_lists", "segment_rounded_text",
                   "stop_on_seed_violations", "stop_on_violations"}  # fmt: skip

# Need all inputs of a model as columns, or a seed: the unit tests of the models that use them cover them.
COVERED_BY_MODELS = {"prediction_input_value", "is_placeholder"}

MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\((.*?)\)\s*-?%\}(.*?)\{%-?\s*endmacro", re.DOTALL)
DISPATCHED = re.compile(r"\s*\{\{\s*return\(adapter\.dispatch\(")
# A query, a compile-time value, or a lookup in the engine.
OTHER = re.compile(r"\bselect\b|\breturn\(|\brun_query\b|\bref\(|\bgraph\.|\bexceptions\.")


def expression_macros(folder: Path) -> set[str]:
    """Macros with arguments that yield text which is neither a query nor a compile-time value."""
    bodies: dict[str, str] = {}
    arguments: dict[str, str] = {}
    for file in sorted(folder.rglob("*.sql")):
        for name, given, body in MACRO.findall(file.read_text(encoding="utf-8")):
            bodies[name], arguments[name] = re.sub(r"\{#.*?#\}", "", body, flags=re.DOTALL), given.strip()
    found = set()
    for name, body in bodies.items():
        text = bodies.get(f"default__{name}", "select") if DISPATCHED.match(body) else body
        if "__" not in name and arguments[name] and not OTHER.search(text):
            found.add(name)
    return found


def test_every_macro_that_yields_an_expression_has_a_case() -> None:
    covered = [case.call.split("(")[0] for case in CASES]
    found = expression_macros(PROJECT / "macros")
    assert found - set(covered) - NOT_EXPRESSIONS - COVERED_BY_MODELS == set()
    assert found >= NOT_EXPRESSIONS | COVERED_BY_MODELS


def test_a_new_expression_is_detected(tmp_path: Path) -> None:
    (tmp_path / "new.sql").write_text(
        "{% macro doubled(amount) -%}\n    2 * {{ amount }}\n{%- endmacro %}\n"
        "{% macro orders_of(day) -%}\n    select * from orders where ordered_date = {{ day }}\n{%- endmacro %}\n"
        "{% macro words() -%}\n    {{ return(['a', 'b']) }}\n{%- endmacro %}\n",
        encoding="utf-8",
    )
    assert expression_macros(tmp_path) == {"doubled"}


@pytest.fixture(scope="module")
def expressions() -> dict[str, str]:
    """The SQL of every case."""
    calls = ", ".join(case.call for case in CASES)
    variables = {"as_of_date": "2026-06-30", "business_timezone": "Europe/London", "default_country": "GB"}
    texts = json.loads(rendered(f"{{{{ tojson([{calls}]) }}}}", variables))
    return dict(zip([case.call for case in CASES], texts, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.call.split("(")[0])
def test_an_expression_yields_the_expected_value(expressions: dict[str, str], case: Case) -> None:
    with open_memory() as connection:
        rows = connection.execute(f"select {expressions[case.call]} from {case.rows}").fetchall()
    if isinstance(case.expected, tuple):
        assert rows == [case.expected]
    elif len(rows) > 1:
        assert [row[0] for row in rows] == case.expected
    else:
        assert rows == [(case.expected,)]
