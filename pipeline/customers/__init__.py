"""What is known of a customer: events in, flags and a profile out. No clock, no I/O but reading the policy.

policy = load_policy(Path("rules/flags.yml"), tags)
state, flag_events = fold(policy, state, event)  # state: None for a customer never heard of
saved = msgspec.msgpack.encode(state)
profile(policy, state)
"""

from pipeline.customers.fold import fold
from pipeline.customers.policy import Policy, load_policy
from pipeline.customers.profile import profile
from pipeline.customers.state import CustomerState

__all__ = ["CustomerState", "Policy", "fold", "load_policy", "profile"]
