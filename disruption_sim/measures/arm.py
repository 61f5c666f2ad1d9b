"""All numbers of one arm of one replication, from its records."""

from __future__ import annotations

from dataclasses import dataclass

from disruption_sim.measures.account import LaboratoryAccount, laboratory_account
from disruption_sim.measures.appointments import appointment_measures
from disruption_sim.measures.blood import blood_measures
from disruption_sim.measures.blood_supply import supply_measures
from disruption_sim.measures.calendar import Horizon
from disruption_sim.measures.causes import PostponedByCause, postponed_by_cause
from disruption_sim.measures.clocks import Reading, readings
from disruption_sim.measures.day_units import day_unit_measures
from disruption_sim.measures.laboratories import laboratory_measures
from disruption_sim.measures.operations import operation_measures
from disruption_sim.measures.operations_account import OperationsAccount, operations_account
from disruption_sim.measures.table import MeasureTable, assembled
from disruption_sim.measures.transfusion_account import TransfusionAccount, transfusion_account
from disruption_sim.measures.transfusion_bench import bench_measures
from disruption_sim.measures.turnaround import Turnaround, turnaround_of
from disruption_sim.records import Records
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import World


@dataclass(frozen=True)
class ArmMeasures:
    """What planners report of one arm of one replication.

    Attributes
    ----------
    arm : str
    table : MeasureTable
    causes : PostponedByCause
    turnaround : Turnaround
    laboratories : LaboratoryAccount
    operations : OperationsAccount
    transfusion : TransfusionAccount
    clocks : tuple of Reading
        One for each ``Clock``.
    """

    arm: str
    table: MeasureTable
    causes: PostponedByCause
    turnaround: Turnaround
    laboratories: LaboratoryAccount
    operations: OperationsAccount
    transfusion: TransfusionAccount
    clocks: tuple[Reading, ...]


def measure_arm(scenario: Scenario, world: World, records: Records, twin: Records) -> ArmMeasures:
    """Turn the records of one arm into the numbers planners report.

    Parameters
    ----------
    scenario : Scenario
    world : World
        The one both arms lived.
    records, twin : Records
        Of this arm and of the baseline arm; for the baseline arm they are the same.
    """
    horizon = Horizon.of(scenario)
    computed = {
        **operation_measures(scenario, horizon, world.operations, records.surgery, twin.surgery),
        **appointment_measures(scenario, horizon, world, records.outpatients, twin.outpatients),
        **day_unit_measures(scenario, horizon, world, records.day_units, twin.day_units),
        **laboratory_measures(scenario, horizon, records.pathology, twin.pathology),
        **blood_measures(scenario, horizon, records.transfusion),
        **supply_measures(horizon, records.transfusion),
        **bench_measures(scenario, horizon, records.transfusion),
    }
    return ArmMeasures(
        arm=records.arm,
        table=assembled(computed, len(scenario.site_names)),
        causes=postponed_by_cause(scenario, horizon, world.operations, records.surgery),
        turnaround=turnaround_of(horizon, records.pathology),
        laboratories=laboratory_account(horizon, records.pathology, twin.pathology),
        operations=operations_account(
            scenario, horizon, world.operations, records.surgery, twin.surgery
        ),
        transfusion=transfusion_account(scenario, horizon, records.transfusion),
        clocks=readings(scenario, horizon, world, records, twin),
    )
