"""What a client asked for: what is in force, and what has not been confirmed yet.

Decides what a new session is told, and what is said again after a connection was lost, so that
no update is. Pure: knows no connection.
"""

import json
from dataclasses import dataclass, field
from typing import Any

ONE_SHOT = frozenset({"transition", "prompts", "reset_cache", "apply", "_id"})


@dataclass(slots=True)
class Ledger:
    """wish: parameters in force once everything is applied. open: sent or waiting, by id."""

    wish: dict[str, Any] = field(default_factory=dict)
    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    _number: int = 0

    def enter(self, parameters: dict[str, Any]) -> str:
        """A new update; its id."""
        self._number += 1
        message_id = f"c{self._number}"
        self.open[message_id] = {**parameters, "_id": message_id}
        lasting = {key: value for key, value in parameters.items() if key not in ONE_SHOT}
        self.wish.update(lasting)
        if parameters.get("prompts"):
            self.wish["prompts"] = parameters["prompts"]
        if transition := parameters.get("transition"):
            self.wish["prompts"] = transition["target_prompts"]
        return message_id

    def text_of(self, message_id: str) -> str:
        """The message as it goes over the wire."""
        return json.dumps(self.open[message_id], ensure_ascii=False)

    def settle(self, message_id: str) -> bool:
        """It was applied, or refused for good; whether it was open."""
        return self.open.pop(message_id, None) is not None

    def pauses(self) -> list[str]:
        """Open updates that the server confirms by standing still."""
        return [name for name, message in self.open.items() if message.get("paused") is True]
