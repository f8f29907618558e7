"""What the engine says no to. Each carries one sentence for people: what happened and what was not changed."""


class EngineRefusal(Exception):
    """The engine will not do this; the text is a sentence an officer can read."""


class JobBusy(EngineRefusal):
    """Another worker holds the job at this moment."""


class JobNotReady(EngineRefusal):
    """The job is in a state in which this step makes no sense."""


class StalePlan(EngineRefusal):
    """The plan that was approved is no longer the plan."""


class PlanBlocked(EngineRefusal):
    """The plan names something that must be settled before anything may be erased."""


class StampMismatch(EngineRefusal):
    """A record carries another subject's stamp: nothing is released."""


class ArchiveUnavailable(EngineRefusal):
    """The archive is expired, revoked, used up, or was never packed."""
