"""How many made-up databases a test looks at: as many as it says, or `HABEAS_TEST_TIMES` times as many in a long run."""

import os

from hypothesis import HealthCheck, Phase, settings

TIMES = int(os.environ.get("HABEAS_TEST_TIMES") or 1)
AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)


def sample(examples: int, *, as_drawn: bool = False) -> settings:
    """So many examples, however long one takes; `as_drawn` where making a failing one smaller would take hours."""
    phases = AS_DRAWN if as_drawn else tuple(Phase)
    return settings(deadline=None, max_examples=examples * TIMES, suppress_health_check=list(HealthCheck), phases=phases)
