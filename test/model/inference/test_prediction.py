import torch

from segnet_model.inference.prediction import normalized_entropy


def test_closed_forms():
    certain = torch.tensor([1.0, 0.0, 0.0, 0.0])
    two = torch.tensor([0.5, 0.5, 0.0, 0.0])  # log 2 / log 4
    even = torch.full((4,), 0.25)
    probabilities = torch.stack([certain, two, even], 1)[None, :, :, None]
    torch.testing.assert_close(
        normalized_entropy(probabilities), torch.tensor([[[0.0], [0.5], [1.0]]])
    )


def test_equals_pytorchs_distribution():
    probabilities = torch.randn(2, 11, 4, 5).softmax(1)
    expected = torch.distributions.Categorical(probabilities.movedim(1, -1)).entropy()
    torch.testing.assert_close(
        normalized_entropy(probabilities), expected / torch.tensor(11.0).log()
    )


def test_a_single_class_is_certain():
    assert normalized_entropy(torch.ones(1, 1, 2, 2)).abs().sum() == 0
