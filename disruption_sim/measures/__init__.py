"""Records of what happened become the numbers planners report: pure functions."""

from disruption_sim.measures.account import CapacityItem, LaboratoryAccount, VolumeItem
from disruption_sim.measures.arm import ArmMeasures, measure_arm
from disruption_sim.measures.calendar import Horizon
from disruption_sim.measures.causes import PRIORITIES, PostponedByCause
from disruption_sim.measures.clocks import Clock, Reading
from disruption_sim.measures.definitions import Kind, Measure, OverWeeks, Worse
from disruption_sim.measures.operations_account import (
    OperationsAccount,
    Phase,
    SpecialtyItem,
    WaitGroup,
    WaitItem,
)
from disruption_sim.measures.recovery import (
    KaplanMeier,
    clearing_days,
    days_to_recovery,
    kaplan_meier,
)
from disruption_sim.measures.registry import MEASURE_BY_NAME, MEASURES
from disruption_sim.measures.table import MeasureTable
from disruption_sim.measures.throughput import share_of_days, throughput_share
from disruption_sim.measures.transfusion_account import BalanceItem, TransfusionAccount
from disruption_sim.measures.turnaround import Turnaround, TurnaroundCells
from disruption_sim.measures.ways_to_blood import Way

__all__ = [
    "MEASURES",
    "MEASURE_BY_NAME",
    "PRIORITIES",
    "ArmMeasures",
    "BalanceItem",
    "CapacityItem",
    "Clock",
    "Horizon",
    "KaplanMeier",
    "Kind",
    "LaboratoryAccount",
    "Measure",
    "MeasureTable",
    "OperationsAccount",
    "OverWeeks",
    "Phase",
    "PostponedByCause",
    "Reading",
    "SpecialtyItem",
    "TransfusionAccount",
    "Turnaround",
    "TurnaroundCells",
    "VolumeItem",
    "WaitGroup",
    "WaitItem",
    "Way",
    "Worse",
    "clearing_days",
    "days_to_recovery",
    "kaplan_meier",
    "measure_arm",
    "share_of_days",
    "throughput_share",
]
