"""A real retailer's invoices (UCI "Online Retail II", doi 10.24432/C5CG6D, CC BY 4.0) as landing files in our formats.

Input: Parquet or CSV with the columns of COLUMNS. Every input row becomes exactly one landing row, so that money
can be reconciled to the penny (`reconcile`). Decisions:

- Invoice times are local UK times; they land in UTC. `synced_at` is the time of the invoice line, so that any past
  day can be recalculated. Prices are treated as excluding tax.
- Invoices become receipts of channel `online`; `customer_number` is empty where the file has no customer.
- Lines are numbered in file order. Rows equal in every column have nothing to distinguish them: they are treated as
  repeats and get the number of their first occurrence, so that intake counts them as duplicates.
- Stock codes are compared in upper case and without surrounding blanks. Five digits with up to two letters, `DCGS...`
  and `SP1002` are products. POST, DOT, C2 and C3 are shipping; GIFT... are gift cards; BANK CHARGES, AMAZONFEE and CRUK
  are fees; all others (M, D, S, B, ADJUST, PADS, TEST...) are adjustments. Invoices with TEST codes are training.
- A cancellation (C...) of a product becomes a return without a receipt: the file does not say which one. All other
  rows of a cancellation are negative lines of a receipt with that number: fees stay fees, the rest are adjustments.
- Negative rows outside cancellations are stock corrections without a price, and A... invoices write off bad debt:
  both are adjustments. Lines with price zero stay as they are.
- One product per stock code, with the name most common in priced rows. Its category is guessed from words in the name
  (CATEGORIES), `gift` if none fits, `unknown` without a name. Cost and list price are not known.
- One customer profile per customer and country, without a type: the file says nothing about wholesalers.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from scripts.intake.landing import checksum
from scripts.platform.contracts import load_contracts
from scripts.platform.errors import UserError
from scripts.platform.files import copy_file, replace_file
from scripts.platform.progress import Progress
from scripts.platform.warehouse import literal, open_warehouse
from scripts.platform.workspace import SETTINGS_FILE, Workspace

COLUMNS = {
    "invoice_no": "varchar",
    "stock_code": "varchar",
    "description": "varchar",
    "quantity": "bigint",
    "invoice_ts": "timestamp",
    "unit_price": "decimal(18,4)",
    "customer_id": "bigint",
    "country": "varchar",
}
MARKER = "_converted.json"
VERSION = 1
LAST_DAY = "2011-12-10"
OUTPUTS = {
    "receipts": f"pos/receipt/receipts_{LAST_DAY}.parquet",
    "receipt_lines": f"pos/receipt_line/receipt_lines_{LAST_DAY}.parquet",
    "return_lines": f"returns/return_line/return_lines_{LAST_DAY}.parquet",
    "profiles": f"crm/profile/profiles_{LAST_DAY}.parquet",
    "products": f"products/product/products_{LAST_DAY}.parquet",
}
SETTINGS = {
    "kind": "online_retail",
    "as_of_date": LAST_DAY,
    "business_timezone": "Europe/London",
    "reporting_currency": "GBP",
    "default_country": "GB",
}
DELIVERING = ("using_pos", "using_crm", "always")

# Names in the file that are a country; Channel Islands, European Community, West Indies and Unspecified are not.
COUNTRIES = {
    "United Kingdom": "GB", "EIRE": "IE", "Germany": "DE", "France": "FR", "Netherlands": "NL", "Spain": "ES",
    "Switzerland": "CH", "Belgium": "BE", "Portugal": "PT", "Australia": "AU", "Italy": "IT", "Sweden": "SE",
    "Norway": "NO", "Cyprus": "CY", "Finland": "FI", "Austria": "AT", "Denmark": "DK", "Greece": "GR", "Japan": "JP",
    "USA": "US", "Poland": "PL", "United Arab Emirates": "AE", "Israel": "IL", "Hong Kong": "HK", "Singapore": "SG",
    "Malta": "MT", "Canada": "CA", "Iceland": "IS", "RSA": "ZA", "Lithuania": "LT", "Bahrain": "BH", "Brazil": "BR",
    "Thailand": "TH", "Korea": "KR", "Lebanon": "LB", "Bermuda": "BM", "Nigeria": "NG", "Czech Republic": "CZ",
    "Saudi Arabia": "SA",
}  # fmt: skip
# The first category with a matching word in the product's name.
CATEGORIES = {
    "christmas": "christmas|xmas|advent|santa|reindeer|snowflake|bauble",
    "bags": "bag|basket|purse|suitcase|satchel",
    "kitchen": "mug|cup|plate|bowl|cake|jar|tea|kitchen|baking|tin|spoon|cutlery|napkin|lunch|bottle|glass|apron|egg",
    "lights": "light|lamp|candle|lantern|t-light|holder|chandelier",
    "stationery": "card|paper|wrap|pencil|pen|notebook|sticker|stationery|ribbon|stamp|book|envelope|tape",
    "jewellery": "necklace|bracelet|earrings|ring|brooch|bangle|beads|jewel",
    "toys": "toy|game|doll|puzzle|playhouse|children|kids|girl|boy|spaceboy|party",
    "garden": "garden|plant|flower|seed|bird|herb|watering|parasol|picnic",
    "home": "cushion|frame|clock|hook|drawer|cabinet|mirror|door|sign|towel|bath|soap|wicker|bunting|stool|box|heart",
}

LINES = """
create table numbered as
with grouped as (
    select
        *,
        upper(trim(stock_code)) as sku,
        min(file_row) over (
            partition by
                invoice_no, stock_code, description, quantity, invoice_ts, unit_price, customer_id, country
        ) as first_row
    from invoice_rows
)

select
    file_row,
    invoice_no,
    sku,
    nullif(trim(description), '') as description,
    quantity,
    unit_price,
    cast(customer_id as varchar) as customer_number,
    country,
    invoice_ts as local_ts,
    timezone('UTC', timezone('Europe/London', invoice_ts)) as sold_at,
    file_row <> first_row as is_repeat,
    starts_with(invoice_no, 'C') as is_cancellation,
    regexp_full_match(sku, '[0-9]{5}[A-Z]{0,2}|DCGS[0-9A-Z]+|SP1002') as is_product,
    dense_rank() over (partition by invoice_no order by first_row) as line_number
from grouped;

create table lines as
select
    *,
    is_cancellation and is_product and quantity < 0 as is_return,
    case
        when sku in ('BANK CHARGES', 'AMAZONFEE', 'CRUK') then 'fee'
        when is_cancellation or quantity < 0 or starts_with(invoice_no, 'A') then 'adjustment'
        when is_product then 'product'
        when sku in ('POST', 'DOT', 'C2', 'C3') then 'shipping'
        when starts_with(sku, 'GIFT') then 'gift_card'
        else 'adjustment'
    end as line_type
from numbered
"""
SELECTS = {
    "receipts": """
        select
            invoice_no as receipt_id, invoice_no as receipt_number, 'online' as sales_channel,
            min(sold_at) as sold_at, 'GBP' as currency, false as prices_include_tax,
            any_value(customer_number) as customer_number,
            case when bool_or(starts_with(sku, 'TEST')) then 'training' else 'completed' end as status,
            cast(sum(case when is_repeat then 0 else quantity * unit_price end) as decimal(18, 4)) as total_amount,
            cast(0 as decimal(18, 4)) as tax_amount,
            any_value(countries.country_code) as country_code, min(sold_at) as synced_at
        from lines left join countries using (country)
        where not is_return
        group by invoice_no
        order by min(file_row)""",
    "receipt_lines": """
        select
            invoice_no as receipt_id, line_number, sku, description, line_type, quantity, unit_price,
            cast(0 as decimal(18, 4)) as discount_amount, cast(0 as decimal(18, 4)) as tax_amount,
            sold_at as synced_at
        from lines
        where not is_return
        order by file_row""",
    "return_lines": """
        select
            invoice_no as return_id, line_number, 'online' as channel, customer_number, sku, -quantity as quantity,
            cast(-quantity * unit_price as decimal(18, 4)) as refund_amount,
            cast(0 as decimal(18, 4)) as refund_tax_amount, 'GBP' as currency, 'unknown' as reason_code,
            sold_at as returned_at, sold_at as synced_at
        from lines
        where is_return
        order by file_row""",
    "profiles": """
        select
            customer_number as profile_id, customer_number, country_code,
            min(min(sold_at)) over (partition by customer_number) as created_at, min(sold_at) as synced_at
        from lines left join countries using (country)
        where customer_number is not null
        group by customer_number, country_code
        order by min(file_row)""",
    "products": """
        with names as (
            select
                sku, description,
                row_number() over (
                    partition by sku
                    order by count(*) filter (where unit_price > 0) desc, count(*) desc, description
                ) as place
            from lines
            where is_product and description is not null
            group by sku, description
        ),

        products as (
            select
                sku, min(local_ts) as first_ts, min(sold_at) as first_sold_at,
                bool_or(line_type = 'product' and unit_price > 0) as is_sellable
            from lines
            where is_product
            group by sku
        )

        select
            products.sku, cast(products.first_ts as date) as valid_from,
            coalesce(names.description, products.sku) as product_name,
            case when names.description is null then 'unknown' {categories} else 'gift' end as category,
            cast(null as decimal(18, 4)) as unit_cost, 'GBP' as currency, products.is_sellable,
            products.first_sold_at as synced_at
        from products left join names on products.sku = names.sku and names.place = 1
        order by products.sku""",
}


def convert(file: Path, workspace: Workspace, progress: Progress = print) -> None:
    """Write the invoices in `file` to `workspace.landing`; does nothing if they are already there.

    Raises UserError for a file that is missing or has wrong columns, and for a landing folder that contains anything
    not written by this function.
    """
    if not file.is_file():
        raise UserError(f"{file}: no such file; give the Parquet or CSV file with the invoices")
    origin = {"checksum": checksum(file), "version": VERSION}
    if _is_done(workspace.landing, origin):
        progress(f"{workspace.landing}: already has these invoices")
        return
    with tempfile.TemporaryDirectory(dir=_made(workspace.home)) as scratch:
        staging = Path(scratch) / "landing"
        with open_warehouse(Path(scratch) / "scratch.duckdb") as connection:
            _read(connection, file)
            _make_room(workspace.landing)
            counts = _write(connection, staging)
        for name in OUTPUTS.values():
            copy_file(staging / name, workspace.landing / name)
    switches = sorted({source.switch for source in load_contracts().values()}.difference(DELIVERING))
    _write_json(workspace.landing / SETTINGS_FILE, SETTINGS | dict.fromkeys(switches, False))
    _write_json(workspace.landing / MARKER, origin | {"complete": True})
    parts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
    progress(f"{workspace.landing}: {parts}")


def reconcile(file: Path, workspace: Workspace) -> pd.DataFrame:
    """Account for every row and every penny of `file`, from the file and from the raw tables by separate queries.

    Returns the columns part, row_count, amount: the parts `sales`, `shipping`, `gift_cards`, `fees`, `adjustments`,
    `tests`, `returns` (negative), `dead_lettered` and `duplicates` add up to `landed`; `difference` is what is
    missing, and must be zero in both columns. Run it after intake.
    """
    query = f"""
    with file_rows as (select * exclude (file_row) from ({_source(file)})),

    repeats as (
        select any_value(quantity * unit_price) * (count(*) - 1) as amount
        from file_rows group by {", ".join(COLUMNS)} having count(*) > 1
    ),

    stored as (
        select
            case
                when receipts.status = 'training' then 'tests'
                when lines.line_type = 'product' then 'sales'
                when lines.line_type = 'shipping' then 'shipping'
                else lines.line_type || 's'
            end as part,
            lines.quantity * lines.unit_price as amount
        from raw_pos.receipt_line as lines left join raw_pos.receipt as receipts using (receipt_id)
        union all
        select 'returns', -refund_amount from raw_returns.return_line
    ),

    refused as (
        select coalesce(
            -try_cast(json_extract_string(payload, '$.refund_amount') as decimal(18, 4)),
            try_cast(json_extract_string(payload, '$.quantity') as bigint)
            * try_cast(json_extract_string(payload, '$.unit_price') as decimal(18, 4))
        ) as amount
        from intake.rejects where table_name in ('receipt_line', 'return_line')
    ),

    repeated as (
        select coalesce(sum(duplicate_rows), 0) as row_count
        from intake.files where table_name in ('receipt_line', 'return_line')
    )

    select part, count(*), cast(sum(amount) as decimal(18, 4)) from stored group by part
    union all
    select 'dead_lettered', count(*), cast(coalesce(sum(amount), 0) as decimal(18, 4)) from refused
    union all
    select 'duplicates', any_value(row_count), cast(coalesce(sum(amount), 0) as decimal(18, 4))
    from repeated left join repeats on true
    union all
    select 'landed', count(*), cast(sum(quantity * unit_price) as decimal(18, 4)) from file_rows
    order by 1
    """
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        parts = connection.execute(query).fetchall()
    signs = {"landed": 1}
    rest = ["difference"] + [sum(signs.get(row[0], -1) * row[i] for row in parts) for i in (1, 2)]
    return pd.DataFrame([*parts, rest], columns=["part", "row_count", "amount"], dtype=object)


def _source(file: Path) -> str:
    """Query for the input rows with typed columns, and `file_row` in file order."""
    if file.suffix.lower() == ".csv":
        read = f"select row_number() over () as file_row, * from read_csv({literal(str(file))}, all_varchar=true)"
    else:
        read = f"select file_row_number as file_row, * from read_parquet({literal(str(file))}, file_row_number=true)"
    # A customer id may have been through a float: 13085.0
    casts = {name: f"cast({name} as {kind}) as {name}" for name, kind in COLUMNS.items()}
    casts["customer_id"] = "cast(cast(customer_id as double) as bigint) as customer_id"
    return f"select file_row, {', '.join(casts.values())} from ({read})"


def _read(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    reader = "read_csv({}, all_varchar=true)" if file.suffix.lower() == ".csv" else "read_parquet({})"
    try:
        found = connection.execute(f"describe select * from {reader.format(literal(str(file)))}").fetchall()
    except duckdb.Error:
        raise UserError(f"{file}: not readable as Parquet or CSV; give the file with the invoices") from None
    missing = [name for name in COLUMNS if name not in {row[0] for row in found}]
    if missing:
        raise UserError(f"{file}: column {', '.join(missing)} is missing; give the file with the invoices")
    try:
        connection.execute(f"create table invoice_rows as {_source(file)}")
    except duckdb.ConversionException:
        raise UserError(
            f"{file}: quantity, invoice_ts, unit_price or customer_id has values of the wrong type; "
            "give the file as it was published"
        ) from None


def _write(connection: duckdb.DuckDBPyConnection, staging: Path) -> dict[str, int]:
    connection.execute("create table countries (country varchar, country_code varchar)")
    connection.executemany("insert into countries values (?, ?)", [list(pair) for pair in COUNTRIES.items()])
    connection.execute(LINES)
    guesses = " ".join(
        f"when regexp_matches(lower(names.description), {literal(f'(^|[^a-z])({words})(s|es)?([^a-z]|$)')}) "
        f"then {literal(name)}"
        for name, words in CATEGORIES.items()
    )
    counts = {}
    for output, name in OUTPUTS.items():
        target = staging / name
        _made(target.parent)
        select = SELECTS[output].replace("{categories}", guesses)
        row = connection.execute(
            f"copy ({select}) to {literal(str(target))} (format parquet, compression zstd)"
        ).fetchone()
        counts[output] = int(row[0]) if row else 0
    return counts


def _is_done(landing: Path, origin: dict[str, object]) -> bool:
    wanted = origin | {"complete": True}
    names = [*OUTPUTS.values(), SETTINGS_FILE]
    return _marker(landing) == wanted and all((landing / name).is_file() for name in names)


def _make_room(landing: Path) -> None:
    """Remove what an earlier call wrote; refuse a folder with anything else."""
    if landing.exists() and not landing.is_dir():
        raise UserError(f"{landing}: is not a folder; name another with --landing")
    if landing.exists() and any(landing.iterdir()) and _marker(landing) is None:
        raise UserError(f"{landing}: contains other landing files; empty it, or name another with --landing")
    _write_json(_made(landing) / MARKER, {"complete": False})
    for name in OUTPUTS.values():
        (landing / name).unlink(missing_ok=True)


def _marker(landing: Path) -> dict[str, object] | None:
    try:
        found = json.loads((landing / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_json(file: Path, content: dict[str, object]) -> None:
    replace_file(file, json.dumps(content, indent=2) + "\n")
