"""What every suite of faults needs: places to strike, and a place to publish how often."""

from tests.crash.conftest import ahead, fresh, publish, template
from tests.faults.publishing import Publish, not_run

__all__ = ["Publish", "ahead", "fresh", "not_run", "publish", "template"]
