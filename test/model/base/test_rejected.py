from segnet_model.base.errors import ImageError
from segnet_model.base.rejected import Rejected, reason


def test_numbers_and_quotes_make_no_other_reason():
    error = ImageError("step 100 is shorter than a row of 300 bytes; set step to 300")
    assert reason(error) == "step # is shorter than a row of # bytes"
    assert reason(ValueError()) == "ValueError"


def test_it_counts_by_reason_and_keeps_the_mend():
    rejected = Rejected()
    for size in (3, 4, 5):
        rejected.add(ImageError(f"a damaged image of {size} bytes; is the driver's data cut?"))
    rejected.add(ImageError("encoding 'yuv9' is unknown"))
    assert len(rejected) == 4
    assert str(rejected).splitlines() == [
        "  3 x a damaged image of 3 bytes; is the driver's data cut?",
        "  1 x encoding 'yuv9' is unknown",
    ]


def test_reasons_beyond_twenty_count_together():
    rejected, letters = Rejected(), "abcdefghijklmnopqrstuvwxyz"
    new = [rejected.add(ImageError(f"topic {x}{y} is none")) for x in letters for y in letters]
    assert sum(new) == 21
    assert len(rejected) == 26 * 26
    lines = str(rejected).splitlines()
    assert len(lines) == 21
    assert lines[0] == "  656 x for other reasons"
