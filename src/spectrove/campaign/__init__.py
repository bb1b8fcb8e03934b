"""The loop with an expert in it: settings, memory, phases, questions, answers."""

from spectrove.campaign.ahead import prepare, why_not_prepare
from spectrove.campaign.audits import AuditResult, audit_result, looks
from spectrove.campaign.campaign import Campaign, TrainingSource, create, stopping_rule
from spectrove.campaign.label_files import read_rows
from spectrove.campaign.labels import read_answers, read_labels
from spectrove.campaign.loop import run, step
from spectrove.campaign.settings import (
    AuditConfig,
    CampaignSettings,
    ClassesConfig,
    NetworkConfig,
    QueryConfig,
    StoppingConfig,
)
from spectrove.campaign.status import status, write_questions
from spectrove.campaign.store import CampaignStore

__all__ = [
    "AuditConfig",
    "AuditResult",
    "Campaign",
    "CampaignSettings",
    "CampaignStore",
    "ClassesConfig",
    "NetworkConfig",
    "QueryConfig",
    "StoppingConfig",
    "TrainingSource",
    "audit_result",
    "create",
    "looks",
    "prepare",
    "read_answers",
    "read_labels",
    "read_rows",
    "run",
    "status",
    "step",
    "stopping_rule",
    "why_not_prepare",
    "write_questions",
]
