"""Each figure: it says what the tables say, fits its frame, and leaves the caller's settings be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import cast

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from disruption_sim.charts import CHARTS, Chart, Charts, operations_backlog, style
from disruption_sim.charts.operations_postponed import PARTS
from disruption_sim.charts.words import NO_BREAK
from disruption_sim.records import Cause
from tests.charts.made_up_result import MadeUpResult, made_up_result, with_recovery

pytestmark = pytest.mark.integration

VARIANTS = {
    "usual": made_up_result(),
    "slow": made_up_result(slow=True),
    "nothing happens": made_up_result(strength=0.0),
    "one short run": made_up_result(replications=1, weeks=8),
}


@pytest.fixture(autouse=True)
def no_figure_stays() -> Iterator[None]:
    yield
    pyplot.close("all")


@lru_cache(maxsize=64)
def drawn(chart: Chart, result: MadeUpResult, site: str = "all") -> Axes:
    """Draw a figure once; the tests only look at it."""
    figure = Figure(figsize=(style.WIDTH_INCHES, chart.height_inches))
    FigureCanvasAgg(figure)
    ax = chart.draw(result, figure.add_subplot(), site)
    figure.canvas.draw()
    return ax


def texts(artist: Artist) -> list[Text]:
    found = cast(list[Text], artist.findobj(Text))
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def plain(text: str) -> str:
    return text.replace("\n", " ").replace(NO_BREAK, " ")


def the(name: str) -> Chart:
    return next(chart for chart in CHARTS if chart.name == name)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_everything_written_is_inside_the_figure(chart: Chart, variant: str) -> None:
    figure = drawn(chart, VARIANTS[variant]).get_figure(root=True)
    assert figure is not None
    width, height = figure.canvas.get_width_height()
    for text in texts(figure):
        if not _in_limits(text):
            continue
        box = text.get_window_extent()
        assert box.x0 >= -1.0, text
        assert box.x1 <= width + 1.0, text
        assert box.y0 >= -1.0, text
        assert box.y1 <= height + 1.0, text


def _in_limits(text: Text) -> bool:
    """Whether a tick's label is on its axis; Matplotlib keeps the others undrawn."""
    ax = text.axes
    if ax is None or text not in ax.get_yticklabels():
        return True
    low, high = sorted(ax.get_ylim())
    return low <= text.get_position()[1] <= high


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_headings_lie_over_each_other_and_over_the_panel(chart: Chart, variant: str) -> None:
    ax = drawn(chart, VARIANTS[variant])
    figure = ax.get_figure(root=True)
    assert figure is not None
    title = next(t for t in texts(figure) if t.get_text() == ax.get_title(loc="left"))
    subtitle = next(t for t in texts(figure) if "run" in t.get_text() and t.axes is ax)
    assert title.get_window_extent().y0 >= subtitle.get_window_extent().y0
    assert subtitle.get_window_extent().y0 >= ax.get_window_extent().y1


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_text_is_text_and_never_a_formula(chart: Chart) -> None:
    figure = drawn(chart, VARIANTS["usual"]).get_figure(root=True)
    assert figure is not None
    # Axes were there before the figure, and write dates, numbers and units only.
    on_axes = [text for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for text in texts(axis)]
    named = [text for text in texts(figure) if text not in on_axes]
    assert len(named) > 5
    assert not any(text.get_parse_math() for text in named)


def test_a_site_title_with_dollars_is_drawn_as_typed() -> None:
    result = made_up_result()
    sites = tuple(
        site.model_copy(update={"title": r"The $x^{2$ & \frac Hospital"})
        if site.name == "kings"
        else site
        for site in result.scenario.network.sites
    )
    network = result.scenario.network.model_copy(update={"sites": sites})
    scenario = result.scenario.model_copy(update={"network": network})
    odd = replace(result, scenario=scenario)
    figure = drawn(the("laboratory_throughput"), odd, "kings").get_figure(root=True)
    assert figure is not None
    assert any(r"The $x^{2$ & \frac Hospital" in plain(t.get_text()) for t in texts(figure))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_axes_go_in_and_come_out_and_settings_stay(chart: Chart) -> None:
    before = dict(mpl.rcParams)
    figure, axes = pyplot.subplots(1, 2, figsize=(14.0, 6.0))
    position = axes[1].get_position()
    assert chart.draw(VARIANTS["usual"], axes[1], "all") is axes[1]
    assert dict(mpl.rcParams) == before
    # The other panel was not pushed aside.
    assert axes[0].get_position().x0 == pytest.approx(0.125)
    assert axes[1].get_position(original=True).x0 == position.x0
    assert len(figure.axes) > 2


def test_figures_are_methods_of_the_result() -> None:
    charts = Charts(VARIANTS["usual"])
    for chart in CHARTS:
        ax = getattr(charts, chart.name)(site="kings")
        assert isinstance(ax, Axes)
        assert chart.name in repr(charts)


def test_bars_add_up_to_the_postponed_operations() -> None:
    result = VARIANTS["usual"]
    ax = drawn(the("operations_postponed"), result)
    heights: dict[float, float] = {}
    for container in ax.containers:
        for bar in container:
            middle = round(bar.get_x() + bar.get_width() / 2.0, 3)
            heights[middle] = heights.get(middle, 0.0) + bar.get_height()
    weekly = result.weekly
    expected = weekly[
        (weekly["measure"] == "operations_postponed")
        & (weekly["arm"] == "disrupted")
        & (weekly["site"] == "all")
    ]["mean"]
    np.testing.assert_allclose([heights[key] for key in sorted(heights)], expected)


def test_the_key_names_every_cause_with_its_total() -> None:
    result = VARIANTS["usual"]
    ax = drawn(the("operations_postponed"), result)
    written = [text.get_text() for text in ax.texts]
    causes = result.weekly_causes
    own = causes[(causes["arm"] == "disrupted") & (causes["site"] == "all")]
    assert sorted(cause for part in PARTS for cause in part.causes) == sorted(Cause)
    for part in PARTS:
        assert part.title in written
        names = [cause.name.lower() for cause in part.causes]
        total = own.loc[own["cause"].isin(names), "mean"].sum()
        if total < 1000.0:
            assert f"{total:.0f}" in written


def test_bars_do_not_reach_into_the_key() -> None:
    ax = drawn(the("operations_postponed"), VARIANTS["one short run"])
    lowest = min(text.get_window_extent().y0 for text in ax.texts if text.get_text() in _titles())
    last = max(patch.get_window_extent().x0 for patch in ax.patches)
    tops = [
        patch.get_window_extent().y1
        for patch in ax.patches
        if patch.get_window_extent().x0 > last - 1.0
    ]
    assert max(tops) < lowest


def _titles() -> set[str]:
    return {part.title for part in PARTS}


@pytest.mark.parametrize(
    ("chart", "variant", "finding"),
    [
        ("operations_postponed", "usual", "The incident postpones"),
        ("operations_postponed", "one short run", "(one run)"),
        ("appointments_postponed", "nothing happens", "No outpatient appointment is postponed"),
        ("operations_backlog", "usual", "recovered after 21 weeks (median; 90 % of runs 18 to 25)"),
        ("operations_backlog", "slow", "not recovered within 36 weeks in 3 of 10 runs"),
        ("operations_backlog", "nothing happens", "No backlog of operations builds up"),
        ("laboratory_throughput", "usual", "15 % of normal in their worst week (1)"),
        ("red_cells_by_route", "usual", "Electronic issue falls to 0 % of the red cells in week"),
        ("red_cells_by_route", "nothing happens", "by the same routes as without the incident"),
        ("o_negative", "usual", "more O-negative units"),
        ("o_negative", "usual", "36 more days in an amber or red alert"),
    ],
)
def test_titles_state_the_finding(chart: str, variant: str, finding: str) -> None:
    title = plain(drawn(the(chart), VARIANTS[variant]).get_title(loc="left"))
    assert finding in title
    assert finding in plain(the(chart).alt_text(VARIANTS[variant], "all"))


def test_the_title_counts_what_the_summary_counts() -> None:
    result = VARIANTS["usual"]
    summary = result.summary
    row = summary[
        (summary["measure"] == "operations_postponed_incident")
        & (summary["arm"] == "excess")
        & (summary["site"] == "all")
    ].iloc[0]
    title = plain(the("operations_postponed").alt_text(result, "all"))
    assert f"{round(row['mean'] / 10.0) * 10:,}" in title
    assert f"{round(row['q95'] / 10.0) * 10:,}" in title


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"median_weeks": np.nan, "q05_weeks": np.nan, "q95_weeks": np.nan, "n_censored": 10},
            "not recovered within 36 weeks in 10 of 10 runs",
        ),
        (
            {"q95_weeks": np.nan, "n_censored": 1},
            "recovered after 21 weeks (median; 90 % of runs 18 to more than 36), "
            "not recovered within 36 weeks in 1 of 10 runs",
        ),
        (
            {"median_weeks": 0.0, "q05_weeks": 0.0, "q95_weeks": 0.0},
            "never beyond the tolerance",
        ),
        ({"n": 1}, "recovered after 21 weeks (one run)"),
    ],
)
def test_recovery_is_told_plainly(changes: dict[str, float], words: str) -> None:
    result = with_recovery(made_up_result(), **changes)
    assert plain(operations_backlog.recovery_in_words(result)) == words
    assert words in plain(drawn(the("operations_backlog"), result).get_title(loc="left"))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_an_unknown_site_is_answered_with_the_known_ones(chart: Chart) -> None:
    with pytest.raises(ValueError, match=r"kings"):
        chart.draw(VARIANTS["usual"], None, "kingz")


def test_weeks_without_a_number_are_gaps() -> None:
    result = made_up_result()
    weekly = result.weekly.copy()
    share = weekly["measure"].str.startswith("laboratory_throughput")
    weekly.loc[share & (weekly["week"] == 3), ["mean", "q05", "q25", "q50", "q75", "q95"]] = np.nan
    holed = replace(result, weekly=weekly)
    drawn(the("laboratory_throughput"), holed)
    assert "nan" not in the("laboratory_throughput").alt_text(holed, "all")


def test_bars_of_tubes_all_reach_a_hundred_and_only_count_all_sources_together() -> None:
    chart = the("where_the_tubes_went")
    table = chart.data(VARIANTS["usual"], "all")
    assert table.groupby("week")["share"].sum().tolist() == pytest.approx([1.0] * 40)
    assert (table["site"] == "all").all()
    ax = drawn(chart, VARIANTS["usual"])
    tops = [bar.get_y() + bar.get_height() for layer in ax.containers for bar in layer]
    assert max(tops) == pytest.approx(100.0)
    low, high = ax.get_ylim()
    assert (low, high > 105.0) == (0.0, True)
    assert max(ax.get_yticks()) == 100.0


def test_the_title_of_the_tubes_says_what_became_of_those_of_the_worst_week() -> None:
    chart = the("where_the_tubes_went")
    said = plain(drawn(chart, VARIANTS["usual"]).get_title(loc="left"))
    table = chart.data(VARIANTS["usual"], "all").query("week == 1").set_index("fate")["share"]
    ours = table["reported"] + table["reported_after_repeat"]
    assert said.startswith(f"Of the samples wanted in week 1, {100.0 * ours:.0f} % are reported")
    assert f"{100.0 * table['never_taken']:.0f} % not asked for" in said
    quiet = plain(drawn(chart, VARIANTS["nothing happens"]).get_title(loc="left"))
    assert quiet == "Laboratories report nearly all samples of every week"


def test_bars_of_red_cells_add_up_to_the_units_and_are_on_one_scale() -> None:
    result = VARIANTS["usual"]
    chart = the("red_cells_by_route")
    upper = drawn(chart, result)
    figure = upper.get_figure(root=True)
    assert figure is not None
    lower = next(ax for ax in figure.axes if ax is not upper and ax.containers)
    for panel, arm in ((upper, "disrupted"), (lower, "baseline")):
        tops = [max(bar.get_y() + bar.get_height() for bar in week) for week in _by_week(panel)]
        table = chart.data(result, "all")
        table = table[table["arm"] == arm]
        np.testing.assert_allclose(tops, table.groupby("week")["mean"].sum())
    points = [
        panel.get_window_extent().height / (panel.get_ylim()[1] - panel.get_ylim()[0])
        for panel in (upper, lower)
    ]
    assert points[0] == pytest.approx(points[1], rel=0.01)


def _by_week(panel: Axes) -> list[tuple[Rectangle, ...]]:
    return list(zip(*panel.containers, strict=True))


def test_the_blood_service_s_alerts_are_lines_at_their_levels() -> None:
    result = VARIANTS["usual"]
    figure = drawn(the("o_negative"), result).get_figure(root=True)
    assert figure is not None
    service = next(ax for ax in figure.axes if ax.get_ylabel() == "Days, blood service")
    heights = [np.asarray(line.get_ydata()) for line in service.get_lines()]
    levels = [float(line[0]) for line in heights if line.size == 2]
    alerts = result.scenario.transfusion.blood_service.alerts
    assert levels == [phase.trigger_days for phase in alerts]
    written = {text.get_text() for text in service.texts}
    assert {"pre-amber", "amber", "red"} <= written


def test_no_red_cells_at_all_are_drawn_too() -> None:
    result = made_up_result(weeks=8)
    weekly = result.weekly.copy()
    route = weekly["measure"].str.startswith("red_cells_")
    weekly.loc[route, ["mean", "q05", "q25", "q50", "q75", "q95"]] = 0.0
    nothing = replace(result, weekly=weekly)
    assert (
        drawn(the("red_cells_by_route"), nothing).get_title(loc="left") == "No red cells are issued"
    )


def test_bars_of_later_and_earlier_patients_add_up_to_the_net_backlog() -> None:
    result = VARIANTS["usual"]
    ax = drawn(the("who_waited_longer"), result)
    heights = sum(np.array([bar.get_height() for bar in container]) for container in ax.containers)
    weekly = result.weekly
    net = weekly[
        (weekly["measure"] == "operations_backlog")
        & (weekly["arm"] == "disrupted")
        & (weekly["site"] == "all")
    ]["mean"]
    np.testing.assert_allclose(heights, net)
    title = plain(ax.get_title(loc="left"))
    assert title.startswith("In week 7, ")
    assert title.endswith("% of whom were never postponed")
