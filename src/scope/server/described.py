"""What /openapi.json says of errors: the bodies of problems.py, under the statuses of the door.

Decides which refusals every route of a kind can give before anything of it runs. What a route
itself refuses is the "default", told apart by its `code`.
"""

from collections.abc import Mapping
from typing import Any

from scope.protocol.http import Malformed, Problem

AT_ANY: Mapping[int, str] = {
    403: "A page of that Origin, or with that key, may not do this.",
    421: "The Host header names another server.",
}
WITH_KEY: Mapping[int, str] = {401: "There is no key, or a wrong one."}
WITH_BODY: Mapping[int, str] = {
    408: "The body did not arrive in time.",
    413: "The body is over its limit.",
    415: "The body comes in another content type.",
}
MALFORMED = "A parameter or a key of the body is wrong; `field` names it."
OTHERWISE = "Any other refusal; `code` says which."


def problems_at(*, public: bool, takes_body: bool) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, as FastAPI wants them described."""
    told: dict[int, str] = dict(AT_ANY)
    if not public:
        told |= WITH_KEY
    if takes_body:
        told |= WITH_BODY
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "description": words} for status, words in told.items()
    }
    if not public:
        described[422] = {"model": Problem | Malformed, "description": MALFORMED}
    described["default"] = {"model": Problem, "description": OTHERWISE}
    return described
