"""pydantic's errors in plain words, each at its place; a toy model stands for the scenario."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from enum import StrEnum
from typing import Annotated, Literal, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from disruption_sim.scenario.faults import CrossFaults, Fault, ScenarioError
from disruption_sim.scenario.reading import read_text
from disruption_sim.scenario.validation import validated

pytestmark = pytest.mark.unit


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tube(StrEnum):
    CHEMISTRY = "chemistry"
    HAEMATOLOGY = "haematology"


class Outage(Section):
    kind: Literal["outage"]
    name: str
    start: dt.date
    duration_days: Annotated[float, Field(gt=0)]


class Strike(Section):
    kind: Literal["strike"]
    name: str
    turnout_share: Annotated[float, Field(ge=0, le=1)]


class Toy(Section):
    title: str
    beds: Annotated[int, Field(ge=1, le=500)]
    minutes: dict[Tube, Annotated[float, Field(ge=0)]] = {}
    weights: Annotated[tuple[float, ...], Field(min_length=2, max_length=2)] = (1.0, 1.0)
    open_at_night: bool = False
    opens: dt.date | None = None
    closes: dt.date | None = None
    events: tuple[Annotated[Outage | Strike, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        faults = CrossFaults()
        if self.opens is not None and self.closes is not None and self.closes <= self.opens:
            faults.add(("closes",), f"{self.closes} is not after {self.opens}", "a later date")
        if len({event.name for event in self.events}) < len(self.events):
            faults.add(("events",), "two have the same name")
        for index, event in enumerate(self.events):
            if isinstance(event, Strike) and event.turnout_share * self.beds > 400:
                faults.add(("events", index, "turnout_share"), f"too many of {self.beds} beds")
        faults.raise_if_any()
        return self


SOUND = """\
title: A toy
beds: 40
minutes: {chemistry: 1.5}
opens: 2024-01-01
closes: 2024-02-01
events:
  - {kind: outage, name: fire, start: 2024-01-05, duration_days: 3}
  - kind: strike
    name: doctors
    turnout_share: 0.4
"""


def faults(*changes: tuple[str, str]) -> list[str]:
    text = SOUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(ScenarioError) as caught:
        validated(Toy, read_text(text, "toy.yaml"))
    return [str(fault) for fault in caught.value.faults]


def test_a_sound_document_is_the_model() -> None:
    toy = validated(Toy, read_text(SOUND, "toy.yaml"))
    assert toy.minutes == {Tube.CHEMISTRY: 1.5}
    assert toy.opens == dt.date(2024, 1, 1)
    assert [event.name for event in toy.events] == ["fire", "doctors"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "beds: 40",
            "beds: -3",
            "2:1  beds: -3 is negative; allowed: a whole number from 1 to",
        ),
        ("beds: 40", "beds: 501", "2:1  beds: 501 is out of range; allowed: a whole number fr"),
        ("beds: 40", "beds: 2.5", "2:1  beds: 2.5 is not a whole number; allowed: a whole"),
        ("beds: 40", "beds: '40'", "'40' is text; allowed: a whole number from 1 to 500; write 40"),
        ("beds: 40", "beds: 1,300", "'1,300' is text"),
        ("beds: 40", "beds: true", "beds: true is not allowed here; allowed: a whole number"),
        ("beds: 40", "beds:", "beds: has no value (null); allowed: a whole number"),
        ("beds: 40", "beds: [1]", "beds: is a list of 1; allowed: a whole number"),
        ("beds: 40", "beds: .nan", "beds: nan is not a finite number"),
        ("beds: 40\n", "", "1:1  beds: is missing; allowed: a whole number from 1 to 500"),
        ("title: A toy", "title: 3", "1:1  title: 3 is not allowed here; allowed: text"),
        ("title:", "tittle:", "1:1  tittle: there is no such key; allowed: title, beds, minutes"),
        ("title:", "tittle:", "did you mean 'title'?"),
        ("chemistry: 1.5", "chemistry: -1", "minutes.chemistry: -1 is negative; allowed: a number"),
        (
            "chemistry: 1.5",
            "chemstry: 1",
            "3:11  minutes.chemstry: there is no such key; allow",
        ),
        ("chemistry: 1.5", "chemstry: 1", "did you mean 'chemistry'?"),
        ("opens: 2024-01-01", "opens: 2024-01-32", "'2024-01-32' is not a date; allowed: a date"),
        (
            "opens: 2024-01-01",
            "opens: 5",
            "4:1  opens: 5 is not allowed here; allowed: a date",
        ),
        (
            "2024-01-05",
            "2024-01-05T10:00Z",
            "fire.start: 2024-01-05T10:00Z names a time zone",
        ),
        (
            "closes: 2024-02-01",
            "closes: 2024-01-01",
            "5:1  closes: 2024-01-01 is not after 2024",
        ),
        (
            "duration_days: 3",
            "duration_days: 0",
            "7:51  events.fire.duration_days: 0 is out of",
        ),
        ("duration_days: 3", "duration_days: 0", "allowed: a number above 0"),
        ("duration_days: 3", "duration_hours: 36", "is in hours, but duration_days is wanted"),
        ("duration_days: 3", "duration_hours: 36", "36 hours would be 1.5"),
        ("duration_days: 3", "duration_days: 36 hours", "write 1.5 (days)"),
        ("kind: strike", "kind: strik", "8:5  events.doctors.kind: 'strik' is none of the names"),
        ("kind: strike", "kind: strik", "allowed: outage, strike; did you mean 'strike'?"),
        ("kind: strike", "knd: strike", "events.doctors.kind: is missing; allowed: outage, strike"),
        ("name: doctors", "name: fire", "6:1  events: two have the same name"),
        ("turnout_share: 0.4", "turnout_percent: 40", "40 percent would be 0.4"),
        ("turnout_share: 0.4", "turnout_share: 40%", "write 0.4 (share)"),
        ("turnout_share: 0.4", "turnout_share: 4", "allowed: a number from 0 to 1"),
        (
            "beds: 40",
            "weights: [1, 2, 3]\nbeds: 4",
            "weights: is a list of 3; allowed: a list of 2",
        ),
        ("beds: 40", "weights: [1, b]\nbeds: 4", "2:14  weights.1: 'b' is text; allowed: a number"),
        ("beds: 40", "open_at_night: yes\nbeds: 4", "'yes' is text; allowed: true or false"),
        (
            "events:",
            "events: 3\nevent:",
            "events: 3 is not allowed here; allowed: a list of any",
        ),
    ],
)
def test_each_fault_in_plain_words_at_its_line(old: str, new: str, message: str) -> None:
    assert any(message in fault for fault in faults((old, new))), faults((old, new))


def test_one_fault_for_a_misspelt_key_though_its_own_key_is_missing_too() -> None:
    assert len(faults(("beds:", "bedz:"))) == 1
    assert len(faults(("duration_days: 3", "duration_hours: 72"))) == 1


def test_all_faults_are_told_at_once_also_those_between_keys() -> None:
    found = faults(
        ("title:", "tittle:"),
        ("beds: 40", "beds: -40"),
        ("closes: 2024-02-01", "closes: 2023-02-01"),
        ("duration_days: 3", "duration_hours: 36"),
        ("turnout_share: 0.4", "turnout_share: much"),
    )
    assert [fault.split()[1] for fault in found] == [
        "tittle:",
        "beds:",
        "closes:",
        "events.fire.duration_hours:",
        "events.doctors.turnout_share:",
    ]


def test_a_fault_between_keys_that_a_wrong_value_may_cause_is_not_guessed() -> None:
    # Whether 0.9 is too many depends on how many beds are meant.
    found = faults(("beds: 40", "beds: many"), ("turnout_share: 0.4", "turnout_share: 0.9"))
    assert [fault.split()[1] for fault in found] == ["beds:"]


def test_faults_inside_a_section_with_a_misspelt_name_are_told_too() -> None:
    found = faults(("minutes: {chemistry: 1.5}", "minuts: {chemistry: -1.5}"))
    assert [fault.split()[1] for fault in found] == ["minuts:", "minuts.chemistry:"]


@pytest.mark.parametrize("text", ["3", "[a, b]", "text", "null"])
def test_a_document_that_is_no_section_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="is not a scenario"):
        validated(Toy, read_text(text, "toy.yaml"))


def test_the_message_of_one_fault_is_a_line_and_of_several_a_list() -> None:
    one = Fault("a.yaml", 41, 5, "pathology.minutes", "-3 is negative", "a number above 0")
    line = "a.yaml:41:5  pathology.minutes: -3 is negative; allowed: a number above 0"
    assert str(ScenarioError([one])) == line
    other = Fault("a.yaml", 4, 1, "title", "is missing", "text", "did you mean 'x'?")
    message = str(ScenarioError([one, other, other]))
    assert message.splitlines() == [
        "2 faults:",
        "  a.yaml:4:1  title: is missing; allowed: text; did you mean 'x'?",
        f"  {line}",
    ]


def test_a_scenario_error_travels_between_processes() -> None:
    error = ScenarioError([Fault("a.yaml", 1, 2, "k", "p")])
    again = pickle.loads(pickle.dumps(error))
    assert again.faults == error.faults
    assert str(copy.copy(error)) == str(error)
