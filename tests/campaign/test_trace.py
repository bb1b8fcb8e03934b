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


def asked(campaign: Campaign, arm: str) -> list[set[str]]:
    return [{question.spectrum_id.removeprefix("lamost:") for question in campaign.store.questions(n, arm)} for n in range(3)]


@pytest.mark.parametrize("network", ASKED)
def test_a_small_campaign_asks_about_these_spectra_in_three_iterations(
    new_campaign: Callable[..., Campaign], oracle_of: Callable[[Campaign], Oracle], network: str
) -> None:
    campaign = new_campaign(network={"name": network}, audit={"size": 5, "design": "predicted"})
    run(campaign, oracle_of(campaign))
    assert asked(campaign, "query") == ASKED[network]


BY_STRATA = {
    "query": [
        {
            "56123-SYN00006V01_sp12-196", "56218-SYN00001F01_sp01-166", "56218-SYN00001F01_sp01-188",
            "57148-SYN00005B01_sp12-199", "57373-SYN00002B01_sp05-092", "57679-SYN00002B03_sp05-093",
        },
        {
            "56139-SYN00006V02_sp12-192", "56139-SYN00006V02_sp12-205", "56218-SYN00001F01_sp01-097",
            "56218-SYN00001F01_sp01-135", "57378-SYN00002B02_sp05-092", "60155-SYN00007B01_sp07-205",
        },
        {
            "56218-SYN00001F01_sp01-098", "56218-SYN00001F01_sp01-169", "56218-SYN00001F01_sp01-184",
            "57148-SYN00005B01_sp12-010", "57373-SYN00002B01_sp05-102", "60155-SYN00007B01_sp07-011",
        },
    ],
    "audit": [
        {
            "56123-SYN00006V01_sp12-035", "56123-SYN00006V01_sp12-205", "56139-SYN00006V02_sp12-088",
            "56430-SYN00006V03_sp12-003", "56430-SYN00006V03_sp12-103",
        },
        {
            "56218-SYN00001F01_sp01-010", "56218-SYN00001F01_sp01-239", "57148-SYN00005B01_sp12-147",
            "57378-SYN00002B02_sp05-112", "57378-SYN00002B02_sp05-185",
        },
        {
            "56123-SYN00006V01_sp12-224", "56139-SYN00006V02_sp12-182", "56218-SYN00001F01_sp01-120",
            "57373-SYN00002B01_sp05-163", "57378-SYN00002B02_sp05-201",
        },
    ],
}  # fmt: skip


def test_with_an_audit_of_the_whole_pool_it_asks_about_these(
    new_campaign: Callable[..., Campaign], oracle_of: Callable[[Campaign], Oracle]
) -> None:
    campaign = new_campaign(network={"name": "compact"})
    run(campaign, oracle_of(campaign))
    assert {arm: asked(campaign, arm) for arm in ("query", "audit")} == BY_STRATA
