"""Everything that a campaign can be told, one frozen dataclass a section; ``spectrove.config`` reads them from TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spectrove.scoring import ScoreConfig
from spectrove.training import LONG, FitConfig

CRITERIA = {
    "single-peak": "Emission above the continuum in Hα, with one maximum. It may stand within a broader absorption line.",
    "double-peak": "Emission in Hα with two maxima that stand clear of the noise, a dip between them, whatever its depth.",
    "not-interesting": "Absorption or nothing in Hα; or emission that sky, nebula, cosmic ray or a bad subtraction explains.",
}
"""
What the default classes mean, in our words, after Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 2; used where the
settings say nothing else.
"""


@dataclass(frozen=True)
class ClassesConfig:
    """
    The classes that spectra are sorted into.

    Attributes
    ----------
    names : tuple of str
        All classes, in the order of the network's outputs.
    targets : tuple of str
        Those that are searched for.
    aliases : mapping of str to str
        Other words for a class, as they stand in labels files.
    ignore : tuple of str
        Labels whose rows are passed over when a labels file is read.
    criteria : mapping of str to str
        What a spectrum must show to be of a class, in words; it stands beside the keys where people label.

    Raises
    ------
    ValueError
        If there are not at least two different classes, all or none of them are targets, an alias leads to none of them, or a
        criterion is of none of them.
    """

    names: tuple[str, ...] = ("single-peak", "double-peak", "not-interesting")
    targets: tuple[str, ...] = ("single-peak", "double-peak")
    aliases: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    criteria: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse classes that cannot be told apart."""
        if len(set(self.names)) != len(self.names) or len(self.names) < 2:
            msg = f"names must be at least two different classes, got {self.names}"
            raise ValueError(msg)
        if not self.targets or not set(self.targets) < set(self.names):
            msg = f"targets must be some but not all of the classes {self.names}, got {self.targets}"
            raise ValueError(msg)
        wrong = {label: name for label, name in self.aliases.items() if name not in self.names}
        if wrong:
            msg = f"aliases must lead to one of the classes {self.names}, got {wrong}"
            raise ValueError(msg)
        strange = [name for name in self.criteria if name not in self.names]
        if strange:
            msg = f"criteria must be of the classes {self.names}, got {strange}"
            raise ValueError(msg)

    def criterion(self, name: str) -> str:
        """
        Return what a spectrum must show to be of a class.

        Parameters
        ----------
        name : str
            The class.

        Returns
        -------
        str
            In words: as the settings say, else of `CRITERIA`, else empty.
        """
        return self.criteria.get(name, CRITERIA.get(name, ""))


@dataclass(frozen=True)
class NetworkConfig:
    """
    The network that is trained anew in every iteration.

    Attributes
    ----------
    name : str
        A plug-in of the group ``spectrove.models``.
    """

    name: str = "compact"


@dataclass(frozen=True)
class QueryConfig:
    """
    Which spectra are asked about to teach the network.

    Attributes
    ----------
    strategy : str
        A plug-in of the group ``spectrove.strategies``, which gives each spectrum its utility.
    batch_size : int
        Number of spectra asked about in an iteration.
    prepare_after : int or None
        The next iteration may be prepared when so many of these are answered (all, where there are fewer); None: never, as in
        the paper.

    Raises
    ------
    ValueError
        If a number is less than 1.
    """

    strategy: str = "entropy"
    batch_size: int = 100
    prepare_after: int | None = None

    def __post_init__(self) -> None:
        """Refuse an empty batch, and a preparation that no answer has asked for."""
        for name, value in (("batch_size", self.batch_size), ("prepare_after", self.prepare_after)):
            if value is not None and value < 1:
                msg = f"{name} must be at least 1, got {value}"
                raise ValueError(msg)


@dataclass(frozen=True)
class ReviewConfig:
    """
    What people are shown to measure them, hidden among the questions.

    Attributes
    ----------
    second_votes : float
        Part of what others have labeled in a round that each person is shown too, without their labels, from 0 to 1.
    repeats : float
        Spectra that a person has labeled in an earlier round and is shown again, as a part of the round's questions.
    gold : float
        Spectra of the pool whose label the training sets know, likewise.

    Raises
    ------
    ValueError
        If a part does not lie between 0 and 1.
    """

    second_votes: float = 0.1
    repeats: float = 0.05
    gold: float = 0.0

    def __post_init__(self) -> None:
        """Refuse parts that are none."""
        for name, value in (("second_votes", self.second_votes), ("repeats", self.repeats), ("gold", self.gold)):
            if not 0 <= value <= 1:
                msg = f"{name} must lie between 0 and 1, got {value}"
                raise ValueError(msg)


DESIGNS = ("strata", "predicted")
"""How an audit can be drawn."""


@dataclass(frozen=True)
class AuditConfig:
    """
    The random sample that estimates precision and recall.

    Attributes
    ----------
    size : int
        Number of spectra drawn in an iteration; all of them where there are fewer.
    level : float
        Confidence level of the intervals, between 0 and 1.
    trains : bool
        Whether the audit's labels join the training set once its estimate is frozen.
    design : str
        ``strata``: from the predicted targets and, by strata of the score, from all others, so that recall can be told too.
        ``predicted``: from the predicted targets alone, as in the paper.
    predicted_share : float
        Part of an audit by strata that is drawn from the predicted targets, between 0 and 1: the more, the better known is the
        precision, and the less the recall.

    Raises
    ------
    ValueError
        If ``size`` is less than 1, ``level`` or ``predicted_share`` does not lie between 0 and 1, or the design is unknown.
    """

    size: int = 30
    level: float = 0.95
    trains: bool = True
    design: str = "strata"
    predicted_share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a sample without a size, a level or a design."""
        if self.size < 1:
            msg = f"size must be at least 1, got {self.size}"
            raise ValueError(msg)
        for name, value in (("level", self.level), ("predicted_share", self.predicted_share)):
            if not 0 < value < 1:
                msg = f"{name} must lie between 0 and 1, got {value}"
                raise ValueError(msg)
        if self.design not in DESIGNS:
            msg = f"design must be one of {', '.join(DESIGNS)}, got {self.design!r}"
            raise ValueError(msg)

    def sizes(self, n: int) -> tuple[int, int]:
        """
        Return how many predicted targets and how many others an audit by strata draws.

        Parameters
        ----------
        n : int
            Of so many.

        Returns
        -------
        tuple of int
            Their numbers.
        """
        n_predicted = min(n, round(n * self.predicted_share))
        return n_predicted, n - n_predicted


Option = float | int | str
"""What an option of a rule may be."""


@dataclass(frozen=True)
class StoppingConfig:
    """
    When the questions end and the long training begins.

    Attributes
    ----------
    rule : str
        A plug-in of the group ``spectrove.stopping``, or several joined by ``and``, ``or`` and parentheses.
    options : mapping
        What the rule is made with, such as ``{ goal = 0.8 }``; where several are joined, a table of these for each by its name.
    max_iterations : int or None
        Stop after so many iterations whatever the rule says.
    max_answers : int or None
        Never ask for more answers than this; the last batch is cut to fit.

    Raises
    ------
    ValueError
        If a limit is given and less than 1.
    """

    rule: str = "paper-2020"
    options: Mapping[str, Option | Mapping[str, Option]] = field(default_factory=dict)
    max_iterations: int | None = None
    max_answers: int | None = None

    def __post_init__(self) -> None:
        """Refuse a budget that allows nothing."""
        for name, value in (("max_iterations", self.max_iterations), ("max_answers", self.max_answers)):
            if value is not None and value < 1:
                msg = f"{name} must be at least 1, got {value}"
                raise ValueError(msg)


@dataclass(frozen=True)
class CampaignSettings:
    """
    The settings of a campaign.

    Attributes
    ----------
    seed : int
        Seed of every random choice; the same seed on the same data, trained with as many threads, asks the same questions.
    classes : ClassesConfig
        The classes.
    network : NetworkConfig
        The network.
    fit : FitConfig
        The training of every iteration.
    long_fit : FitConfig
        The long training before the result.
    scoring : ScoreConfig
        The pass over the pool.
    query : QueryConfig
        The questions that teach.
    audit : AuditConfig
        The questions that measure.
    stopping : StoppingConfig
        The end.
    review : ReviewConfig
        What measures the people who answer.

    Raises
    ------
    ValueError
        If ``seed`` is negative.
    """

    seed: int = 2020
    classes: ClassesConfig = field(default_factory=ClassesConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    long_fit: FitConfig = LONG
    scoring: ScoreConfig = field(default_factory=ScoreConfig)
    query: QueryConfig = field(default_factory=QueryConfig)
    audit: AuditConfig = field(default_factory=AuditConfig)
    stopping: StoppingConfig = field(default_factory=StoppingConfig)
    review: ReviewConfig = field(default_factory=ReviewConfig)

    def __post_init__(self) -> None:
        """Refuse a seed that no generator takes."""
        if self.seed < 0:
            msg = f"seed must not be negative, got {self.seed}"
            raise ValueError(msg)
