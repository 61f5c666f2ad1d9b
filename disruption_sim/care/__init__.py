"""Elective surgery and outpatient clinics: who is booked when, and who has to be postponed."""

from disruption_sim.care.clinics import Clinics
from disruption_sim.care.theatres import Theatres

__all__ = ["Clinics", "Theatres"]
