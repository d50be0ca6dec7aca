"""Groups by event time: who turned the mood, who floods, who pastes the same text around."""

from pipeline.groups.observing import observe
from pipeline.groups.policy import GroupPolicy, load_policy
from pipeline.groups.repeats import CopyPasteIndex
from pipeline.groups.state import GroupState
from pipeline.groups.turning import GroupEvent

__all__ = ["CopyPasteIndex", "GroupEvent", "GroupPolicy", "GroupState", "load_policy", "observe"]
