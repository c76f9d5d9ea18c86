import numpy as np

from scope.engine.outlet import LocalOutlet
from scope.frames import Chunk

CHUNK = Chunk(np.zeros((4, 2, 2, 3), np.uint8), 0, 0, 0.1, 0, True, 0.0)


def test_room_is_what_has_not_been_released() -> None:
    woken: list[str] = []
    outlet = LocalOutlet(
        slots=8,
        deliver=lambda _: None,
        rewound=lambda _: None,
        wake=lambda: woken.append("up"),
    )
    assert outlet.has_room(4, 4)
    outlet.release(0)
    assert woken == []
    assert not outlet.has_room(8, 4)
    outlet.release(1)
    assert woken == ["up"]
    outlet.release(2)
    assert woken == ["up"]
    outlet.release(3)
    assert outlet.has_room(8, 4)


def test_pieces_and_rewinds_are_handed_over() -> None:
    heard: list[object] = []
    outlet = LocalOutlet(slots=8, deliver=heard.append, rewound=heard.append, wake=lambda: None)
    outlet.put(CHUNK)
    outlet.rewind(4)
    outlet.close()
    assert heard == [CHUNK, 4]
