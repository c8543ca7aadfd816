"""Spellings of column names and of ids, and identifiers that cannot be read: recognised, refused or counted."""

from __future__ import annotations

import duckdb
import pytest

from tests.support.landing_zone import Zone

STAMP = "2026-06-30 10:00:00"


def customers(zone: Zone) -> list[tuple[object, ...]]:
    return zone.rows("select id, first_name, email from raw_shopify.customer order by id")


@pytest.mark.parametrize(
    "header",
    [
        "Id,First Name,E-mail,Created At,_Fivetran_Synced",
        "ID,firstName,EMAIL,createdAt,fivetranSynced",
        "id,FIRST-NAME,email,created at,_fivetran_synced",
    ],
)
def test_names_of_columns_are_read_in_any_spelling(zone: Zone, header: str) -> None:
    zone.deliver("shopify/customer/c.csv", f"{header}\n1,Ann,ann@example.com,{STAMP},{STAMP}\n")
    zone.load()
    assert customers(zone) == [("1", "Ann", "ann@example.com")]
    assert zone.value("select count(created_at) from raw_shopify.customer") == 1
    assert zone.value("select count(_fivetran_synced) from raw_shopify.customer") == 1
    assert zone.rows("select * from intake.schema_drift where drift = 'extra'") == []


def test_names_of_columns_in_json_and_parquet(zone: Zone) -> None:
    zone.deliver("shopify/customer/c.jsonl", f'{{"ID": 1, "First Name": "Ann", "createdAt": "{STAMP}"}}\n')
    folder = zone.workspace.landing / "shopify" / "customer"
    with duckdb.connect() as connection:
        connection.execute(
            f'copy (select 2 as "Id", \'Bob\' as "First Name", timestamp \'{STAMP}\' as "Created At")'
            f" to '{folder}/c.parquet' (format parquet)"
        )
    zone.load()
    assert customers(zone) == [("1", "Ann", None), ("2", "Bob", None)]


def test_a_name_as_the_contract_has_it_wins_and_the_other_is_named(zone: Zone) -> None:
    header = "id,first_name,First Name,created_at"
    zone.deliver("shopify/customer/c.csv", f"{header}\n1,Ann,Other,{STAMP}\n")
    zone.load()
    assert customers(zone) == [("1", "Ann", None)]
    extra = zone.rows("select column_name from intake.schema_drift where drift = 'extra'")
    assert extra == [("first name",)]


def test_two_spellings_of_one_column_are_refused(zone: Zone) -> None:
    zone.deliver("shopify/customer/c.csv", f"id,First Name,firstName,created_at\n1,Ann,Bob,{STAMP}\n")
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 2 as id, 'Ann' as \"First Name\", 'Bob' as \"firstName\")"
            f" to '{zone.workspace.landing}/shopify/customer/d.parquet' (format parquet)"
        )
    for line in zone.failing_load():
        assert line.endswith("column first_name appears twice in the header; keep one")


@pytest.mark.parametrize("written", ["123", "123.0", "gid://shopify/Customer/123", "gid://shopify/Customer/123?a=b"])
def test_an_id_is_one_however_it_is_written(zone: Zone, written: str) -> None:
    zone.deliver("shopify/customer/c_2026-06-29.csv", f"id,first_name,created_at\n123,Ann,{STAMP}\n")
    zone.deliver(
        "shopify/order/o.csv",
        "id,customer_id,currency,total_price,financial_status,created_at\n"
        f"{written.replace('Customer', 'Order')},{written},GBP,5,paid,{STAMP}\n",
    )
    zone.load()
    assert zone.rows('select id, customer_id from raw_shopify."order"') == [("123", "123")]


def test_an_id_in_another_spelling_is_the_same_record(zone: Zone) -> None:
    for number, written in enumerate(("123", "123.0", "gid://shopify/Customer/123")):
        zone.deliver(f"shopify/customer/c_2026-06-2{number}.csv", f"id,first_name,created_at\n{written},Ann,{STAMP}\n")
    zone.load()
    assert zone.ledger() == [(1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 1, 0)]


def test_a_phone_that_a_data_frame_turned_into_a_float_keeps_its_digits(zone: Zone) -> None:
    zone.deliver("shopify/customer/c.csv", f"id,phone,created_at\n1,447700900025.0,{STAMP}\n")
    zone.load()
    assert zone.value("select phone from raw_shopify.customer") == "447700900025"


def test_an_id_with_more_digits_than_a_float_holds_is_refused(zone: Zone) -> None:
    zone.deliver("shopify/customer/c.csv", f"id,first_name,created_at\n12345678901234568.0,Ann,{STAMP}\n")
    zone.load()
    assert zone.rejects() == [(2, "id is a decimal number with more digits than one can hold, so digits are lost")]


def test_identifiers_that_cannot_be_read_are_counted_and_masked(zone: Zone) -> None:
    zone.deliver(
        "shopify/customer/c.csv",
        "id,email,phone,created_at\n"
        f"1,ann@example.com,+447700900025,{STAMP}\n"
        f"2,not an address,,{STAMP}\n"
        f"3,,07700 900026,{STAMP}\n"
        f"4,,12,{STAMP}\n",
    )
    zone.deliver(
        "crm/profile/p.csv",
        "profile_id,phone,loyalty_number,country_code\n1,0151 23456789,/,DE\n2,0044 7700 900026,L-1,GB\n",
    )
    lines = zone.load().notes
    assert lines[:3] == [
        "crm/profile: 1 of 2 account and card numbers in loyalty_number cannot be read and identify nobody,"
        " such as /… (1 character)",
        "shopify/customer: 1 of 2 e-mail addresses in email cannot be read and identify nobody,"
        " such as n…s (14 characters)",
        "shopify/customer: 1 of 3 phone numbers in phone cannot be read and identify nobody, such as 1… (2 characters)",
    ]
    assert not any("not an address" in line for line in lines)


def test_hashed_addresses_are_named_as_such(zone: Zone) -> None:
    hashes = ("ab0bf25ab8b2a6b78af26a141dd6f455", "021cb20b5c78751fc7ddc091b6b69b3e", "VP8DfG5/mkHNKZ6EglulZA==")
    rows = "".join(f"{number},{value}\n" for number, value in enumerate(hashes))
    zone.deliver("hubspot/contact/c.csv", f"id,property_email\n{rows}")
    [line] = [line for line in zone.load().notes if line.startswith("hubspot")]
    assert line == (
        "hubspot/contact: 3 of 3 e-mail addresses in property_email cannot be read, because they are hashed, and"
        " identify nobody, such as 0…e (32 characters)"
    )


def test_nothing_is_said_of_identifiers_that_can_be_read(zone: Zone) -> None:
    zone.deliver("shopify/customer/c.csv", f"id,email,phone,created_at\n1,ann@example.com,07700 900025,{STAMP}\n")
    assert [line for line in zone.load().notes if "identify nobody" in line] == []
