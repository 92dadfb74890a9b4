from __future__ import annotations

import numpy as np

from ocr.data.samples import Samples


def samples(characters: str) -> Samples:
    crops = np.zeros((len(characters), 32, 32), np.uint8)
    crops[:, 0, 0] = [ord(c) for c in characters]
    labels = np.array([*characters], "<U1")
    return Samples(crops, labels, np.char.lower(labels))


def test_taking_by_index_and_by_mask():
    abc = samples("ABC")
    for which in (np.array([2, 0]), np.array([True, False, True])):
        taken = abc.take(which)
        assert len(taken) == 2
        assert taken.crops[:, 0, 0].tolist() == [ord(c) for c in taken.characters]
        assert taken.either.tolist() == [c.lower() for c in taken.characters]


def test_parts_follow_one_another():
    whole = Samples.concatenate([samples("AB"), samples(""), samples("C")])
    assert "".join(whole.characters) == "ABC"
    assert whole.crops[:, 0, 0].tolist() == [65, 66, 67]
