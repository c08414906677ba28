import pytest
import torch
import torch.nn.functional as F

from segnet_model.base.errors import ImageError
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.monte_carlo import MonteCarlo
from segnet_model.inference.prediction import Capture, separate_cameras
from segnet_model.inference.temporal import MAX_GAP, TemporalAverage, _optical_flow, _warp
from segnet_model.labels import LabelSet
from segnet_model.weights.model_info import ModelInfo


def engine():
    torch.manual_seed(0)
    info = ModelInfo("bayesian_segnet_basic", LabelSet.load("camvid"), (32, 48), {"features": 8})
    network = info.build()
    with torch.no_grad():
        network.classifier.weight *= 8
    return TorchEngine(network, info, "cpu", "float32")


def frame(seed=0, brightness=0):
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 100, (1, 32, 48, 3), generator=generator)
    return (noise + brightness).to(torch.uint8)


@pytest.fixture
def inference():
    with torch.inference_mode():
        yield TemporalAverage(engine(), seed=3, newest_weight=0.25)


def test_a_still_scene_is_monte_carlo_sampling_spread_over_frames(inference):
    """While the mean is a plain one: as many frames as 1 / newest_weight."""
    for _ in range(4):
        prediction = inference(frame())
    sampled = MonteCarlo(engine(), samples=4, seed=3)(frame())
    torch.testing.assert_close(prediction.probabilities, sampled.probabilities, atol=1e-4, rtol=0)
    torch.testing.assert_close(prediction.mean_entropy, sampled.mean_entropy, atol=1e-4, rtol=0)
    torch.testing.assert_close(prediction.variance, sampled.variance, atol=1e-4, rtol=0)


def test_old_frames_fade_by_the_weight_of_the_newest(inference):
    predictions = [inference(frame()).probabilities for _ in range(6)]
    alone = TemporalAverage(engine(), seed=3, newest_weight=1.0)
    passes = [alone(frame()).probabilities for _ in range(6)]
    torch.testing.assert_close(
        predictions[5], 0.75 * predictions[4] + 0.25 * passes[5], atol=1e-4, rtol=0
    )


def street(left, size=(72, 120)):
    """A texture smooth enough for optical flow, from a camera that has moved to the right."""
    texture = torch.rand(1, 1, 20, 60, generator=torch.Generator().manual_seed(4))
    large = F.interpolate(texture, size=(size[0], 360), mode="bicubic").clamp(0, 1) * 255
    view = large[0, 0, :, left : left + size[1]].to(torch.uint8)
    return view[None, ..., None].expand(-1, -1, -1, 3).contiguous()


def test_the_average_of_a_pixel_moves_with_it():
    gray = [street(left)[..., 1].contiguous() for left in (100, 104)]
    flow = _optical_flow(gray[1][0], gray[0][0])
    inside = flow[0, 10:-10, 10:-20]
    assert inside[..., 0].median().item() == pytest.approx(4, abs=0.2)  # it was further right
    assert inside[..., 1].median().item() == pytest.approx(0, abs=0.2)
    maps = torch.arange(120.0).expand(1, 1, 72, 120)
    moved = _warp(maps, torch.tensor([4.0, 0.0]).expand(1, 72, 120, 2))
    torch.testing.assert_close(moved[..., :116], maps[..., 4:], atol=1e-3, rtol=0)


def test_pixels_that_look_different_start_a_new_average(inference):
    inference(street(100))
    covered = street(100)
    covered[:, 20:50, 40:80] = 255 - covered[:, 20:50, 40:80]
    covered[:, 20:50, 40:80] //= 8
    prediction = inference(covered).probabilities
    passed = TemporalAverage(engine(), seed=3, newest_weight=1.0)
    passed(street(100))
    alone = passed(covered).probabilities
    kept = (prediction - alone).abs().mean(1)[0] > 1e-3
    assert kept[30:40, 50:70].float().mean() < 0.5
    assert kept[60:, :30].float().mean() > 0.9


def restarts(inference, image, stamp=None, times=3):
    """Whether this image starts a new average, after frames at 0, 0.1, 0.2 seconds."""
    for index in range(times):
        inference(frame(), separate_cameras(1, None if stamp is None else 0.1 * index))
    found = inference(image, separate_cameras(1, stamp)).mean_entropy
    return torch.equal(found, TemporalAverage(engine(), seed=3)(image).mean_entropy)


@pytest.mark.parametrize("stamp", [None, 0.2, 0.3, 0.2 + MAX_GAP])
def test_continues_while_time_does(inference, stamp):
    assert not restarts(inference, frame(1), stamp)


@pytest.mark.parametrize("stamp", [0.1, -5.0, 0.21 + MAX_GAP])
def test_a_jump_in_time_starts_a_new_average(inference, stamp):
    assert restarts(inference, frame(1), stamp)


def test_a_cut_or_another_size_starts_a_new_average(inference):
    assert restarts(inference, frame(1, brightness=150))
    assert restarts(inference, frame()[:, :16])


def test_the_same_video_and_seed_give_the_same(inference):
    def video(seed):
        inference = TemporalAverage(engine(), seed)
        return [inference(frame(n)).probabilities for n in range(3)][-1]

    assert torch.equal(video(1), video(1))
    assert not torch.equal(video(1), video(2))


def test_an_answer_that_is_not_finite_does_not_stay(inference):
    before = inference(frame()).probabilities
    bias = inference._engine.network.classifier.bias
    kept = bias.clone()
    bias[0] = float("nan")
    with pytest.raises(ImageError, match="not finite"):
        inference(frame())
    bias.copy_(kept)
    assert torch.isfinite(inference(frame()).probabilities).all()
    assert torch.isfinite(before).all()


def test_each_camera_has_an_average_of_its_own(inference):
    """Independent of the other cameras, and of the order in a batch."""

    def alone(frames):
        single = TemporalAverage(engine(), seed=3, newest_weight=0.25)
        return [single(frame(n), [Capture("", 0.1 * n)]).probabilities for n in frames][-1]

    both = torch.cat([frame(0), frame(5)])
    inference(both, [Capture("left", 0.0), Capture("right", 0.5)])
    inference(torch.cat([frame(6), frame(1)]), [Capture("right", 0.6), Capture("left", 0.1)])
    found = inference(frame(2), [Capture("left", 0.2)]).probabilities
    torch.testing.assert_close(found, alone([0, 1, 2]), atol=1e-4, rtol=0)
    found = inference(frame(7), [Capture("right", 0.7)]).probabilities
    torch.testing.assert_close(found, alone([5, 6, 7]), atol=1e-4, rtol=0)


def test_an_image_of_no_camera_is_averaged_with_no_other(inference):
    for number in range(3):
        inference(frame(number), [Capture("left", 0.1 * number)])
    nobody = [inference(frame(3), [Capture(None)]) for _ in range(2)]
    fresh = TemporalAverage(engine(), seed=3)(frame(3))
    for found in nobody:
        assert torch.equal(found.probabilities, fresh.probabilities)
    # Nor does it change the average of a camera.
    after = inference(frame(3), [Capture("left", 0.3)]).probabilities
    other = TemporalAverage(engine(), seed=3, newest_weight=0.25)
    for number in range(4):
        expected = other(frame(number), [Capture("left", 0.1 * number)]).probabilities
    assert torch.equal(after, expected)
