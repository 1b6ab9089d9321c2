"""The OpenAPI description: it describes every endpoint, and requests made from it find no fault of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from engine.service.openapi import description
from engine.service.routes import ENDPOINTS
from tests.engine.service.conftest import Service

pytest.importorskip("schemathesis", reason="needs the schemathesis package")


def test_every_endpoint_is_described() -> None:
    found = description("1.0")
    assert {(method.upper(), path) for path, item in found["paths"].items() for method in item} == {
        (endpoint.method, endpoint.path) for endpoint in ENDPOINTS
    }
    json.dumps(found)


@pytest.mark.filterwarnings("ignore")  # of the packages that make and send the requests
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_requests_of_the_description_find_no_server_error(service: Service, endpoint: Any) -> None:
    check(service, endpoint, examples=3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_many_requests_of_the_description_find_no_server_error(service: Service, endpoint: Any) -> None:
    check(service, endpoint, examples=100)


def check(service: Service, endpoint: Any, examples: int) -> None:
    """Send requests made from the description; raise where the server fails or breaks its description."""
    import schemathesis
    from hypothesis import given
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    schema = schemathesis.openapi.from_dict(description("test"))
    operation = schema[endpoint.path][endpoint.method]
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    quick = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @quick
    @given(case=operation.as_strategy())
    def sent(case: Any) -> None:
        case.call_and_validate(base_url=service.url, headers=service.headers, checks=checks, timeout=90)

    sent()
