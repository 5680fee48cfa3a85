"""Decides what is wrong with a configuration in a deployment, based on measurements on real servers."""

from poolsafe.verdicts.connection_table import judge_size, judge_threshold
from poolsafe.verdicts.judgement import (
    is_asyncpg,
    is_name_unsafe_with_zeros,
    is_spared,
    judge,
    knows_empty_names,
    may_fail_by_name,
    unsettled_size,
    verdicts,
    would_keep_names,
)
from poolsafe.verdicts.pooler_effects import breaks_names, class_of, has_pooler, severity
from poolsafe.verdicts.pre_ping import ping_fails
from poolsafe.verdicts.problems import SIZES, Problem, States, Verdict
from poolsafe.verdicts.session_state import Outcome, StateVerdict, judge_effect, judge_state
from poolsafe.verdicts.silences import silence_of, silence_of_connection
from poolsafe.verdicts.startup_parameters import fate_of

__all__ = [
    "SIZES",
    "Outcome",
    "Problem",
    "StateVerdict",
    "States",
    "Verdict",
    "breaks_names",
    "class_of",
    "fate_of",
    "has_pooler",
    "is_asyncpg",
    "is_name_unsafe_with_zeros",
    "is_spared",
    "judge",
    "judge_effect",
    "judge_size",
    "judge_state",
    "judge_threshold",
    "knows_empty_names",
    "may_fail_by_name",
    "ping_fails",
    "severity",
    "silence_of",
    "silence_of_connection",
    "unsettled_size",
    "verdicts",
    "would_keep_names",
]
