"""Signalling bodies are those a browser sends and expects."""

from typing import Any

import pytest
from pydantic import ValidationError

from scope.protocol.signaling import AnswerResponse, CandidatesRequest, OfferRequest


def test_the_seed_pages_offer_is_taken() -> None:
    offer = OfferRequest.model_validate(
        {
            "sdp": "v=0",
            "type": "offer",
            "initialParameters": {"prompts": [{"text": "a", "weight": 1.0}], "manage_cache": True},
        }
    )
    assert offer.initial_parameters is not None
    assert offer.initial_parameters["manage_cache"] is True
    assert offer.resume is None


def test_an_offer_may_resume_and_may_carry_keys_nobody_knows() -> None:
    offer = OfferRequest.model_validate(
        {
            "sdp": "",
            "type": "offer",
            "resume": {"sessionId": "s", "token": "t"},
            "connection_info": {"gpu": "none"},
            "later": 1,
        }
    )
    assert offer.resume is not None
    assert (offer.resume.session_id, offer.resume.token) == ("s", "t")


@pytest.mark.parametrize(
    "body",
    [
        {"type": "offer"},
        {"sdp": None, "type": "offer"},
        {"sdp": 5, "type": "offer"},
        {"sdp": "v=0", "type": "offer", "initialParameters": []},
        {"sdp": "v=0", "type": "offer", "resume": {"sessionId": "s"}},
        {"sdp": "v=0", "type": "offer", "user_id": "u" * 257},
    ],
)
def test_an_offer_of_another_shape_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OfferRequest.model_validate(body)


def test_the_answer_is_written_in_the_clients_words() -> None:
    answer = AnswerResponse(sdp="v=0", session_id="s", resume_token="t")
    assert answer.model_dump(by_alias=True) == {
        "sdp": "v=0",
        "type": "answer",
        "sessionId": "s",
        "resumeToken": "t",
    }


def test_a_browsers_candidate_is_taken_with_its_extras() -> None:
    body = CandidatesRequest.model_validate(
        {
            "candidates": [
                {
                    "candidate": "candidate:1 1 udp 1 a.local 50000 typ host",
                    "sdpMid": "0",
                    "sdpMLineIndex": 0,
                    "usernameFragment": "x",
                }
            ]
        }
    )
    (candidate,) = body.candidates
    assert candidate is not None
    assert (candidate.sdp_mid, candidate.sdp_mline_index) == ("0", 0)
    assert not candidate.is_end


@pytest.mark.parametrize("end", [{"candidate": ""}, {"candidate": None}, {}])
def test_an_empty_or_null_candidate_is_the_end(end: dict[str, Any]) -> None:
    (candidate,) = CandidatesRequest.model_validate({"candidates": [end]}).candidates
    assert candidate is not None
    assert candidate.is_end


def test_a_null_entry_is_taken() -> None:
    assert CandidatesRequest.model_validate({"candidates": [None]}).candidates == [None]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"candidates": None},
        {"candidates": ["candidate:1"]},
        {"candidates": [{"candidate": 5}]},
        {"candidates": [{"candidate": "c", "sdpMLineIndex": -1}]},
        {"candidates": [{"candidate": "c", "sdpMLineIndex": "0"}]},
        {"candidates": [{"candidate": "c" * 1025}]},
        {"candidates": [{"candidate": "c"}] * 33},
    ],
)
def test_candidates_of_another_shape_or_number_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CandidatesRequest.model_validate(body)
