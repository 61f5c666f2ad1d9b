"""Everything that would happen anyway, drawn once per replication, as arrays."""

from disruption_sim.world.draw import draw_world
from disruption_sim.world.model import (
    Appointments,
    BleedingEpisodes,
    ClinicSessions,
    DayTreatments,
    DayUnitPlaces,
    ElectiveBeds,
    NationalBlood,
    Operations,
    TheatreLists,
    Tubes,
    World,
)

__all__ = [
    "Appointments",
    "BleedingEpisodes",
    "ClinicSessions",
    "DayTreatments",
    "DayUnitPlaces",
    "ElectiveBeds",
    "NationalBlood",
    "Operations",
    "TheatreLists",
    "Tubes",
    "World",
    "draw_world",
]
