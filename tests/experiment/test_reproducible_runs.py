"""The same numbers to the bit, whatever the workers, and from the results folder itself."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from disruption_sim.experiment import Result, run, sweep
from disruption_sim.scenario import Scenario, load_scenario
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.end_to_end

TABLES = (
    "weekly",
    "summary",
    "causes",
    "weekly_causes",
    "recovery",
    "turnaround",
    "replications",
)
SEED = 2**63 + 12345


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario(("kings",), calendar__horizon_weeks=3)


@pytest.fixture(scope="module")
def one_worker(scenario: Scenario) -> Result:
    return run(scenario, replications=4, seed=SEED, workers=1)


def assert_equal(left: Result, right: Result) -> None:
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(left, table), getattr(right, table), check_exact=True)


def test_four_workers_give_the_numbers_of_one(scenario: Scenario, one_worker: Result) -> None:
    assert_equal(run(scenario, replications=4, seed=SEED, workers=4), one_worker)


def test_the_scenario_of_the_folder_gives_every_number_again(
    one_worker: Result, tmp_path: Path
) -> None:
    folder = one_worker.save(tmp_path / "out")
    again = run(load_scenario(folder / "scenario.yaml"), replications=4, seed=SEED, workers=1)
    assert_equal(again, one_worker)
    figures = {path.suffix for path in (folder / "charts").iterdir()}
    assert {".png", ".svg", ".csv", ".txt"} <= figures
    assert not any((folder / "charts").glob("*.tmp"))


def test_another_seed_gives_other_numbers(scenario: Scenario, one_worker: Result) -> None:
    # Seeds that agree in their lower 32 and 16 bits must not give the same world.
    other = run(scenario, replications=1, seed=SEED - 2**32, workers=1)
    first = one_worker.replications.query("replication == 0").reset_index(drop=True)
    assert not other.replications.equals(first)


def test_more_replications_leave_the_first_ones_as_they_were(
    scenario: Scenario, one_worker: Result
) -> None:
    fewer = run(scenario, replications=2, seed=SEED, workers=1).replications
    first = one_worker.replications.query("replication < 2").reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer, first, check_exact=True)


def test_without_a_disruption_the_arms_are_equal_to_the_bit(scenario: Scenario) -> None:
    result = run(scenario.without_disruption(), replications=2, seed=SEED, workers=1)
    by_arm = result.weekly.set_index(["measure", "site", "week"])
    baseline, disrupted = (
        by_arm[by_arm["arm"] == arm]["mean"] for arm in ("baseline", "disrupted")
    )
    pd.testing.assert_series_equal(disrupted, baseline, check_exact=True)
    assert (result.recovery["median_weeks"] == 0.0).all()


def test_every_patient_is_done_removed_or_still_waiting(one_worker: Result) -> None:
    means = one_worker.weekly.query("site == 'all' and arm == 'disrupted'").pivot_table(
        index="week", columns="measure", values="mean"
    )
    net = means["patients_later"] - means["patients_earlier"]
    pd.testing.assert_series_equal(net, means["operations_backlog"], check_names=False)
    assert (means["operations_postponed_incident"] <= means["operations_postponed"]).all()
    assert (means["busiest_station_utilisation"] <= 1.0).all()


def test_a_sweep_over_processes_gives_what_a_run_gives(
    scenario: Scenario, one_worker: Result, tmp_path: Path
) -> None:
    depth = "disruptions.laboratory_it_hub.depth"
    store = sweep(
        scenario, {depth: [0, 1]}, replications=2, seed=SEED, store=tmp_path / "s", workers=2
    )
    table = store.table()
    point = table.query("point == 1")[one_worker.replications.columns].reset_index(drop=True)
    run_alone = one_worker.replications.query("replication < 2").reset_index(drop=True)
    pd.testing.assert_frame_equal(point, run_alone, check_exact=True)
    reported = table.query("measure == 'tubes_reported' and arm == 'disrupted'")
    by_depth = reported.groupby(depth)["value"].mean()
    assert by_depth.loc[0] > by_depth.loc[1]
