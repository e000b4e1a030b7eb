"""Problem details."""

import json

import pytest

from mememime_proxy.errors import (
    DatabaseError,
    MememimeError,
    RequestError,
    StorageFullError,
    StorageUnavailableError,
    UnauthenticatedError,
    error_classes,
    error_from_code,
)
from mememime_proxy.resources.http.problem_details import describe_problem, problem_response

SECRET = "postgresql://user:secret@host"


def test_problem_of_a_client_error_has_its_detail():
    problem = describe_problem(RequestError("found 3, expected 4"), "r1")
    assert (problem.status, problem.title, problem.detail, problem.instance) == (
        400,
        "Bad request",
        "found 3, expected 4",
        "r1",
    )


@pytest.mark.parametrize("code", error_classes())
def test_problem_of_every_error_has_its_type_and_status(code):
    error = error_from_code(code, SECRET)
    response = problem_response(error, "r1")
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    body = json.loads(response.body)
    assert body["status"] == response.status == error.status
    assert body["type"] == f"https://mememime.dev/errors/{code}"
    if error.status >= 500:
        assert SECRET not in response.body.decode()


@pytest.mark.parametrize("kind", [DatabaseError, StorageUnavailableError, StorageFullError, MememimeError])
def test_problem_of_an_internal_error_has_no_detail(kind):
    assert describe_problem(kind(SECRET), "").detail == ""


def test_problem_response_says_how_to_retry():
    assert problem_response(DatabaseError(), "").headers["Retry-After"] == "1"
    assert problem_response(UnauthenticatedError(), "").headers["WWW-Authenticate"] == "Bearer"


def test_problem_detail_with_surrogates_is_replaced():
    assert json.loads(problem_response(RequestError("a\udc80"), "").body)["detail"] == "a?"
