"""All that a campaign knows of itself, as plain data: what the report's page says, its JSON holds."""

from __future__ import annotations

from spectrove.campaign import Campaign
from spectrove.catalog import software_versions
from spectrove.execution import Executor
from spectrove.report.answers import confusion_facts, example_facts, label_facts, yield_facts
from spectrove.report.decisions import stopping_facts
from spectrove.report.estimates import ASSUMPTIONS, by_class_facts, iteration_facts
from spectrove.report.pace import pace_facts
from spectrove.report.progress import open_facts
from spectrove.report.record import Record
from spectrove.report.recovery import Injections, recovery_facts
from spectrove.report.reliabilities import calibration_facts
from spectrove.report.wording import Facts

FORMAT = "spectrove-campaign-report"
FORMAT_VERSION = 1
"""Raised when a report's JSON can no longer be read as before."""


def gather(campaign: Campaign, injections: Injections | None = None, executor: Executor | None = None) -> Facts:
    """
    Return all that a campaign knows of itself.

    Nothing depends on when it is asked: the same campaign and the same software give the same facts.

    Parameters
    ----------
    campaign : Campaign
        The campaign, in whatever phase.
    injections : Injections, optional
        Spectra that lines were put into; their recovery is a third way to the recall.
    executor : Executor, optional
        Where files of injected spectra are read; in this process unless given.

    Returns
    -------
    dict
        Plain data. What is not known yet is None.

    Raises
    ------
    CampaignError
        If lines were injected and no network is trained yet.
    LabelsError
        If the table of injected lines cannot be used.
    PoolError
        If a pool cannot be used.
    CheckpointError
        If the injected spectra are of another recipe than the campaign's.
    """
    record = Record.of(campaign)
    audited = record.audited
    shown = audited if audited is not None else next((row for row in record.iterations if record.asked(row.number)), None)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "campaign": _campaign_facts(record),
        "labels": label_facts(record),
        "iterations": iteration_facts(record),
        "audited": None if audited is None else audited.number,
        "by_class": by_class_facts(audited),
        "assumptions": ASSUMPTIONS,
        "open": open_facts(record),
        "stopping": stopping_facts(record),
        "yields": yield_facts(record),
        "calibration": None if audited is None else calibration_facts(record, audited),
        "confusion": None if audited is None else confusion_facts(record, audited),
        "examples": None if shown is None else example_facts(record, shown),
        "injection": None if injections is None else recovery_facts(campaign, injections, executor),
        "pace": pace_facts(record),
        "made_from": _made_from(record),
    }


def _campaign_facts(record: Record) -> Facts:
    campaign, last = record.campaign, record.last
    return {
        "name": campaign.directory.resolve().name,
        "created_at": campaign.store.campaign().created_at,
        "last_answer_at": max((answer.answered_at for answer in record.answers), default=None),
        "finished": campaign.is_finished(),
        "iteration": last.number,
        "kind": last.kind,
        "phase": last.phase,
        "n_spectra": campaign.pool.n_spectra,
        "n_wave": campaign.pool.n_wave,
        "classes": list(campaign.settings.classes.names),
        "targets": list(record.targets),
        "design": campaign.settings.audit.design,
        "level": campaign.settings.audit.level,
    }


def _made_from(record: Record) -> Facts:
    began = record.campaign.store.campaign()
    trained = [row for row in record.iterations if row.checkpoint_hash is not None]
    recipe = record.campaign.pool.recipe
    return {
        "settings": began.settings,
        "pool": {
            "path": began.pool_path,
            "content_hash": began.pool_hash,
            "recipe": recipe.to_dict(),
            "recipe_hash": recipe.hash,
        },
        "training_sets": [
            {
                "pool": source.pool_path,
                "content_hash": source.pool_hash,
                "labels": source.labels_path,
                "labels_hash": source.labels_hash,
                "n_labels": len(labels),
            }
            for source, labels in record.campaign.store.training_sets()
        ],
        "checkpoint": None if not trained else {"iteration": trained[-1].number, "content_hash": trained[-1].checkpoint_hash},
        "begun_with_software": began.software,
        "software": software_versions(),
    }
