"""What every suite of faults needs: places to strike, and a place to publish how often."""

from tests.crash.conftest import fresh, prepared, publish, template
from tests.faults.publishing import Publish, not_run

__all__ = ["Publish", "fresh", "not_run", "prepared", "publish", "template"]
