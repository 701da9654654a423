"""What every test shares: the services' fixtures, the samples beside the project, how long hypothesis looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.fuzzing import FUZZ, examples

pytest_plugins = ["tests.postgres"]

# In the suite the examples are the same each time and few; `make fuzz` looks further, and elsewhere each time.
settings.register_profile(
    "docket",
    derandomize=not FUZZ,
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("docket")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The samples that lie beside the project where it was made; a clone elsewhere has none and skips the test."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("no folder `shared` with samples beside the project")
    return folder
