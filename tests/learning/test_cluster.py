"""Centres depend only on the data, SQL assigns customers as scikit-learn would, and the card reports the evidence."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from scripts.learning.clusters import cluster, pictures
from scripts.learning.clusters import command as command_module
from scripts.learning.clusters import fitting as fitting_module
from scripts.learning.clusters.card import COLUMNS
from scripts.learning.clusters.choice import Sizes
from scripts.learning.clusters.inputs import read_buyers
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import BUSINESS_SEEDS, Workspace
from tests.support.build_notes import recorded

CUSTOMERS = 800
FEATURES = {
    "days_since_last_order": "log",
    "order_count": "log",
    "net_revenue": "log",
    "contribution_margin_rate": "linear",
    "age_band_middle": "linear",
    "ticket_count_365d": "log",
}
QUICK = Sizes(fitted=600, evaluated=400, tree=300, compared=300, references=6, resampled=400, resamples=5)


def quiet(_: str) -> None:
    return None


def buyers(customers: int = CUSTOMERS, kinds: int = 3) -> pd.DataFrame:
    """Three well-separated kinds of buyer, with outliers, unknown ages, and one feature that is the same for all."""
    random = np.random.default_rng(11)
    kind = random.integers(0, kinds, customers) if kinds > 1 else np.ones(customers, dtype=int)
    frequency = 1 + random.poisson(np.array([0.05, 3.0, 30.0])[kind])
    revenue = np.round(frequency * random.lognormal(3.5, 0.2, customers), 2)
    revenue[:5] = 1_000_000
    age = random.normal(np.array([25, 45, 65])[kind], 2)
    age[random.random(customers) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in random.permutation(customers)],
            "as_of_date": pd.Timestamp("2026-06-30").date(),
            "customer_type": "person",
            "days_since_last_order": random.poisson(np.array([600, 90, 5])[kind]).astype(float),
            "order_count": frequency.astype(float),
            "net_revenue": revenue,
            "contribution_margin": np.round(revenue * 0.3, 2),
            "contribution_margin_rate": random.normal(np.array([0.2, 0.4, 0.6])[kind], 0.02),
            "age_band_middle": age,
            "ticket_count_365d": 0.0,
        }
    )


def noise(customers: int = CUSTOMERS) -> pd.DataFrame:
    random = np.random.default_rng(5)
    frame = buyers(customers)
    for name in FEATURES:
        frame[name] = random.uniform(1, 100, customers)
    return frame


def workspace_of(home: Path, frame: pd.DataFrame, kind: str = "demo") -> Workspace:
    """A workspace with what the fit reads, as the models would have built it."""
    workspace = Workspace.at(warehouse=str(home / "warehouse.duckdb"))
    workspace.seeds.mkdir(parents=True, exist_ok=True)
    for file in BUSINESS_SEEDS.glob("*.csv"):
        shutil.copyfile(file, workspace.seeds / file.name)
    with (workspace.seeds / "model_inputs.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["model_key", "attribute_name", "scale", "low_words", "high_words"])
        writer.writerows(["clusters", name, scale, f"low {name}", f"high {name}"] for name, scale in FEATURES.items())
    with open_warehouse(workspace.warehouse) as connection:
        connection.register("frame", frame)
        connection.execute("create schema marts; create schema intake; create schema intermediate")
        connection.execute("create table intermediate.int_prediction_inputs as from frame")
        connection.execute("create table marts.customer_margin as select customer_id, as_of_date from frame")
        connection.execute(
            "create table marts.order_margins as select date '2026-01-01' as ordered_date, true as is_counted,"
            " cast(100 as decimal(18, 2)) as gross_revenue from frame"
        )
        connection.execute(
            "create table marts.attribute_catalogue as select attribute_name, 'orders' as theme,"
            " 'number' as value_type, '' as unit, '' as description, 'customer_features' as source_relation,"
            " true as is_available, cast(null as varchar) as unavailable_reason"
            f" from (values {', '.join(f'({name!r})' for name in FEATURES if name != 'age_band_middle')})"
            " as names (attribute_name)"
        )
        connection.execute(f"create table marts.build_notes as {recorded(kind=kind)}")
    return workspace


def seed_of(workspace: Workspace, name: str = "cluster_centres") -> pd.DataFrame:
    return pd.read_csv(workspace.seeds / f"{name}.csv")


def state_of(workspace: Workspace) -> dict[str, bytes]:
    """Everything that a fit writes."""
    folder = command_module.review_folder(workspace)
    files = [*workspace.seeds.glob("*.csv"), *folder.glob("*")]
    return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Small samples: what is tested here does not depend on their size."""
    choose = fitting_module.choose

    def choose_quickly(*arguments: object, **options: object) -> object:
        return choose(*arguments, **{**options, "sizes": QUICK})  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting_module, "choose", choose_quickly)
        yield


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acts as if altair were not installed, which is faster."""

    def absent() -> None:
        raise UserError("pictures need altair")

    monkeypatch.setattr(pictures, "altair", absent)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return buyers()


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame) -> Workspace:
    """Shared: read only."""
    workspace = workspace_of(tmp_path_factory.mktemp("clustered"), frame)
    cluster(workspace, method="kmeans", progress=quiet)
    return workspace


@pytest.fixture
def clustered_copy(clustered: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(clustered.home, tmp_path / "workspace")
    return Workspace.at(warehouse=str(tmp_path / "workspace" / clustered.warehouse.name))


def test_seed_card_review_and_drafts_are_written_together(clustered: Workspace, frame: pd.DataFrame) -> None:
    centres = seed_of(clustered)
    assert list(centres.columns) == COLUMNS
    assert centres["cluster_key"].drop_duplicates().tolist() == ["cluster_1", "cluster_2", "cluster_3"]
    # The feature that is the same for all is left out, and the card says so.
    assert set(centres["feature"]) == set(FEATURES) - {"ticket_count_365d"}
    spent = centres[centres["feature"] == "net_revenue"]["centre_value"].tolist()
    assert spent == sorted(spent, reverse=True)
    card = seed_of(clustered, "model_cards").set_index("model_key").loc["clusters"]
    assert card["fit_id"] == centres["fit_id"].unique().item()
    assert bool(card["is_usable"]) and card["customer_count"] == CUSTOMERS and card["as_of_date"] == "2026-06-30"
    figures = seed_of(clustered, "model_card_figures").set_index("figure")
    assert figures.loc["features left out", "note"].startswith("ticket_count_365d")
    assert figures.loc["number of clusters", "value"] == "3"
    shares = seed_of(clustered, "model_reference_shares")
    assert set(shares["input_name"]) == set(centres["feature"])
    page = (command_module.review_folder(clustered) / "index.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 4 and "ticket_count_365d" in page
    assert not any(customer in page for customer in frame["customer_id"])
    assert "href=" not in page and "src=" not in page
    rules = pd.read_csv(command_module.review_folder(clustered) / "segment_rule_conditions.csv")
    assert rules["segment_key"].nunique() == 3
    # Only attributes of the catalogue, which has no age.
    assert set(rules["attribute"]) <= set(FEATURES) - {"age_band_middle", "ticket_count_365d"}


def test_a_margin_without_costs_is_no_feature_and_no_value(tmp_path: Path, frame: pd.DataFrame) -> None:
    workspace = workspace_of(tmp_path, frame)
    reason = "the cost of goods is known for only 12 % of sales"
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute(
            "update marts.attribute_catalogue set is_available = false, unavailable_reason = $1"
            " where attribute_name = 'contribution_margin_rate'",
            [reason],
        )
        connection.execute(
            "insert into marts.attribute_catalogue (attribute_name, is_available, unavailable_reason)"
            " values ('contribution_margin', false, $1), ('visit_count_90d', false, 'source web is off')",
            [reason],
        )
    buyers_read = read_buyers(workspace, seed=1)
    assert buyers_read.features == [name for name in FEATURES if name != "contribution_margin_rate"]
    assert buyers_read.frame["contribution_margin"].isna().all()
    assert buyers_read.frame["net_revenue"].notna().all()


def test_the_order_of_rows_does_not_matter(tmp_path: Path, clustered: Workspace, frame: pd.DataFrame) -> None:
    shuffled = workspace_of(tmp_path / "shuffled", frame.sample(frac=1, random_state=5))
    cluster(shuffled, method="kmeans", progress=quiet)
    assert state_of(shuffled) == state_of(clustered)


def test_sql_assigns_every_customer_as_scikit_learn_predicts(clustered_copy: Workspace, frame: pd.DataFrame) -> None:
    """An independent calculation: the transform from the seed's own columns, and KMeans.predict.

    Then the model status says that the centres were fitted to other data: no customer has a cluster.
    """
    with open_warehouse(clustered_copy.warehouse) as connection:
        card = seed_of(clustered_copy, "model_cards").iloc[0]
        connection.execute(
            "create table intermediate.int_model_status as select 'clusters' as model_key,"
            f" '{card['fit_id']}' as fit_id, 'usable' as status"
        )
        connection.execute(
            "update intermediate.int_prediction_inputs set customer_type = 'staff' where customer_id = 'c000007'"
        )
    dbt(clustered_copy, ["seed", "--select", "cluster_centres"])
    dbt(clustered_copy, ["run", "--select", "customer_clusters"])
    centres = seed_of(clustered_copy)
    by_feature = {name: part.sort_values("cluster_key") for name, part in centres.groupby("feature")}
    keys = by_feature["net_revenue"]["cluster_key"].tolist()
    columns = []
    for name, part in by_feature.items():
        row = part.iloc[0]
        shifted = frame[name].clip(row["winsor_low"], row["winsor_high"]) - row["winsor_low"]
        scaled = np.log(1 + shifted) if FEATURES[name] == "log" else shifted
        columns.append(((scaled - row["feature_mean"]) / row["feature_spread"]).fillna(row["missing_value"]))
    points = np.column_stack(columns)
    model = KMeans(n_clusters=len(keys), n_init=1, max_iter=1, random_state=0).fit(points)
    model.cluster_centers_ = np.column_stack([part["centre"].to_numpy() for part in by_feature.values()])
    distances = np.sort(model.transform(points), axis=1)
    expected = pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "cluster_key": [keys[label] for label in model.predict(points)],
            "distance": distances[:, 0],
            "second_distance": distances[:, 1],
            "clarity": 1 - distances[:, 0] / distances[:, 1],
        }
    )
    expected = expected[expected["customer_id"] != "c000007"].sort_values("customer_id").reset_index(drop=True)
    with duckdb.connect(str(clustered_copy.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select customer_id, cluster_key, distance, second_distance, clarity"
            " from marts.customer_clusters order by 1"
        ).df()
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9)
    with open_warehouse(clustered_copy.warehouse) as connection:
        connection.execute("update intermediate.int_model_status set status = 'other_data'")
    dbt(clustered_copy, ["run", "--select", "customer_clusters"])
    with duckdb.connect(str(clustered_copy.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.customer_clusters").fetchall() == [(0,)]


@pytest.mark.usefixtures("without_pictures")
def test_without_stable_clusters_card_and_review_say_so_and_no_centres_remain(clustered_copy: Workspace) -> None:
    """The same workspace later, when its customers differ only in degree."""
    with open_warehouse(clustered_copy.warehouse) as connection:
        connection.register("frame", noise())
        connection.execute("create or replace table intermediate.int_prediction_inputs as from frame")
    with pytest.raises(CheckFailed, match="no stable clustering exists among 800 buyers"):
        cluster(clustered_copy, progress=quiet)
    assert seed_of(clustered_copy).empty
    card = seed_of(clustered_copy, "model_cards").set_index("model_key").loc["clusters"]
    assert not bool(card["is_usable"])
    assert card["summary"].startswith("No stable clustering of these customers exists")
    folder = command_module.review_folder(clustered_copy)
    assert "No stable clusters of buyers" in (folder / "index.html").read_text(encoding="utf-8")
    assert pd.read_csv(folder / "segment_definitions.csv").empty


@pytest.mark.usefixtures("without_pictures")
def test_a_forced_number_is_reported_as_forced_with_its_stability(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path, noise())
    cluster(workspace, k=4, method="ward", progress=quiet)
    assert seed_of(workspace)["cluster_key"].nunique() == 4
    card = seed_of(workspace, "model_cards").iloc[0]
    assert bool(card["is_usable"])
    assert card["summary"].startswith("4 clusters by Ward's method were requested")
    figures = seed_of(workspace, "model_card_figures").set_index("figure")
    assert figures.loc["number of clusters", "note"] == "requested with --k"
    stability = float(figures.loc["stability of 4 clusters by Ward's method", "value"])
    assert stability < 0.8 and f"Its stability is {stability:.2f}" in card["summary"]


@pytest.mark.usefixtures("without_pictures")
def test_drafts_go_into_the_library_on_request(tmp_path: Path, frame: pd.DataFrame) -> None:
    workspace = workspace_of(tmp_path, frame)
    before = seed_of(workspace, "segment_definitions")
    cluster(workspace, method="kmeans", into_library=True, progress=quiet)
    after = seed_of(workspace, "segment_definitions")
    added = after[~after["segment_key"].isin(before["segment_key"])]
    assert len(added) == 3 and set(added["status"]) == {"draft"}
    cluster(workspace, method="kmeans", into_library=True, progress=quiet)
    assert len(seed_of(workspace, "segment_definitions")) == len(after)


def test_the_shipped_seed_is_empty_with_the_right_header() -> None:
    with (BUSINESS_SEEDS / "cluster_centres.csv").open(encoding="utf-8", newline="") as handle:
        assert list(csv.reader(handle)) == [COLUMNS]


def test_too_few_customers_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path, buyers(30))
    before = state_of(workspace)
    with pytest.raises(UserError, match="30 buyers are too few for 2 clusters, 40 are needed"):
        cluster(workspace, progress=quiet)
    assert state_of(workspace) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"k": 0}, "give 2 or more"),
        ({"k": 1}, "give 2 or more"),
        ({"k": 50}, "too few for 50"),
        ({"method": "best of"}, "kmeans"),
    ],
)
def test_impossible_options_are_refused(tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        cluster(workspace_of(tmp_path, buyers(100)), progress=quiet, **options)  # type: ignore[arg-type]


def test_customers_who_are_all_alike_are_refused(tmp_path: Path) -> None:
    alike = buyers(100).assign(**dict.fromkeys(FEATURES, 3.0))
    with pytest.raises(UserError, match="no feature varies between buyers"):
        cluster(workspace_of(tmp_path, alike), progress=quiet)
    two = alike.assign(order_count=[1.0, 2.0] * 50)
    with pytest.raises(UserError, match="distinguish only 2 kinds of buyer"):
        cluster(workspace_of(tmp_path / "two", two), k=3, progress=quiet)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("clusters,no_such_attribute,log,a,b", "no_such_attribute is not a column of int_prediction_inputs"),
        ("clusters,net_revenue,root,a,b", "net_revenue has scale 'root'; write log or linear"),
    ],
)
def test_a_wrong_row_of_model_inputs_is_reported(tmp_path: Path, row: str, said: str) -> None:
    workspace = workspace_of(tmp_path, buyers(100))
    file = workspace.seeds / "model_inputs.csv"
    header = file.read_text(encoding="utf-8").splitlines()[0]
    file.write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(UserError, match=said):
        cluster(workspace, progress=quiet)
    file.write_text(f"{header}\nchurn,net_revenue,log,a,b\n", encoding="utf-8")
    with pytest.raises(UserError, match="names no attribute for `clusters`"):
        cluster(workspace, progress=quiet)


def test_an_unbuilt_warehouse_is_reported(tmp_path: Path) -> None:
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(UserError, match="no such warehouse"):
        cluster(workspace, progress=quiet)
    with open_warehouse(workspace.warehouse):
        pass
    with pytest.raises(UserError, match="run `python -m scripts build` first"):
        cluster(workspace, progress=quiet)


def dbt(workspace: Workspace, arguments: list[str]) -> None:
    """Run dbt on one workspace in this process; its target and logs are next to the warehouse."""
    from scripts.platform.dbt import run_dbt

    run_dbt(workspace, arguments, progress=quiet)
