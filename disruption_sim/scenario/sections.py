"""What every part of a scenario is made of: bounded numbers and the names of things."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, le=1e9, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False)]
HourOfDay = Annotated[float, Field(ge=0.0, lt=24.0, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
Weights24 = Annotated[tuple[NotNegative, ...], Field(min_length=24, max_length=24)]
Weights7 = Annotated[tuple[NotNegative, ...], Field(min_length=7, max_length=7)]


class Section(BaseModel):
    """A part of a scenario: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(StrEnum):
    """Where a blood sample comes from, in the order in which laboratories dispatch work."""

    THEATRE_AND_INTENSIVE_CARE = "theatre_and_intensive_care"
    EMERGENCY_DEPARTMENT = "emergency_department"
    INPATIENT_URGENT = "inpatient_urgent"
    INPATIENT_ROUTINE = "inpatient_routine"
    PRE_ASSESSMENT = "pre_assessment"
    OUTPATIENT = "outpatient"
    GENERAL_PRACTICE = "general_practice"


class TubeType(StrEnum):
    """What is in the tube, which decides its analysis and how long it keeps."""

    CHEMISTRY = "chemistry"
    HAEMATOLOGY = "haematology"
    COAGULATION = "coagulation"
    GROUP_AND_SCREEN = "group_and_screen"
    MICROBIOLOGY = "microbiology"
    HISTOLOGY = "histology"


class Step(StrEnum):
    """Stations of a laboratory, in the order in which a tube passes them."""

    BOOKING_IN = "booking_in"
    PREPARATION = "preparation"
    CHEMISTRY = "chemistry"
    HAEMATOLOGY = "haematology"
    COAGULATION = "coagulation"
    MICROBIOLOGY = "microbiology"
    HISTOLOGY = "histology"
    GROUP_AND_SCREEN = "group_and_screen"
    REVIEW = "review"
    AUTHORISATION = "authorisation"
    REPORTING = "reporting"
    BACK_ENTRY = "back_entry"


class Capability(StrEnum):
    """What a disruption or a condition can take away."""

    BOOKING_IN = "booking_in"
    AUTHORISATION = "authorisation"
    REPORTING = "reporting"
    ANALYSERS = "analysers"
    TRANSFUSION_IT = "transfusion_it"
    THEATRES = "theatres"
    CLINICS = "clinics"


class Grade(StrEnum):
    """Grade of an operation, after NICE guideline NG45."""

    MINOR = "minor"
    INTERMEDIATE = "intermediate"
    MAJOR = "major"
    COMPLEX = "complex"


class BloodGroup(StrEnum):
    """ABO and D group."""

    O_NEGATIVE = "o_negative"
    O_POSITIVE = "o_positive"
    A_NEGATIVE = "a_negative"
    A_POSITIVE = "a_positive"
    B_NEGATIVE = "b_negative"
    B_POSITIVE = "b_positive"
    AB_NEGATIVE = "ab_negative"
    AB_POSITIVE = "ab_positive"
