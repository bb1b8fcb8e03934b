"""Requests made up from the OpenAPI document; none of them may make the server fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

EXAMPLES = 20
"""Requests for each address."""


def test_no_request_makes_the_server_fail(
    browser: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # No program of whoever runs the tests is spoken to.
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'no-hub').as_uri()}")
    client = browser()
    headers = {"Host": "127.0.0.1:8765", "X-CSRF-Token": str(client.headers["X-CSRF-Token"])}
    headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", client.app, headers=headers)
    answered: dict[int, int] = {}

    def check(case: schemathesis.Case) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=[not_a_server_error])
        answered[answer.status_code] = answered.get(answer.status_code, 0) + 1
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0] == "application/problem+json"

    n_addresses = 0
    for operation in schema.get_all_operations():
        made_up = given(case=operation.ok().as_strategy())
        several = settings(
            max_examples=EXAMPLES, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        several(made_up(check))()
        n_addresses += 1
    assert n_addresses > 15
    assert answered[200] > n_addresses, answered
    assert not {401, 403} & answered.keys(), answered
