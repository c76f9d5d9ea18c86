from scope.rtc.api import PeerClosed, PeerConfig


def test_the_reasons_are_stable_words() -> None:
    assert {reason.value for reason in PeerClosed} == {
        "by_us",
        "by_peer",
        "not_connected",
        "lost",
        "flooding",
    }


def test_the_defaults_are_those_of_the_wire() -> None:
    config = PeerConfig()
    assert (config.connect_deadline_s, config.silence_s, config.lost_s) == (10, 5, 30)
    assert (config.sdp.max_bytes, config.sdp.max_lines, config.sdp.max_sections) == (65536, 2000, 8)
    assert (config.max_candidates, config.max_candidates_per_call) == (64, 32)
    assert config.max_mdns_candidates == 4
    assert (config.max_channels, config.max_channels_opened) == (2, 16)
    assert (config.flood_bytes, config.flood_window_s) == (4 * 2**20, 10)
    assert config.max_message_bytes == 65536
    assert config.ice_servers == ()
