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
from mememime_proxy.resources.http.problem_details import problem, refusal

SECRET = "postgresql://user:secret@host"


def test_what_the_client_did_wrong_is_told():
    told = problem(RequestError("found 3, expected 4"), "r1")
    assert (told.status, told.title, told.detail, told.instance) == (400, "Bad request", "found 3, expected 4", "r1")


@pytest.mark.parametrize("code", error_classes())
def test_problem_of_every_error_has_its_type_and_status(code):
    error = error_from_code(code, SECRET)
    answer = refusal(error, "r1")
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = json.loads(answer.body)
    assert body["status"] == answer.status == error.status
    assert body["type"] == f"https://mememime.dev/errors/{code}"
    if error.status >= 500:
        assert SECRET not in answer.body.decode()


@pytest.mark.parametrize("kind", [DatabaseError, StorageUnavailableError, StorageFullError, MememimeError])
def test_what_is_wrong_inside_is_not_told(kind):
    assert problem(kind(SECRET), "").detail == ""


def test_how_to_ask_again_is_told():
    assert refusal(DatabaseError(), "").headers["Retry-After"] == "1"
    assert refusal(UnauthenticatedError(), "").headers["WWW-Authenticate"] == "Bearer"


def test_a_detail_that_is_no_unicode_is_no_trouble():
    assert json.loads(refusal(RequestError("a\udc80"), "").body)["detail"] == "a?"
