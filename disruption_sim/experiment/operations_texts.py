"""What to know for each table of the operations page."""

from __future__ import annotations

ORDINARY_TEXT = """\
Without the incident, over the whole run, beside what a planner would believe. Non-clinical reasons
are those of the hospital: no bed, the list overran, no staff, displaced by an emergency; the share
is of all elective admissions, those that need no theatre included. A range that guides does not
bind: that of 18 weeks is of whole trusts, whose lists include patients who never need an operation.
The ranges are around what is reported: {sources}."""
ACTIVITY_TEXT = """\
Over the whole run, all hospitals. Operations in other hospitals and in the independent sector are
among those done."""
CAUSES_TEXT = """\
Postponements over the whole run, one cause each: without the incident, with it, and the difference.
The rows add up."""
WHERE_TEXT = """\
Postponements because of the incident over the whole run, above those with the same causes without
it (samples are refused and lost on ordinary days too)."""
WAITS_TEXT = """\
Everybody on the waiting list at some time of the run, in the future with the incident, each in one
row: patients; weeks by which their wait was longer than in the same world without it (negative:
shorter), mean and quantiles; those more than four weeks longer; patient-weeks, which add up. Waits
are cut at the end of the run: who is still waiting then waits longer than shown. Never postponed
means for no cause: they waited longer because others went before them, or less because others
could not come. One changed booking moves those behind it both ways, by days; what displacement cost
is the longer waits less the shorter ones."""
PRIORITY_TEXT = """\
Patients who were postponed because of the incident, by priority; and those who were still waiting
when the window of their priority ended, without the incident and with it."""
STANDARDS_TEXT = """\
Over the whole run; shares of those on the list are of the ends of all weeks together, and levels
their means. The backlog in hours is of planned theatre time: where short operations are done first
it stays while the number of patients falls."""
CATCHING_UP_TEXT = """\
Operations more than without the incident, until the end of the week of the largest net backlog and
from then on, by the kind of list on which they were done. Together the second column is by how much
the net backlog fell. Flexible lists belong to the rules of both futures; recovery lists and other
hospitals are levers; more on ordinary lists means fuller ones."""
EXTRA_TEXT = """\
Lists over the whole run, without the incident and with it. The cost is of recovery lists and of
operations moved to other hospitals, at the prices of the scenario; flexible lists cost nothing
here."""
SPECIALTY_TEXT = """\
Without the incident: referrals a week, operations a week, patients waiting at the start and at the
end, their share within 18 weeks at the end, mean wait of the treated in weeks. Because of it:
operations postponed, patients never postponed who waited longer, patient-weeks of extra wait."""
RULES_TEXT = """\
After Fong and others (2022). Demand is referrals less removals. Longest list: in the week in which
it is furthest above the usual one. Relief capacity: operations a week that bring it back to the
usual one in {relief} weeks. Pressure: twice the mean wait over {target} weeks; above 1 the target
is most likely missed. List for {target} weeks: demand x {target} / 4, with which nearly everybody
is seen within {target} weeks, and the operations a week that lead there from the usual list in
{relief} weeks."""
