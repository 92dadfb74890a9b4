"""Text to be written: prose, numbers, codes, labels, prices, program lines, single signs."""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

DIGITS = "0123456789"
PRINTABLE = string.ascii_letters + string.digits + string.punctuation
#: Longest piece of text that is drawn as one line; a page joins shorter ones.
LONGEST = 48


def random_text(dice: Random, lines: list[str]) -> str:
    """A piece of text of any kind, 1 to 48 signs."""
    kinds: list[Callable[[Random, list[str]], str]] = [prose, words, mixed, signs, beginning]
    text = dice.choices(kinds, (56, 10, 14, 10, 10))[0](dice, lines)
    text = _decorate(_in_case(text, dice), dice)
    return " ".join(text.split())[: dice.choice([24, 34, 44, LONGEST])].strip() or "a"


def prose(dice: Random, lines: list[str]) -> str:
    """One to nine words that follow each other."""
    found = dice.choice(lines).split()
    count = dice.randint(1, 9)
    start = dice.randrange(max(1, len(found) - count + 1))
    return " ".join(found[start : start + count])


def words(dice: Random, lines: list[str]) -> str:
    """One to five words that have nothing to do with each other."""
    return " ".join(word(dice, lines) for _ in range(dice.randint(1, 5)))


def word(dice: Random, lines: list[str]) -> str:
    """A single word."""
    return dice.choice(dice.choice(lines).split() or ["a"])


def mixed(dice: Random, lines: list[str]) -> str:
    """One to four numbers and words."""
    count = dice.randint(1, 4)
    return " ".join(
        number(dice) if dice.random() < 0.6 else word(dice, lines) for _ in range(count)
    )


def beginning(dice: Random, lines: list[str]) -> str:
    """The beginning of a line, as it stands."""
    return dice.choice(lines)[: dice.randint(5, LONGEST)]


def signs(dice: Random, lines: list[str]) -> str:
    """Letters, digits or signs at random, sometimes with spaces between them."""
    pools = (
        string.ascii_uppercase,
        string.ascii_lowercase,
        string.ascii_letters + string.digits,
        PRINTABLE,
        string.ascii_uppercase + string.digits,
        DIGITS,
    )
    text = "".join(dice.choices(dice.choice(pools), k=dice.randint(2, 14)))
    return " ".join(text) if dice.random() < 0.3 else text


def number(dice: Random) -> str:
    """A count, price, date, time, telephone or part number."""

    def digits(count: int) -> str:
        return "".join(dice.choices(DIGITS, k=count))

    patterns = (
        lambda: digits(dice.randint(1, 10)),
        lambda: price(dice),
        lambda: f"${digits(2)},{digits(3)}.{digits(2)}",
        lambda: f"{dice.randint(1, 12)}/{dice.randint(1, 31)}/{digits(dice.choice([2, 4]))}",
        lambda: f"({digits(3)}) {digits(3)}-{digits(4)}",
        lambda: f"{dice.randint(1, 12)}:{digits(2)} {dice.choice(['am', 'pm', 'AM', 'PM'])}",
        lambda: f"{digits(2)}-{digits(3)}-{digits(dice.randint(2, 6))}",
        lambda: f"#{digits(dice.randint(2, 5))}",
        lambda: f"{digits(dice.randint(1, 3))}%",
    )
    return dice.choice(patterns)()


def price(dice: Random) -> str:
    """An amount with two decimals."""
    return f"{dice.randint(0, 999)}{dice.choice('.,')}{dice.randint(0, 99):02d}"


def few_signs(dice: Random) -> str:
    """One to four letters or digits, as on signs, in grids and as marks."""
    pool = dice.choice((string.ascii_uppercase, DIGITS, string.ascii_letters + DIGITS))
    return "".join(dice.choices(pool, k=dice.choice([1, 1, 1, 2, 2, 3, 4])))


def short(dice: Random, lines: list[str]) -> str:
    """One to three words for headings, labels and signs."""
    text = " ".join(word(dice, lines) for _ in range(dice.choice([1, 1, 1, 2, 2, 3])))
    if dice.random() < 0.15:
        text = number(dice)
    return _in_case(text, dice)[:28] or "a"


def _in_case(text: str, dice: Random) -> str:
    drawn = dice.random()
    if drawn < 0.24:
        return text.upper()
    if drawn < 0.32:
        return text.title()
    return text.lower() if drawn < 0.36 else text


def _decorate(text: str, dice: Random) -> str:
    """The text with a bullet or a number before it, or a mark behind it, sometimes."""
    drawn = dice.random()
    if drawn < 0.06:
        text = f"{dice.choice('-*+•')} {text}"
    elif drawn < 0.12:
        text = f"{dice.randint(1, 20)}{dice.choice('.):')} {text}"
    return text + dice.choice(".:,;!?") if dice.random() < 0.06 else text
