from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from disruption_sim.experiment import Result, run
from disruption_sim.experiment import replication as replication_module
from disruption_sim.measures import MEASURES
from disruption_sim.scenario import Scenario
from disruption_sim.world import World
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=6)
STATISTICS = ["mean", "q05", "q25", "q50", "q75", "q95", "half_width_95", "n"]


@pytest.fixture(scope="module")
def result() -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication_module, "simulate", pretend_records)
        return run(SCENARIO, replications=5, seed=2**64 - 1, workers=1)


def test_weekly_has_a_row_for_each_week_site_measure_and_arm(result: Result) -> None:
    weekly = result.weekly
    assert list(weekly.columns) == ["week_start", "week", "site", "measure", "arm", *STATISTICS]
    assert set(weekly["site"]) == {"st_thomas", "kings", "all"}
    assert set(weekly["arm"]) == {"baseline", "disrupted", "excess"}
    assert set(weekly["measure"]) == {measure.name for measure in MEASURES}
    by_site = sum(measure.by_site for measure in MEASURES)
    assert len(weekly) == 6 * 3 * (len(MEASURES) + 2 * by_site)
    assert not weekly.duplicated(["week", "site", "measure", "arm"]).any()
    assert weekly["week_start"].min() == pd.Timestamp("2024-06-03")
    weeks = (weekly["week_start"] - pd.Timestamp("2024-06-03")).dt.days // 7 + 1
    assert (weeks == weekly["week"]).all()
    assert (weekly["week_start"].dt.day_of_week == 0).all()


def test_excess_is_the_mean_of_paired_differences(result: Result) -> None:
    means = result.weekly.pivot_table(
        index=["measure", "site", "week"], columns="arm", values="mean", dropna=False
    )
    np.testing.assert_allclose(means["disrupted"] - means["baseline"], means["excess"], atol=1e-9)


def test_counts_of_the_weeks_add_up_to_the_summary(result: Result) -> None:
    counts = [measure.name for measure in MEASURES if measure.over_weeks.value == "sum"]
    weekly = result.weekly[result.weekly["measure"].isin(counts)]
    summed = weekly.groupby(["site", "measure", "arm"])["mean"].sum()
    summary = result.summary.set_index(["site", "measure", "arm"])["mean"]
    np.testing.assert_allclose(summed, summary.loc[summed.index], rtol=1e-9)


def test_causes_add_up_to_the_operations_postponed(result: Result) -> None:
    causes = result.causes.groupby("arm")["mean"].sum()
    postponed = result.summary.query("measure == 'operations_postponed' and site == 'all'")
    whole = postponed.set_index("arm")["mean"]
    assert causes["disrupted"] == pytest.approx(whole["disrupted"])
    by_week = result.weekly_causes.query("arm == 'disrupted' and site == 'all'")
    assert by_week["mean"].sum() == pytest.approx(whole["disrupted"])


def test_replications_have_one_row_per_arm_and_measure(result: Result) -> None:
    table = result.replications
    assert list(table.columns) == ["replication", "arm", "measure", "value"]
    assert not table.duplicated(["replication", "arm", "measure"]).any()
    assert result.done == (0, 1, 2, 3, 4)
    recovery = table[table["measure"].str.startswith("recovery_weeks_")]
    assert set(recovery["arm"]) == {"disrupted"}
    assert len(recovery) == 5 * 4
    assert not (recovery["value"] < 0).any()


def test_turnaround_stands_beside_its_standard(result: Result) -> None:
    emergency = result.turnaround.query(
        "source == 'emergency_department' and arm == 'baseline' and site == 'all'"
    )
    assert len(emergency) == 6
    assert set(emergency["standard_hours"]) == {1.0}
    assert set(emergency["outer_limit_hours"]) == {2.0}
    assert set(emergency["standard_share"]) == {0.9}
    assert emergency["mean"].between(0.9, 1.0).all()


def test_recovery_has_every_clock(result: Result) -> None:
    recovery = result.recovery.set_index("clock")
    assert list(recovery.index) == [
        "laboratory_turnaround",
        "results_entered_back",
        "operations_backlog",
        "appointments_backlog",
    ]
    assert set(recovery["n"]) == {5}
    assert set(recovery["window_days"]) == {7}
    operations = recovery.loc["operations_backlog"]
    assert operations["n_censored"] + 5 * operations["share_recovered"] == 5
    assert operations["tolerance"] > 0


def backlog_that_stays(scenario: Scenario, world: World, arm: str) -> object:
    records = pretend_records(scenario, world, arm)
    if arm == "disrupted" and world.replication < 3:
        done = records.surgery.done_at
        hit = done > scenario.calendar.week_1_hour
        done[hit] = np.nan
    return records


def test_runs_that_end_before_recovery_are_censored_not_minus_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replication_module, "simulate", backlog_that_stays)
    result = run(SCENARIO, replications=4, workers=1)
    row = result.recovery.set_index("clock").loc["operations_backlog"]
    assert (row["n"], row["n_censored"], row["share_recovered"]) == (4, 3, 0.25)
    assert row[["median_weeks", "q95_weeks"]].isna().all()
    values = result.replications.query("measure == 'recovery_weeks_operations_backlog'")["value"]
    assert values.isna().tolist() == [True, True, True, False]
    # Back to normal means for seven days in a row, of 42.
    assert row["seen_weeks"] == 36.0 / 7.0
    assert any(
        "later than 5 weeks" in line and "3 of 4 runs end too early to see it" in line
        for line in result.answer
    )


def test_a_result_shows_its_answer_and_escapes_what_users_typed(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repr(result) == "<Result of small: n = 5, seed 18446744073709551615>"
    shown = result._repr_html_()
    assert "Operations postponed because of the incident:" in shown
    assert "<table" in shown
    assert "5 replications, seed 18446744073709551615" in shown
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    loud = SCENARIO.model_copy(update={"title": "<script>alert(1)</script>"})
    assert "<script>" not in run(loud, replications=1, workers=1)._repr_html_()


def test_one_run_has_no_interval_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    answer = " ".join(run(SCENARIO, replications=1, workers=1).answer)
    assert "90 %" not in answer
    assert "of 1 runs" not in answer
