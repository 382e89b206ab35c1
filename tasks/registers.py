"""Every register there is, whichever duty it belongs to."""

from collections.abc import Mapping
from types import MappingProxyType

from baozhang.costs import registers as costs
from baozhang.errors import UsageError
from baozhang.governance import attestations, corrective, genuine, obligations, offices
from baozhang.governance.risk import model as risk
from baozhang.governance.voice import records as voice
from baozhang.registers import AnyRegister
from tasks import signing

_MODULES = (attestations, corrective, costs, genuine, obligations, offices, risk, signing, voice)

REGISTERS: Mapping[str, AnyRegister] = MappingProxyType(
    {each.name: each for module in _MODULES for each in module.REGISTERS}
)

KEPT_BY_RUNS: frozenset[str] = frozenset(
    each.name
    for each in (
        attestations.ATTESTATIONS,
        attestations.REQUESTS,
        corrective.CORRECTIVE,
        genuine.SITE,
        obligations.FIRST_DUES,
        risk.PROPOSALS,
        risk.READINGS,
        signing.SIGNATURES,
        voice.ANSWERS,
        voice.INVITATIONS,
        voice.WAVES,
    )
)
"""Registers that nobody enters by hand: their commands check what no cell can say."""


def register_named(name: str) -> AnyRegister:
    """Return a register.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in REGISTERS:
        raise UsageError(
            "there is no register {register}",
            hint="Choose one of {known}.",
            register=name[:40],
            known=", ".join(sorted(REGISTERS)),
        )
    return REGISTERS[name]


def enterable(name: str) -> AnyRegister:
    """Return a register that people enter rows into.

    Raises:
        UsageError: there is none of this name, or runs keep it.
    """
    if name in KEPT_BY_RUNS:
        raise UsageError(
            "register {register} is kept by the product itself",
            hint="Use the command that it belongs to.",
            register=name,
        )
    return register_named(name)
