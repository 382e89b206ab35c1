"""All planted faults: importing the two modules declares them."""

from tests.mutations import table_faults, voucher_faults
from tests.mutations.declaring import FAULTS, WISH, Fault, Laws

__all__ = ["FAULTS", "WISH", "Fault", "Laws", "table_faults", "voucher_faults"]
