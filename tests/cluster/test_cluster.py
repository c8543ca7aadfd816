"""Centres are a function of the data alone, and SQL assigns every customer as scikit-learn would."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from scripts.cluster import COLUMNS, FEATURES, cluster, describe
from scripts.errors import UserError
from scripts.warehouse import open_warehouse
from scripts.world import BUSINESS_SEEDS, World

CUSTOMERS = 2_000


def quiet(_: str) -> None:
    return None


def buyers(customers: int = CUSTOMERS) -> pd.DataFrame:
    """Three kinds of buyers with losses, single orders and outliers among them."""
    random = np.random.default_rng(11)
    kind = random.integers(0, 3, customers)
    frequency = 1 + random.poisson(np.array([0.2, 2.0, 9.0])[kind])
    monetary = np.round(frequency * random.lognormal(3.5, 0.6, customers), 2)
    monetary[:5] = 1_000_000
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in random.permutation(customers)],
            "as_of_date": pd.Timestamp("2026-06-30").date(),
            "recency_days": random.integers(0, np.array([700, 200, 40])[kind]),
            "frequency": frequency,
            "monetary": monetary,
            "contribution_margin": np.round(monetary * random.normal(0.3, 0.3, customers), 2),
        }
    )


def world_of(home: Path, frame: pd.DataFrame, kind: str = "demo") -> World:
    world = World.at(warehouse=str(home / "warehouse.duckdb"))
    with open_warehouse(world.warehouse) as connection:
        connection.register("frame", frame)
        connection.execute("create schema marts; create schema intake")
        connection.execute(
            """
            create table marts.customer_rfm as
            select customer_id, as_of_date, cast(recency_days as int) as recency_days,
                cast(frequency as bigint) as frequency, cast(monetary as decimal(18, 2)) as monetary
            from frame
            """
        )
        connection.execute(
            """
            create table marts.customer_margin as
            select customer_id, cast(contribution_margin as decimal(18, 2)) as contribution_margin from frame
            """
        )
        connection.execute(
            "create table intake.settings as select * from"
            f" (values ('kind', '{kind}'), ('as_of_date', '2026-06-30')) as t(setting_name, setting_value)"
        )
    return world


def centres_of(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, float_precision="round_trip")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return buyers()


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame) -> World:
    world = world_of(tmp_path_factory.mktemp("cluster"), frame)
    cluster(world, progress=quiet)
    return world


def test_the_seed_has_one_row_per_cluster_and_feature(clustered: World) -> None:
    centres = centres_of(clustered.seeds / "cluster_centres.csv")
    assert list(centres.columns) == COLUMNS
    count = centres["cluster_key"].nunique()
    assert 3 <= count <= 8
    assert len(centres) == count * len(FEATURES)
    assert centres["cluster_name"].nunique() == count
    assert set(centres["world_kind"]) == {"demo"}
    assert set(centres["as_of_date"]) == {"2026-06-30"}
    assert set(centres["customer_count"]) == {CUSTOMERS}
    assert centres["silhouette"].between(0, 1).all()
    spent = centres[centres["feature"] == "monetary"]["centre_value"].tolist()
    assert spent == sorted(spent, reverse=True)


def test_the_order_of_rows_does_not_matter(tmp_path: Path, clustered: World, frame: pd.DataFrame) -> None:
    shuffled = world_of(tmp_path, frame.sample(frac=1, random_state=5))
    file = cluster(shuffled, progress=quiet)
    assert file.read_bytes() == (clustered.seeds / "cluster_centres.csv").read_bytes()


def test_a_given_count_is_kept_and_the_seed_matters_little(tmp_path: Path, frame: pd.DataFrame) -> None:
    world = world_of(tmp_path, frame)
    one = centres_of(cluster(world, k=4, seed=1, progress=quiet))
    two = centres_of(cluster(world, k=4, seed=2, progress=quiet))
    assert one["cluster_key"].nunique() == 4
    assert np.allclose(one["centre"], two["centre"], atol=0.05)


def test_sql_assigns_every_customer_as_scikit_learn_predicts(clustered: World, frame: pd.DataFrame) -> None:
    """An independent computation: the transform from the seed's own columns, and KMeans.predict."""
    dbt(clustered, ["seed", "--select", "cluster_centres"])
    dbt(clustered, ["run", "--select", "customer_clusters"])
    centres = centres_of(clustered.seeds / "cluster_centres.csv")
    by_feature = {name: part.sort_values("cluster_key") for name, part in centres.groupby("feature")}
    keys = by_feature["monetary"]["cluster_key"].tolist()
    columns = []
    for name in FEATURES:
        part = by_feature[name].iloc[0]
        clipped = frame[name].astype(float).clip(part["winsor_low"], part["winsor_high"])
        columns.append((np.log(1 + clipped - part["winsor_low"]) - part["log_mean"]) / part["log_sd"])
    points = np.column_stack(columns)
    model = KMeans(n_clusters=len(keys), n_init=1, max_iter=1, random_state=0).fit(points)
    model.cluster_centers_ = np.column_stack([by_feature[name]["centre"].to_numpy() for name in FEATURES])
    labels = model.predict(points)
    expected = dict(zip(frame["customer_id"], (keys[label] for label in labels), strict=True))
    with duckdb.connect(str(clustered.warehouse), read_only=True) as connection:
        found = connection.execute("select customer_id, cluster_key, distance from marts.customer_clusters").fetchall()
    assert {customer: key for customer, key, _ in found} == expected
    distances = np.linalg.norm(points - model.cluster_centers_[labels], axis=1)
    by_customer = dict(zip(frame["customer_id"], distances, strict=True))
    assert np.allclose([by_customer[customer] for customer, _, _ in found], [distance for _, _, distance in found])


def test_centres_of_other_data_give_nobody_a_cluster(clustered: World) -> None:
    with open_warehouse(clustered.warehouse) as connection:
        connection.execute("update intake.settings set setting_value = 'own' where setting_name = 'kind'")
    try:
        dbt(clustered, ["seed", "--select", "cluster_centres"])
        dbt(clustered, ["run", "--select", "customer_clusters"])
        with duckdb.connect(str(clustered.warehouse), read_only=True) as connection:
            assert connection.execute("select count(*) from marts.customer_clusters").fetchall() == [(0,)]
    finally:
        with open_warehouse(clustered.warehouse) as connection:
            connection.execute("update intake.settings set setting_value = 'demo' where setting_name = 'kind'")


def test_what_ships_is_an_empty_seed_with_the_right_header() -> None:
    with (BUSINESS_SEEDS / "cluster_centres.csv").open(encoding="utf-8", newline="") as handle:
        assert list(csv.reader(handle)) == [COLUMNS]


def test_too_few_customers_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    world = world_of(tmp_path, buyers(30))
    with pytest.raises(UserError, match="30 buyers are too few for 3 clusters, 60 are needed"):
        cluster(world, progress=quiet)
    assert not (world.seeds / "cluster_centres.csv").exists()


@pytest.mark.parametrize(("k", "said"), [(0, "at least 2"), (1, "at least 2"), (500, "too few for 500")])
def test_an_impossible_count_is_refused(clustered: World, k: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        cluster(clustered, k=k, progress=quiet)


def test_customers_who_are_all_alike_are_refused(tmp_path: Path) -> None:
    alike = buyers(100).assign(recency_days=5, frequency=1, monetary=10.0, contribution_margin=3.0)
    with pytest.raises(UserError, match="only 1 kinds of buyers differ"):
        cluster(world_of(tmp_path, alike), progress=quiet)


def test_an_unbuilt_warehouse_is_named(tmp_path: Path) -> None:
    world = World.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(UserError, match="no such warehouse"):
        cluster(world, progress=quiet)
    with open_warehouse(world.warehouse):
        pass
    with pytest.raises(UserError, match="run `python -m scripts build` first"):
        cluster(world, progress=quiet)


def test_names_say_how_a_cluster_differs_and_are_unique() -> None:
    centres = np.array([[-1.0, 1.0, 1.0, 1.0], [0.0, 0.1, -0.2, 0.0], [0.1, 0.0, 0.0, 0.0], [2.0, -0.6, 0.0, 0.0]])
    assert describe(centres) == [
        "Recent, frequent, high spending, high margin",
        "Average",
        "Average (group 2)",
        "Long absent, one-off",
    ]


def dbt(world: World, arguments: list[str]) -> None:
    """Run dbt on one world in this process; its target and logs lie beside the warehouse."""
    from scripts.dbt import run_dbt
    from scripts.pipeline import copy_missing_seeds

    copy_missing_seeds(world, quiet)
    run_dbt(world, arguments, progress=quiet)
