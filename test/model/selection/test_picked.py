"""Selected frames that are taken out of a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segnet_model.datasets.sources import Frame, Key, Source
from segnet_model.selection.picked import PickedSource, take_picked


class Short(Source):
    """A source that fails where it is read beyond the last selected frame."""

    wall_clock = True

    def __enter__(self):
        return self

    def _read(self):
        for index in range(6):
            assert index < 4, "read too far"
            image = np.full((8, 8, 3), index, np.uint8)
            key = Key("/drive", "/camera", index, 0)
            yield Frame(key, str(index), index, index, lambda image=image: image)


def test_a_recording_is_read_up_to_its_last_selected_frame(tmp_path):
    keys = [("/camera", 3, 0), ("/camera", 0, 0)]
    assert take_picked(Short(Path("/drive")), keys, tmp_path / "picked", lambda share: None) == 2
    found = list(PickedSource("all", {"s3://drive": tmp_path / "picked"}).frames())
    assert [frame.key for frame in found] == [Key("s3://drive", *key) for key in sorted(keys)]
    assert [int(frame.image()[0, 0, 0]) for frame in found] == [0, 3]
