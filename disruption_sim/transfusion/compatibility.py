"""Which red cells may be given to whom, and what is taken first.

Groups are numbers: positions in ``BloodGroup``.
"""

from __future__ import annotations

from disruption_sim.scenario.model import BloodGroup

GROUPS = len(BloodGroup)
(
    O_NEGATIVE,
    O_POSITIVE,
    A_NEGATIVE,
    A_POSITIVE,
    B_NEGATIVE,
    B_POSITIVE,
    AB_NEGATIVE,
    AB_POSITIVE,
) = range(GROUPS)
GROUP_O = (O_NEGATIVE, O_POSITIVE)

# What is taken for a patient of each group: the own group, then substitutes. D-negative cells are
# kept for those who need them, and O-negative comes last because everybody can have it.
SUBSTITUTION: tuple[tuple[int, ...], ...] = (
    (O_NEGATIVE,),
    (O_POSITIVE, O_NEGATIVE),
    (A_NEGATIVE, O_NEGATIVE),
    (A_POSITIVE, O_POSITIVE, A_NEGATIVE, O_NEGATIVE),
    (B_NEGATIVE, O_NEGATIVE),
    (B_POSITIVE, O_POSITIVE, B_NEGATIVE, O_NEGATIVE),
    (AB_NEGATIVE, A_NEGATIVE, B_NEGATIVE, O_NEGATIVE),
    (
        AB_POSITIVE,
        A_POSITIVE,
        B_POSITIVE,
        O_POSITIVE,
        AB_NEGATIVE,
        A_NEGATIVE,
        B_NEGATIVE,
        O_NEGATIVE,
    ),
)


def group_o_for(o_positive_allowed: bool, *, life_at_risk: bool) -> tuple[int, ...]:
    """Return the groups that may be given unmatched, in the order in which they are taken.

    Men and women over 50 may have O-positive in an emergency, which spares O-negative. For
    everybody else it is O-negative alone, and O-positive when none is left and they would die
    without.
    """
    if o_positive_allowed:
        return (O_POSITIVE, O_NEGATIVE)
    return (O_NEGATIVE, O_POSITIVE) if life_at_risk else (O_NEGATIVE,)
