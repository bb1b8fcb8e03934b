"""What a campaign's database holds, read once for a report."""

from __future__ import annotations

from dataclasses import dataclass

from spectrove.campaign import Campaign, looks
from spectrove.campaign.schema import IterationRow
from spectrove.campaign.votes import VOTE, settle
from spectrove.contracts import Answer, Question, SpectrumId, Stratum
from spectrove.evaluate import Look


@dataclass(frozen=True)
class Record:
    """
    A campaign as it stands.

    Attributes
    ----------
    campaign : Campaign
        The campaign.
    iterations : list of IterationRow
        From the first.
    questions : list of Question
        All that were asked.
    answers : list of Answer
        All that were given, in the order in which they came.
    labels : dict of SpectrumId to str or None
        What was last said of each spectrum.
    looks : list of Look
        The frozen looks of the closed iterations.
    """

    campaign: Campaign
    iterations: list[IterationRow]
    questions: list[Question]
    answers: list[Answer]
    labels: dict[SpectrumId, str | None]
    looks: list[Look]

    @classmethod
    def of(cls, campaign: Campaign) -> Record:
        """
        Return what a campaign holds now.

        Parameters
        ----------
        campaign : Campaign
            The campaign.

        Returns
        -------
        Record
            Of this moment.
        """
        given = campaign.store.votes()
        return cls(
            campaign=campaign,
            iterations=campaign.store.iterations(),
            questions=campaign.store.questions(),
            answers=[answer for answer in given if answer.purpose == VOTE and not answer.undoes],
            labels=settle(given),
            looks=looks(campaign),
        )

    @property
    def targets(self) -> tuple[str, ...]:
        """
        Return the classes that are searched for.

        Returns
        -------
        tuple of str
            Their names.
        """
        return self.campaign.settings.classes.targets

    @property
    def last(self) -> IterationRow:
        """
        Return the iteration that the campaign is in, or the long training.

        Returns
        -------
        IterationRow
            The last one.
        """
        return self.iterations[-1]

    @property
    def audited(self) -> IterationRow | None:
        """
        Return the last iteration whose audit is closed.

        Returns
        -------
        IterationRow or None
            None if there is none yet.
        """
        return next((row for row in reversed(self.iterations) if row.estimate is not None), None)

    def asked(self, iteration: int, arm: str | None = None) -> list[Question]:
        """
        Return what an iteration asked.

        Parameters
        ----------
        iteration : int
            Its number.
        arm : str, optional
            Only the questions of this arm.

        Returns
        -------
        list of Question
            By arm and position.
        """
        return [one for one in self.questions if one.iteration == iteration and arm in {None, one.arm}]


def strata_of(row: IterationRow) -> tuple[Stratum, ...]:
    """
    Return the strata that an iteration's audit was drawn from.

    Parameters
    ----------
    row : IterationRow
        The iteration.

    Returns
    -------
    tuple of Stratum
        Empty if only predicted targets were drawn, or nothing yet.
    """
    return tuple(Stratum(**stratum) for stratum in (row.population or {}).get("strata", ()))
