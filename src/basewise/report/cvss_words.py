"""A CVSS vector read out in words.

Reference:
    CVSS 2.0 section 2.1; 3.1 section 2; 4.0 section 2: the base metrics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["vector_sentences"]

_FROM = {
    "N": "over a network",
    "A": "from the same local network",
    "L": "by someone who can run something on the machine",
    "P": "by someone who can touch the machine",
}
_COMPLEXITY = {
    "L": "nothing special has to hold",
    "M": "some circumstances have to hold",
    "H": "circumstances beyond the attacker's control have to hold",
}
_PRIVILEGES = {
    "N": "without an account",
    "L": "with an ordinary account",
    "H": "with an administrator's account",
}
_AUTHENTICATION = {
    "N": "without logging in",
    "S": "after logging in once",
    "M": "after logging in several times",
}
_INTERACTION = {
    "N": "nobody has to help",
    "R": "a user has to do something",
    "P": "a user has to use the system as usual",
    "A": "a user has to do something unusual",
}
_EFFECTS = {
    "C": {"H": "everything can be read", "C": "everything can be read", "L": "something can be read", "P": "something can be read"},
    "I": {"H": "everything can be changed", "C": "everything can be changed", "L": "something can be changed", "P": "something can be changed"},
    "A": {"H": "it can be put out of service", "C": "it can be put out of service", "L": "its service can be disturbed", "P": "its service can be disturbed"},
}  # fmt: skip
_NO_EFFECT = "nothing happens to the component itself"


def vector_sentences(vector: str) -> tuple[str, ...]:
    """Return what the base metrics of a vector say: how it is attacked, and what that does.

    Args:
        vector: Of CVSS 2, 3 or 4; a metric that is missing or has another value is passed over.
    """
    metrics = _metrics(vector)
    attack = ", ".join(_attack(metrics))
    effect = ", ".join(_effects(metrics))
    return tuple(
        sentence for sentence in (attack and f"attacked {attack}", effect, *_beyond(metrics)) if sentence
    )


def _metrics(vector: str) -> Mapping[str, str]:
    parts = (part.partition(":") for part in vector.strip("()").split("/"))
    return {name: value for name, colon, value in parts if colon}


def _attack(metrics: Mapping[str, str]) -> Iterator[str]:
    for name, words in (
        ("AV", _FROM),
        ("AC", _COMPLEXITY),
        ("PR", _PRIVILEGES),
        ("Au", _AUTHENTICATION),
        ("UI", _INTERACTION),
    ):
        if metrics.get(name) in words:
            yield words[metrics[name]]
    if metrics.get("AT") == "P":
        yield "the target has to be set up in a certain way"


def _effects(metrics: Mapping[str, str]) -> Iterator[str]:
    """Yield the effects on the component; version 4 calls its metrics `VC`, `VI` and `VA`."""
    found = False
    for name, words in _EFFECTS.items():
        value = metrics.get(f"V{name}", metrics.get(name, ""))
        if value in words:
            found = True
            yield words[value]
    if not found and any(name in metrics for name in ("C", "VC")):
        yield _NO_EFFECT


def _beyond(metrics: Mapping[str, str]) -> Iterator[str]:
    """Yield what is said of effects beyond the component."""
    later = any(metrics.get(name, "N") != "N" for name in ("SC", "SI", "SA"))
    if metrics.get("S") == "C" or later:
        yield "the effect reaches beyond the vulnerable component"
