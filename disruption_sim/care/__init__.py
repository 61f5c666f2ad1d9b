"""Elective surgery, outpatient clinics and day units: who is booked when, and who is postponed."""

from disruption_sim.care.clinics import Clinics
from disruption_sim.care.day_units import DayUnits
from disruption_sim.care.theatres import Theatres

__all__ = ["Clinics", "DayUnits", "Theatres"]
