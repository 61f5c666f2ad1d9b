"""The transfusion service by period: every event once, in its period, and units accounted for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.measures import Horizon, TransfusionAccount, Way
from disruption_sim.measures.transfusion_account import (
    NATIONAL_LEVELS,
    BalanceItem,
    transfusion_account,
)
from disruption_sim.measures.transfusion_periods import PERIODS, period_of_days
from disruption_sim.records import Alert, Late, Period
from disruption_sim.world import draw_world
from disruption_sim.world.model import URGENCIES, USES
from tests.support.by_hand_blood import FIRST_DAY, SCENARIO, few_events, nothing_happened
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

HORIZON = Horizon.of(SCENARIO)
BEFORE, DISTURBED, AFTER, WHOLE = range(4)
O_NEGATIVE, A_POSITIVE = 0, 3


def account() -> TransfusionAccount:
    return transfusion_account(SCENARIO, HORIZON, few_events())


def test_periods_are_the_days_without_the_system_and_those_around_them() -> None:
    days = period_of_days(SCENARIO)
    assert PERIODS == ("before", "disturbed", "after", "whole_run")
    assert (days[:FIRST_DAY] == Period.BEFORE).all()
    assert (days[FIRST_DAY : FIRST_DAY + 10] == Period.DISTURBED).all()
    assert (days[FIRST_DAY + 10 :] == Period.AFTER).all()
    assert account().days.tolist() == [42, 10, 4, 56]


def test_a_day_on_which_the_system_is_lost_for_an_hour_is_disturbed() -> None:
    days = 10.0 + 1.0 / 24.0
    longer = small_scenario(
        calendar__horizon_weeks=2, disruptions__transfusion_it__duration_days=days
    )
    assert np.count_nonzero(period_of_days(longer) == Period.DISTURBED) == 11


def test_days_are_disturbed_while_the_laboratories_are_without_it_and_no_longer() -> None:
    # Electronic issue is back when half of the depth is left: of 17 days, on the ninth.
    gradual = small_scenario(
        calendar__horizon_weeks=2, disruptions__transfusion_it__recovery="linear"
    )
    assert np.bincount(period_of_days(gradual), minlength=3).tolist() == [42, 9, 5]
    shallow = small_scenario(calendar__horizon_weeks=2, disruptions__transfusion_it__depth=0.4)
    assert np.bincount(period_of_days(shallow), minlength=3).tolist() == [42, 0, 14]


def test_without_a_loss_the_first_period_ends_at_the_onset() -> None:
    days = period_of_days(SCENARIO.without_disruption())
    assert np.bincount(days, minlength=3).tolist() == [42, 0, 14]


def test_both_arms_have_the_same_periods() -> None:
    world = draw_world(SCENARIO, seed=1, replication=0)
    usual = pretend_records(SCENARIO.without_disruption(), world, "baseline").transfusion
    found = transfusion_account(SCENARIO, HORIZON, usual)
    assert found.days.tolist() == [42, 10, 4, 56]


def test_units_are_in_the_period_site_way_and_use_they_belong_to() -> None:
    units = account().issues.units
    assert units[BEFORE].sum() == 0
    emergency = units[DISTURBED, 0, Way.EMERGENCY_GROUP_O]
    assert emergency.tolist() == [0, 0, 0, 6, 0]
    assert units[DISTURBED, 1, Way.SET_ASIDE, USES.index("operation")] == 2
    assert units[DISTURBED, 1, Way.CROSSMATCH].tolist() == [1, 0, 0, 0, 0]
    assert units[AFTER, 1, Way.CROSSMATCH, USES.index("obstetric")] == 1
    assert units[AFTER].sum() == 2
    assert units[WHOLE].sum() == units[:WHOLE].sum() == few_events().issued_units.sum() == 13
    by_group = account().issues.by_group
    assert by_group.sum(axis=2).tolist() == units.sum(axis=(2, 3)).tolist()
    assert by_group[WHOLE, :, O_NEGATIVE].tolist() == [2, 1]


def test_patients_count_once_and_minutes_are_over_patients() -> None:
    issues = account().issues
    assert issues.requests[DISTURBED, 0, Way.EMERGENCY_GROUP_O] == 1
    assert issues.requests[WHOLE].sum() == 6
    crossmatch = issues.minutes[:, 1, Way.CROSSMATCH]
    assert crossmatch[DISTURBED].tolist() == [40.0, 40.0]
    assert crossmatch[AFTER].tolist() == [60.0, 60.0]
    assert crossmatch[WHOLE] == pytest.approx([50.0, 58.0])
    # All sites together are the last place.
    assert issues.minutes[WHOLE, 2, Way.CROSSMATCH] == pytest.approx([50.0, 58.0])
    assert np.isnan(issues.minutes[BEFORE]).all()


def test_what_came_in_is_what_went_out_site_by_site() -> None:
    items = tuple(BalanceItem)
    balance = account().stock.balance
    came = balance[:, : items.index(BalanceItem.ISSUED)].sum(axis=1)
    went = balance[:, items.index(BalanceItem.ISSUED) :].sum(axis=1)
    assert came.tolist() == went.tolist() == [10, 8]
    assert balance[:, items.index(BalanceItem.ISSUED)].tolist() == [8, 5]
    lost = replace(few_events(), batch_left=np.zeros(4, dtype=np.int32))
    short = transfusion_account(SCENARIO, HORIZON, lost).stock.balance
    assert short[1, : items.index(BalanceItem.ISSUED)].sum() == 8 != short[1, 2:].sum()


def test_the_pretended_records_of_other_tests_conserve_units_too() -> None:
    world = draw_world(SCENARIO, seed=2, replication=0)
    found = transfusion_account(
        SCENARIO, HORIZON, pretend_records(SCENARIO, world, "disrupted").transfusion
    )
    balance = found.stock.balance
    assert balance[:, :2].sum(axis=1).tolist() == balance[:, 2:].sum(axis=1).tolist()
    assert balance[:, 2].tolist() == found.issues.units[WHOLE].sum(axis=(1, 2)).tolist()
    assert balance[:, 3].tolist() == found.stock.expired[WHOLE].sum(axis=1).tolist()


def test_stock_days_are_of_groups_and_sites_together_too() -> None:
    days = account().stock.days
    assert days[DISTURBED, 0].tolist() == [3.5] * 9
    assert days[DISTURBED, 1].tolist() == [7.0] * 9
    assert days[WHOLE, 2] == pytest.approx([14.0 / 3.0] * 9)


def test_the_blood_service_is_told_by_group_together_and_by_its_scarcest_group() -> None:
    days = account().stock.national_days
    assert days[BEFORE].tolist() == [6.0] * len(NATIONAL_LEVELS)
    # On days 7 and 9 of the ten the scarcest group holds a day less; on 11 and 13 of the last four.
    assert days[DISTURBED, NATIONAL_LEVELS.index("scarcest")] == pytest.approx(6.0 - 0.2)
    assert days[DISTURBED, NATIONAL_LEVELS.index("all")] == pytest.approx(6.0 - 0.2 / 8.0)
    assert days[AFTER, A_POSITIVE] == pytest.approx(5.5)
    alerts = account().stock.alert_days
    assert alerts[DISTURBED, [Alert.PRE_AMBER, Alert.AMBER, Alert.RED]].tolist() == [3, 1, 2]
    assert alerts.sum(axis=1).tolist() == [42, 10, 4, 56]


def test_late_requests_are_counted_by_reason_urgency_and_use() -> None:
    late = account().late
    first = (0, 0, Late.NO_STOCK, URGENCIES.index("immediate"), USES.index("major_haemorrhage"))
    assert late.requests[first] == 1
    assert late.units[first] == 2
    assert late.requests.sum() == late.by_period[WHOLE].sum() == 3
    assert late.by_period[DISTURBED].sum() == 2
    assert late.for_good.sum() == 1
    assert late.for_good[1, 1, Late.NO_STOCK, URGENCIES.index("urgent"), USES.index("trauma")] == 1
    # Minutes are of those that came in the end.
    assert late.minutes[WHOLE, Late.NO_STOCK].tolist() == [15.0, 15.0]
    assert late.minutes[WHOLE, Late.WAITED_FOR_BENCH].tolist() == [30.0, 30.0]
    assert np.isnan(late.minutes[WHOLE, Late.ROUTE_TOO_LONG]).all()


def test_bench_and_deliveries_add_up_over_the_periods() -> None:
    found = account()
    assert found.bench.samples[DISTURBED].tolist() == [70, 0]
    assert found.bench.busy_hours[WHOLE].tolist() == [42.0, 0.0]
    assert found.stock.deliveries[WHOLE].sum(axis=0).tolist() == [112, 0, 1]
    assert found.stock.withheld[DISTURBED].tolist() == [4, 0]
    for counts in (found.bench.jobs, found.stock.deliveries, found.stock.wasted):
        assert (counts[WHOLE] == counts[:WHOLE].sum(axis=0)).all()


def test_where_nothing_happened_everything_is_nought_or_unknown() -> None:
    found = transfusion_account(SCENARIO, HORIZON, nothing_happened())
    assert not found.issues.units.any()
    assert not found.late.requests.any()
    assert np.isnan(found.issues.minutes).all()
    assert not found.stock.balance.any()
