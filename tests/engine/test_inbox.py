import threading

from scope.engine.inbox import Inbox
from scope.engine.messages import Close, Load, Stop, Wake


def test_commands_come_out_in_order() -> None:
    inbox = Inbox()
    for command in (Wake(), Close("a"), Stop()):
        inbox.post(command)
    assert [inbox.take() for _ in range(4)] == [
        (Wake(), None),
        (Close("a"), None),
        (Stop(), None),
        None,
    ]


def test_what_is_not_wanted_yet_stays_where_it_is() -> None:
    inbox = Inbox()
    inbox.post(Load(1, "a", {}))
    inbox.post(Wake())
    assert inbox.take(lambda command: isinstance(command, Wake)) is None
    assert inbox.any(lambda command: isinstance(command, Wake))
    assert inbox.take() == (Load(1, "a", {}), None)
    assert not inbox.any(lambda command: isinstance(command, Load))


def test_a_sleeper_is_woken_by_a_command() -> None:
    inbox = Inbox()
    sleeper = threading.Thread(target=inbox.wait, args=(30,))
    sleeper.start()
    inbox.wake()
    sleeper.join(10)
    assert not sleeper.is_alive()


def test_nobody_sleeps_while_a_command_waits_or_longer_than_asked() -> None:
    inbox = Inbox()
    inbox.wait(0.001)
    inbox.wake()
    inbox.wait(None)
