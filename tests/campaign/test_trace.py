"""The decision trace: which spectra a small campaign asks about in three iterations. A change here is a change of the method."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spectrove.campaign import Campaign, run
from spectrove.contracts import Oracle

ASKED = {
    "compact": [
        {
            "56123-SYN00006V01_sp12-196", "56218-SYN00001F01_sp01-166", "56218-SYN00001F01_sp01-188",
            "57148-SYN00005B01_sp12-199", "57373-SYN00002B01_sp05-092", "57679-SYN00002B03_sp05-093",
        },
        {
            "56139-SYN00006V02_sp12-110", "56218-SYN00001F01_sp01-084", "56218-SYN00001F01_sp01-097",
            "56218-SYN00001F01_sp01-120", "56218-SYN00001F01_sp01-135", "60155-SYN00007B01_sp07-205",
        },
        {
            "56139-SYN00006V02_sp12-192", "56218-SYN00001F01_sp01-184", "57148-SYN00005B01_sp12-010",
            "57373-SYN00002B01_sp05-102", "57378-SYN00002B02_sp05-092", "57679-SYN00002B03_sp05-092",
        },
    ],
    "paper-2020": [
        {
            "56218-SYN00001F01_sp01-184", "57148-SYN00005B01_sp12-207", "57378-SYN00002B02_sp05-102",
            "57679-SYN00002B03_sp05-092", "60155-SYN00007B01_sp07-011", "60155-SYN00007B01_sp07-178",
        },
        {
            "56139-SYN00006V02_sp12-110", "56218-SYN00001F01_sp01-084", "56218-SYN00001F01_sp01-097",
            "56218-SYN00001F01_sp01-120", "56218-SYN00001F01_sp01-135", "57378-SYN00002B02_sp05-092",
        },
        {
            "56139-SYN00006V02_sp12-192", "56218-SYN00001F01_sp01-188", "57148-SYN00005B01_sp12-010",
            "57148-SYN00005B01_sp12-199", "57373-SYN00002B01_sp05-092", "57679-SYN00002B03_sp05-093",
        },
    ],
}  # fmt: skip


@pytest.mark.parametrize("network", ASKED)
def test_a_small_campaign_asks_about_these_spectra_in_three_iterations(
    new_campaign: Callable[..., Campaign], oracle_of: Callable[[Campaign], Oracle], network: str
) -> None:
    campaign = new_campaign(network={"name": network})
    run(campaign, oracle_of(campaign))
    asked = [
        {question.spectrum_id.removeprefix("lamost:") for question in campaign.store.questions(number, "query")}
        for number in range(3)
    ]
    assert asked == ASKED[network]
