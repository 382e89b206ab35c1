"""Every register there is, whichever duty it belongs to."""

from collections.abc import Mapping
from types import MappingProxyType

from baozhang.errors import UsageError
from baozhang.governance import genuine
from baozhang.registers import AnyRegister
from tasks import signing

REGISTERS: Mapping[str, AnyRegister] = MappingProxyType(
    {each.name: each for module in (genuine, signing) for each in module.REGISTERS}
)

KEPT_BY_RUNS = frozenset({genuine.SITE.name, signing.SIGNATURES.name})
"""Registers that nobody enters by hand."""


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
