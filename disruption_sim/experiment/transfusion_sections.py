"""What a transfusion practitioner asks first, in sentences and small tables."""

from __future__ import annotations

from dataclasses import dataclass

from disruption_sim.experiment.replication import BASELINE, DISRUPTED, EXCESS
from disruption_sim.experiment.sections import Section
from disruption_sim.experiment.tidy_words import (
    UNKNOWN,
    Write,
    in_words,
    mean_of,
    one_digit,
    percent,
    spread,
    two_digits,
    where,
    whole,
)
from disruption_sim.experiment.transfusion_in_short import NOTHING_LOST
from disruption_sim.experiment.transfusion_periods import BLOOD_SERVICE
from disruption_sim.experiment.transfusion_reading import (
    DISTURBED,
    O_NEGATIVE,
    PHASES,
    SCARCEST,
    WHOLE_RUN,
    TransfusionTables,
)
from disruption_sim.experiment.turnaround_tables import ALL
from disruption_sim.measures import BalanceItem, Way
from disruption_sim.records import Late
from disruption_sim.world.model import URGENCIES, USES

SURGICAL = ("operation", "trauma", "major_haemorrhage")
# Per cent of units, Tinegate 2016.
NATIONAL = {"medical": "67", "obstetric": "6", "surgical": "27", ALL: "100"}
USES_TEXT = """\
Mean units a week of the future without the incident. National: 46,111 units of England and north
Wales in 2014 (Tinegate 2016), whose surgical use is taken to have trauma and major haemorrhage in
it. Hospitals in which hearts and livers are operated on and the badly injured arrive have more
surgical use than the country, others less: see the hospitals below."""
BENCHMARK_TEXT = """\
Without the incident, over the whole run; of minutes the median. What is usual is of other
hospitals. Of what expires, units made to order for one patient and not needed are a rate that the
scenario states (`transfusion.made_to_order`); the rest follows from stock, age and use."""
WAYS_TEXT = """\
{when} Units a week, and minutes from the request until they were there: median / 90th percentile
over patients. What was set aside in advance is there when it is asked for. The ways add up to
all."""
GROUP_O_TEXT = """\
Means a week or over the days, both futures on the same days. The stock of hospitals is what they
hold in laboratory and satellite fridges, set aside or not, over the use planned for a day; that of
the blood service is national."""
LATE_TEXT = """\
Requests a week of which not everything compatible was there when it was due, each with the first
reason that holds. By urgency and by use the same requests are counted again. Minutes: from when
it was due until the last unit came, of those that came."""
BENCH_TEXT = """\
A week, both futures on the same days. Second samples are drawn only because a blood group has to be
found twice before blood of that group is given. Wrong blood in tube is a known rate times the
samples, higher by hand: what to expect, not what happened to anybody in the model."""
SITES_TEXT = """\
Without the incident, to with it, on the same days. Surgical: operations, trauma and major
haemorrhage in ordinary running, % of units. Busy: hours worked at the bench, % of those on duty.
Stock: days of all groups together."""
SUPPLY_TEXT = """\
A week, both futures on the same days. Returned: had been set aside for an operation and went back
to stock."""
BALANCE_TEXT = """\
The whole run, warm-up included. What was there at the start and what was delivered is what was
issued, expired, was wasted or is left."""
WHILE_LOST = "While transfusion information technology is lost anywhere."


def sections(tables: TransfusionTables) -> list[Section]:
    """Return the page in its parts.

    Parameters
    ----------
    tables : TransfusionTables
        Where transfusion information technology is never lost the two futures are compared over
        the whole run.
    """
    told = _Told(tables)
    return [
        told.uses(),
        told.benchmarks(),
        told.ways(),
        told.group_o(),
        told.late(),
        told.bench(),
        told.sites(),
        told.supply(),
        told.balance(),
    ]


@dataclass(frozen=True)
class _Told:
    tables: TransfusionTables

    def uses(self) -> Section:
        table = where(self.tables.blood_by_use, period=WHOLE_RUN, site=ALL, arm=BASELINE)
        units = mean_of(where(table, use=ALL), 0.0)

        def row(title: str, *uses: str, national: str = "") -> list[str]:
            own = [where(table, use=use) for use in uses]
            issued = sum(mean_of(rows, 0.0) for rows in own)
            share = percent(issued / units) if units > 0.0 else UNKNOWN
            told = spread(own[0], whole, "0") if len(own) == 1 else whole(issued)
            return [title, told, share, national]

        rows = [
            row("Medical", "medical", national=NATIONAL["medical"]),
            row("Obstetric", "obstetric", national=NATIONAL["obstetric"]),
            row("Surgical", *SURGICAL, national=NATIONAL["surgical"]),
            *(row(f"of which {in_words(use)}", use) for use in SURGICAL),
            row("All", ALL, national=NATIONAL[ALL]),
        ]
        heads = ["Red cells for", "Units a week", "% of units", "National, %"]
        return Section("Ordinary running: what for", USES_TEXT, heads, rows)

    def benchmarks(self) -> Section:
        def share(part: str, item: str) -> str:
            return spread(self.tables.item(part, item, WHOLE_RUN, BASELINE), percent)

        def minutes(way: Way) -> str:
            name = way.name.lower()
            table = where(self.tables.blood_by_route, period=WHOLE_RUN, site=ALL, way=name)
            return spread(where(table, item="median_minutes", arm=BASELINE), whole)

        stock = where(self.tables.stock_days(WHOLE_RUN, ALL, ALL), arm=BASELINE)
        orders = "hospitals' orders in the 2020s, NHSBT in the press"
        handbooks = "handbooks of laboratories (Waterford, Gloucestershire, Hawke's Bay)"
        losses = "about 5 in the mid-2000s; 2 to 3 today is common knowledge, unverified"
        answer = "parliamentary answer 150735, 2018"
        rows = [
            ["O-negative, % of units issued", share("issues", "o_negative_share"), "13 to 16",
             orders],
            ["Expired or wasted, % of units issued", share("issues", "expired_or_wasted_share"),
             "2 to 5", losses],
            ["of which expired, %", share("issues", "expired_share"), "most of it", ""],
            ["Stock, days", spread(stock, one_digit), "5 to 6", answer],
            ["Emergency group O, minutes", minutes(Way.EMERGENCY_GROUP_O), "0", ""],
            ["Group-specific, minutes", minutes(Way.GROUP_SPECIFIC), "10 to 15", handbooks],
            ["Electronic issue, minutes", minutes(Way.ELECTRONIC_ISSUE), "about 10", handbooks],
            ["Crossmatch, minutes", minutes(Way.CROSSMATCH), "40 to 60", handbooks],
            ["Bench: hours worked, % of those on duty", share("bench", "utilisation"), "", ""],
        ]  # fmt: skip
        heads = ["Ordinary running", "Model", "Usual", "Where from"]
        return Section("Ordinary running: how good", BENCHMARK_TEXT, heads, rows)

    def ways(self) -> Section:
        table = where(self.tables.blood_by_route, period=self.tables.period, site=ALL)
        rows = []
        for way in Way:
            own = where(table, way=way.name.lower())
            cells = [
                spread(where(own, item="units_a_week", arm=arm), whole, "0")
                for arm in (BASELINE, DISRUPTED)
            ]
            for arm in (BASELINE, DISRUPTED):
                minutes = [
                    whole(mean_of(where(own, item=f"{name}_minutes", arm=arm)))
                    for name in ("median", "q90")
                ]
                cells.append(" / ".join(minutes))
            rows.append([way.title, *cells])
        units = [
            spread(self.tables.item("issues", "red_cells", self.tables.period, arm), whole)
            for arm in (BASELINE, DISRUPTED)
        ]
        rows.append(["All", *units, "", ""])
        when = WHILE_LOST if self.tables.period == DISTURBED else NOTHING_LOST
        heads = [
            "Way to blood", "Units, normal", "Units, incident", "Minutes, normal",
            "Minutes, incident",
        ]  # fmt: skip
        return Section("How blood gets to patients", WAYS_TEXT.format(when=when), heads, rows)

    def group_o(self) -> Section:
        rows = [
            self._compared("Red cells issued, units a week", "issues", "red_cells"),
            self._compared("O-negative issued, units a week", "issues", "o_negative"),
            self._compared("O-positive issued, units a week", "issues", "o_positive"),
            self._compared("O-negative, % of units issued", "issues", "o_negative_share", percent),
            self._stock_days("Stock of hospitals, all groups, days", ALL, ALL),
            self._stock_days("Stock of hospitals, O-negative, days", ALL, O_NEGATIVE),
            self._stock_days("Blood service, O-negative, days", BLOOD_SERVICE, O_NEGATIVE),
            self._stock_days("Blood service, scarcest group, days", BLOOD_SERVICE, SCARCEST),
            *(
                self._compared(f"Days in {phase}", "alerts", alert.name.lower())
                for alert, phase in PHASES.items()
            ),
            self._compared("Done without in an alert, units a week", "issues", "withheld"),
            self._compared("Taken elsewhere by ambulance, units a week", "issues", "diverted"),
        ]
        return Section("Group O, stock and alerts", GROUP_O_TEXT, self._heads(), rows)

    def late(self) -> Section:
        rows = [[*self._compared("All", "not_in_time", ALL), ""]]
        for reason in Late:
            name = reason.name.lower()
            minutes = [
                whole(
                    mean_of(self.tables.item("minutes_late", f"{name}_{part}", self.tables.period))
                )
                for part in ("median", "q90")
            ]
            rows.append([*self._compared(reason.title, "not_in_time", name), " / ".join(minutes)])
        rows += [
            [*self._compared(f"of which {in_words(name)}", "not_in_time", name), ""]
            for name in URGENCIES
        ]
        rows += [
            [
                *self._compared(f"of which for {in_words(use)}", "not_in_time", f"for_{use}"),
                "",
            ]
            for use in USES
        ]
        heads = [*self._heads(), "Minutes late, incident"]
        return Section("Blood not there in time", LATE_TEXT, heads, rows)

    def bench(self) -> Section:
        rows = [
            self._compared("Hours worked, % of those on duty", "bench", "utilisation", percent),
            self._compared("Group-and-screen samples", "bench", "samples"),
            self._compared("of which by hand", "bench", "samples_by_hand"),
            self._compared("of which second samples", "bench", "second_samples"),
            self._compared("Patients crossmatched", "bench", "crossmatch"),
            self._compared("Patients issued group-specific blood", "bench", "group_specific"),
            self._compared("Patients issued electronically", "bench", "electronic_issue"),
            self._compared(
                "Wrong blood in tube, expected", "bench", "wrong_blood_in_tube_expected", two_digits
            ),
        ]
        return Section("The transfusion bench", BENCH_TEXT, self._heads(), rows)

    def sites(self) -> Section:
        sites = [
            str(site)
            for site in self.tables.transfusion["site"].unique()
            if site not in (ALL, BLOOD_SERVICE)
        ]
        rows = []
        for site in sites:
            stock = self.tables.stock_days(self.tables.period, site, ALL)
            rows.append(
                [
                    in_words(site),
                    self._from_to("issues", "red_cells", site, whole),
                    self._surgical_share(site),
                    self._from_to("issues", "o_negative_share", site, percent),
                    self._from_to("bench", "utilisation", site, percent),
                    " to ".join(
                        one_digit(mean_of(where(stock, arm=arm))) for arm in (BASELINE, DISRUPTED)
                    ),
                    self._from_to("not_in_time", ALL, site, one_digit),
                ]
            )
        heads = [
            "Hospital", "Units a week", "Surgical, %", "O-negative, %", "Busy, %", "Stock, days",
            "Late requests a week",
        ]  # fmt: skip
        return Section("By hospital", SITES_TEXT, heads, rows)

    def _surgical_share(self, site: str) -> str:
        table = where(self.tables.blood_by_use, period=WHOLE_RUN, site=site, arm=BASELINE)
        units = mean_of(where(table, use=ALL), 0.0)
        surgical = sum(mean_of(where(table, use=use), 0.0) for use in SURGICAL)
        return percent(surgical / units) if units > 0.0 else UNKNOWN

    def supply(self) -> Section:
        rows = [
            self._compared("Routine deliveries", "deliveries", "routine"),
            self._compared("Extra deliveries", "deliveries", "ad_hoc"),
            self._compared("Emergency deliveries", "deliveries", "emergency"),
            self._compared("Units set aside", "stock", "set_aside"),
            self._compared("Units returned unused", "stock", "returned"),
            self._compared("Units expired", "stock", "expired"),
            self._compared("Units wasted", "stock", "wasted"),
        ]
        return Section("Deliveries, and units not used", SUPPLY_TEXT, self._heads(), rows)

    def balance(self) -> Section:
        means = {
            (item, arm): mean_of(self.tables.item("balance", item.value, WHOLE_RUN, arm), 0.0)
            for item in BalanceItem
            for arm in (BASELINE, DISRUPTED)
        }
        came = (BalanceItem.AT_THE_START, BalanceItem.RECEIVED)
        rows = []
        for item in BalanceItem:
            sign = "+" if item in came else "-"
            cells = (whole(means[item, arm]) for arm in (BASELINE, DISRUPTED))
            rows.append([f"{item.in_words} ({sign})", *cells])
        left_over = [
            sum((1.0 if item in came else -1.0) * means[item, arm] for item in BalanceItem)
            for arm in (BASELINE, DISRUPTED)
        ]
        rows.append(["Not accounted for", *(whole(value) for value in left_over)])
        heads = ["Units", "Without the incident", "With the incident"]
        return Section("Every unit accounted for", BALANCE_TEXT, heads, rows)

    def _heads(self) -> list[str]:
        days = "While the system is lost" if self.tables.period == DISTURBED else "Whole run"
        return [days, "Without the incident", "With it", "Difference"]

    def _compared(self, title: str, part: str, item: str, write: Write = one_digit) -> list[str]:
        arms = (BASELINE, DISRUPTED, EXCESS)
        return [
            title,
            *(spread(self.tables.item(part, item, self.tables.period, arm), write) for arm in arms),
        ]

    def _stock_days(self, title: str, site: str, group: str) -> list[str]:
        own = self.tables.stock_days(self.tables.period, site, group)
        arms = (BASELINE, DISRUPTED, EXCESS)
        return [title, *(spread(where(own, arm=arm), one_digit) for arm in arms)]

    def _from_to(self, part: str, item: str, site: str, write: Write) -> str:
        means = (
            mean_of(self.tables.item(part, item, self.tables.period, arm, site))
            for arm in (BASELINE, DISRUPTED)
        )
        return " to ".join(write(mean) for mean in means)
