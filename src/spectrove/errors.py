"""
Every error that spectrove raises on purpose.

::

    SpectroveError
    ├── SpectrumError            impossible arrays                      (ValueError)
    ├── SurveyFileError          a survey file that cannot be used      (ValueError)
    │   ├── NoReaderError        every reader declined the file
    │   └── DamagedFileError     truncated, corrupt or empty
    ├── RecipeError              an impossible recipe or step           (ValueError)
    │   └── WindowError          this spectrum has no usable window
    ├── PoolError                a pool that is absent, unfit or broken (ValueError)
    │   └── PoolBusyError        another process writes this pool
    ├── LabelsError              a labels file that cannot be used      (ValueError)
    ├── ConfigError              a settings file that cannot be used    (ValueError)
    ├── TrainingError            a training set that cannot be fitted   (ValueError)
    ├── CheckpointError          a checkpoint that cannot be used       (ValueError)
    ├── ScoresError              scores that cannot be used             (ValueError)
    ├── CampaignError            a campaign that is absent or unfit     (ValueError)
    │   ├── AnswerConflictError  an answer's id says something else already
    │   ├── CampaignBusyError    another process runs this campaign
    │   └── PhaseError           not possible in the present phase
    ├── CatalogError             a catalog that cannot be used or made  (ValueError)
    ├── ServiceError             a service of others without an answer  (OSError)
    ├── PlugInError              an entry point that cannot be used     (LookupError)
    ├── ExecutorError            workers or a scheduler out of reach    (OSError)
    └── StorageError             the disk is full or cannot be written  (OSError)

Messages read ``where: what is wrong (the value), what was expected. What to do.``
"""

from __future__ import annotations


class SpectroveError(Exception):
    """Base of every error raised on purpose."""


class SpectrumError(SpectroveError, ValueError):
    """Arrays that no spectrum can have."""


class SurveyFileError(SpectroveError, ValueError):
    """A survey file that cannot be used."""


class NoReaderError(SurveyFileError):
    """Every reader declined the file."""


class DamagedFileError(SurveyFileError):
    """A file that is truncated, corrupt or empty."""


class RecipeError(SpectroveError, ValueError):
    """A recipe or a step that cannot be carried out on any spectrum."""


class WindowError(RecipeError):
    """A spectrum without a usable stretch in the recipe's window."""


class PoolError(SpectroveError, ValueError):
    """A pool that is absent, unfit for the request or broken."""


class PoolBusyError(PoolError):
    """Another process is writing to the pool."""


class LabelsError(SpectroveError, ValueError):
    """A file of labels or answers that cannot be used."""


class ConfigError(SpectroveError, ValueError):
    """A settings file that cannot be used."""


class TrainingError(SpectroveError, ValueError):
    """A training set that cannot be fitted."""


class CheckpointError(SpectroveError, ValueError):
    """A checkpoint that cannot be used."""


class ScoresError(SpectroveError, ValueError):
    """Scores that are absent, broken or of another pool."""


class CampaignError(SpectroveError, ValueError):
    """A campaign that is absent or unfit for the request."""


class AnswerConflictError(CampaignError):
    """An answer whose id is recorded with other contents, or that takes back what is not its author's."""


class CampaignBusyError(CampaignError):
    """Another process is running the campaign."""


class PhaseError(CampaignError):
    """Something that the campaign's present phase does not allow."""


class CatalogError(SpectroveError, ValueError):
    """A table of others that cannot be used, or a catalog that cannot be made."""


class ServiceError(SpectroveError, OSError):
    """A service of others that gives no answer that can be used."""


class PlugInError(SpectroveError, LookupError):
    """An entry point that is unknown or cannot be loaded."""


class ExecutorError(SpectroveError, OSError):
    """Workers or a scheduler that cannot be used."""


class StorageError(SpectroveError, OSError):
    """A disk that is full or cannot be written."""
