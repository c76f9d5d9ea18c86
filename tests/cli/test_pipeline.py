"""`pipelines`, `load`, `unload`, `status` against a real server."""

from tests.cli.conftest import Aside, Run


def test_the_list_says_what_can_be_played(run: Run) -> None:
    assert "testcard" in run("pipelines").stdout
    assert run("pipelines", "--json")["testcard"]["supported_modes"] == ["text"]


def test_a_load_is_followed_to_its_end_with_its_values(run: Run) -> None:
    line = ("load", "testcard", "fps=25", "--width", "512", "--height", "128", "--seed", "4")
    status = run(*line, "--json")
    assert status["status"] == "loaded"
    wanted = {"fps": 25, "width": 512, "height": 128, "seed": 4}
    assert wanted.items() <= status["load_params"].items()
    assert "testcard is loaded." in run(*line).stdout
    assert "width" in run("load", "testcard", "width=9", code=2).stderr


def test_the_status_says_what_is_loaded_and_what_plays(run: Run, aside: Aside) -> None:
    run("load", "testcard", "width=512", "height=128")
    assert "no session" in run("status").stdout
    session = aside.play()
    assert session in run("status").stdout
    assert list(run("status", "--json")["sessions"]) == [session]
    aside.stop_playing()


def test_an_unload_frees_the_device(run: Run) -> None:
    run("load", "testcard", "width=512", "height=128", "--no-wait")
    assert "Nothing is loaded." in run("unload").stdout
    assert "not loaded" in run("status").stdout
    assert run("unload", "--json") == {"status": "not_loaded"}
