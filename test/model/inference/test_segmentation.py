import pytest
import torch
import torch.nn.functional as F

from segnet_model.inference.prediction import Prediction
from segnet_model.inference.segmentation import most_likely, to_maps


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("classes", "size"), [(11, (24, 36)), (200, (48, 72)), (1, (31, 50))])
def test_the_most_likely_class_is_that_of_pytorch(classes, size, layout):
    logits = torch.randn(2, classes, 24, 36) * 3
    p = logits.softmax(1).contiguous(memory_format=layout)
    confidence, labels = most_likely(p, size)
    expected = F.interpolate(p.double(), size=size, mode="bilinear")
    assert labels.dtype == torch.uint8
    chosen = expected.gather(1, labels.long()[:, None])[:, 0]
    # Where two classes are nearly as likely, rounding may choose either.
    torch.testing.assert_close(chosen, expected.amax(1), atol=1e-4, rtol=0)
    torch.testing.assert_close(confidence.double(), expected.amax(1), atol=1e-4, rtol=0)


def test_of_equal_classes_the_first_is_chosen():
    p = torch.tensor([0.2, 0.3, 0.3, 0.2]).view(1, 4, 1, 1).expand(1, 4, 4, 6)
    assert (most_likely(p, (8, 12))[1] == 1).all()


def test_a_prediction_that_is_not_a_number_stays_one():
    p = torch.full((1, 3, 4, 6), 1 / 3)
    p[..., 2, 3] = torch.nan
    confidence = to_maps(Prediction(p), (4, 6))[1]
    assert torch.equal(confidence.isnan().nonzero(), torch.tensor([[0, 2, 3]]))
