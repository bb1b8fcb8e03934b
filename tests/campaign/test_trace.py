"""The decision trace: which spectra a small campaign asks about in three iterations. A change here is a change of the method."""

from __future__ import annotations

from collections.abc import Callable

from spectrove.campaign import Campaign, run
from spectrove.contracts import Oracle

DR1, DR5, DR9 = "lamost:55860-SYN1P001_sp01-", "lamost:57000-SYN2P001_sp01-", "lamost:59600-SYN3P001_sp01-"

ASKED = [
    {DR1 + "071", DR5 + "048", DR5 + "050", DR5 + "051", DR5 + "088", DR9 + "002"},
    {DR1 + "025", DR1 + "048", DR5 + "011", DR5 + "086", DR9 + "036", DR9 + "071"},
    {DR1 + "013", DR1 + "019", DR1 + "054", DR5 + "032", DR5 + "061", DR9 + "061"},
]


def test_a_small_campaign_asks_about_these_spectra_in_three_iterations(
    new_campaign: Callable[..., Campaign], oracle_of: Callable[[Campaign], Oracle]
) -> None:
    campaign = new_campaign()
    run(campaign, oracle_of(campaign))
    asked = [{question.spectrum_id for question in campaign.store.questions(number, "query")} for number in range(3)]
    assert asked == ASKED
