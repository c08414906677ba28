import pytest
import torch
import torch.nn.functional as F

from segnet_model.base import choices
from segnet_model.base.errors import SettingsError
from segnet_model.networks.outputs import class_logits, output_channels
from segnet_model.training.losses import BINS, LOSSES, cross_entropy, dice, lovasz, unlabeled_risk


def test_equals_pytorchs_weighted_mean():
    logits = torch.randn(2, 11, 4, 5)
    labels = torch.randint(0, 12, (2, 4, 5))
    weights = torch.rand(11)
    expected = F.cross_entropy(logits, labels, weights, ignore_index=11)
    torch.testing.assert_close(cross_entropy(logits, labels, weights, 11), expected)


def test_nothing_labeled_costs_nothing():
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    loss = cross_entropy(logits, torch.full((1, 2, 2), 255), torch.ones(3), 255)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0


def test_two_classes_from_one_channel_are_binary_cross_entropy():
    z = torch.randn(2, 1, 5, 6)
    labels = torch.randint(0, 2, (2, 5, 6))
    labels[0, 0] = 255
    known = labels != 255
    expected = F.binary_cross_entropy_with_logits(z[:, 0][known], labels[known].float())
    found = cross_entropy(class_logits(z, "sigmoid"), labels, torch.ones(2), 255)
    torch.testing.assert_close(found, expected)


def test_dice_of_known_overlaps():
    """Certain answers: 2 of 3 pixels of class 0 are found, and 1 of 1 of class 1."""
    labels = torch.tensor([[[0, 0, 0, 1, 255]]])
    answers = torch.tensor([[[0, 0, 1, 1, 0]]])
    logits = F.one_hot(answers, 3).movedim(-1, 1) * 1e4
    overlaps = [2 * 2 / (2 + 3), 2 * 1 / (2 + 1)]
    found = dice(logits, labels, torch.ones(3), 255)
    assert found.item() == pytest.approx(1 - sum(overlaps) / 2)


def test_dice_learns_and_is_perfect_at_zero():
    labels = torch.randint(0, 3, (1, 4, 4))
    right = F.one_hot(labels, 3).movedim(-1, 1) * 50.0
    assert dice(right, labels, torch.ones(3), 255).item() == pytest.approx(0, abs=1e-6)
    logits = torch.zeros(1, 3, 4, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(dice(logits, labels, torch.ones(3), 255), logits)
    assert (gradient.gather(1, labels[:, None]) < 0).all()


def test_lovasz_of_certain_answers_is_one_less_the_mean_iou():
    """The extension equals the Jaccard loss where every answer is certain (paper, section 3.1)."""
    labels = torch.tensor([[[0, 0, 0, 1, 1, 255]]])
    answers = torch.tensor([[[0, 0, 1, 1, 2, 0]]])
    logits = F.one_hot(answers, 3).movedim(-1, 1) * 1e4
    ious = [2 / 3, 1 / 3]  # class 2 is answered but does not occur
    found = lovasz(logits, labels, torch.ones(3), 255)
    assert found.item() == pytest.approx(1 - sum(ious) / 2)


def test_lovasz_between_certain_answers_by_hand():
    """One class of two pixels: errors 0.6 (a miss) and 0.3 (a false alarm)."""
    p = torch.tensor([[0.4, 0.6], [0.3, 0.7]])
    logits = p.log().T[None, :, None]
    labels = torch.tensor([[[0, 1]]])
    # Class 0: sorted errors 0.6, 0.3; Jaccard losses of {miss}, {miss, alarm}: 1, 1.
    # Class 1: errors 0.6 (an alarm at pixel 0) and 0.3 (a miss at pixel 1): 1/2, then 1.
    expected = (0.6 * 1 + 0.3 * 0 + 0.6 * 0.5 + 0.3 * 0.5) / 2
    found = lovasz(logits, labels, torch.ones(2), 255)
    assert found.item() == pytest.approx(expected, abs=1 / BINS)


def test_lovasz_is_what_sorting_every_pixel_gives():
    """Value and gradient, of answers from sure to unsure, with pixels that do not count."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 5, (2, 48, 64), generator=generator)
    labels[labels == 4] = 255  # a class that never occurs
    scale = torch.linspace(0.1, 12, 64)
    logits = torch.randn(2, 5, 48, 64, generator=generator) * scale
    logits += 4 * F.one_hot(labels.where(labels != 255, 0), 5).movedim(-1, 1)
    logits.requires_grad_()
    found, expected = lovasz(logits, labels, torch.ones(5), 255), lovasz_by_sorting(logits, labels)
    assert found.item() == pytest.approx(expected.item(), abs=1 / BINS)
    (one,), (other,) = (torch.autograd.grad(loss, logits) for loss in (found, expected))
    assert (one - other).norm() < 0.01 * other.norm()
    assert (one.movedim(1, -1)[labels == 255] == 0).all()


def lovasz_by_sorting(logits, labels):
    """The paper's algorithm 1, pixel by pixel."""
    known, losses = labels != 255, []
    probabilities, labels = logits.softmax(1).movedim(1, -1)[known].double(), labels[known]
    for one in labels.unique().tolist():
        truth = (labels == one).double()
        errors, order = (truth - probabilities[:, one]).abs().sort(descending=True)
        right = truth[order]
        jaccard = 1 - (right.sum() - right.cumsum(0)) / (right.sum() + (1 - right).cumsum(0))
        losses.append(errors @ jaccard.diff(prepend=jaccard.new_zeros(1)))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_an_image_without_truth_teaches_nothing(name):
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    labels = torch.full((1, 4, 4), 255)
    total = sum(loss(logits, labels, torch.ones(3), 255) for loss in LOSSES[name])
    assert total.item() == 0
    (gradient,) = torch.autograd.grad(total, logits)
    assert not gradient.any()


def test_settings_and_losses_name_the_same():
    assert tuple(LOSSES) == choices.LOSSES


def test_a_sigmoid_is_for_two_classes():
    assert output_channels(2, "sigmoid") == 1
    assert output_channels(2, "softmax") == 2
    with pytest.raises(SettingsError, match="has 11; choose 'softmax'"):
        output_channels(11, "sigmoid")
    with pytest.raises(SettingsError, match="softmax, sigmoid"):
        output_channels(2, "relu")


POSITIVE = torch.tensor([True, False])


def sureness(*probabilities):
    """Logits (1, 2, 1, n) with these probabilities of class 0."""
    p = torch.tensor(probabilities)
    return torch.stack([p, 1 - p]).log()[None, :, None]


def test_unlabeled_pixels_cost_what_the_paper_says():
    """Equation 6 of Kiryo et al., by hand: two unlabeled pixels, and one that was driven over."""
    logits, labels = sureness(0.9, 0.3, 0.8), torch.tensor([[[255, 255, 0]]])
    found = unlabeled_risk(logits, labels, POSITIVE, 0.4, 255)
    assert found.item() == pytest.approx((0.9 + 0.3) / 2 - 0.4 * 0.8, rel=1e-5)


def test_the_risk_of_unlabeled_pixels_is_never_negative():
    logits = sureness(0.1, 0.1, 0.99).requires_grad_()
    found = unlabeled_risk(logits, torch.tensor([[[255, 255, 0]]]), POSITIVE, 0.9, 255)
    assert found.item() == 0
    found.backward()
    assert logits.grad.abs().sum() == 0


@pytest.mark.parametrize("labels", [[255, 255, 255], [0, 0, 1], [1, 1, 255]])
def test_without_drivable_or_unlabeled_pixels_there_is_no_risk(labels):
    found = unlabeled_risk(sureness(0.9, 0.3, 0.8), torch.tensor([[labels]]), POSITIVE, 0.4, 255)
    assert found.item() == 0
