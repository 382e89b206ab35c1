"""The product as it is typed: real commands, real files, and input that is not as it should be."""

import pytest

pytest.register_assert_rewrite("tests.end_to_end.running")
