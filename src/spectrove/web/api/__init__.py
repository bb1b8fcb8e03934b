"""The addresses under ``/api/v1``, one module a subject."""

from fastapi import APIRouter

from spectrove.web.api import answers, around, campaign, candidates, overview, people, queue, rounds, samp, session

PREFIX = "/api/v1"
"""What every address of the interface begins with."""

router = APIRouter(prefix=PREFIX)
"""All of them."""

for module in (session, campaign, queue, answers, overview, people, rounds, candidates, around, samp):
    router.include_router(module.router)

__all__ = ["PREFIX", "router"]
