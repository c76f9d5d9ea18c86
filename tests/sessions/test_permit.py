"""What somebody may do unless it is said otherwise."""

from scope.sessions.permit import Permit


def test_where_nobody_needs_a_key_everybody_is_the_same_and_may_control() -> None:
    permit = Permit()
    assert (permit.owner, permit.label, permit.may_control) == ("", None, True)
    assert permit.good()
