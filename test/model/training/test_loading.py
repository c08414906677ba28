"""Which images make up each batch."""

from segnet_model.training.loading import BatchPlan


def test_every_image_is_shown_once_an_epoch_whatever_the_start():
    plan = BatchPlan(images=6, batch_size=2, seed=0)
    batches = list(plan.batches(0, 6))
    for epoch in (0, 1):
        keys = [key for batch in batches[epoch * 3 : epoch * 3 + 3] for key in batch]
        assert sorted(keys) == [(epoch, index) for index in range(6)]
    assert list(plan.batches(4, 6)) == batches[4:]
    assert [len(b) for b in BatchPlan(images=3, batch_size=8, seed=0).batches(0, 2)] == [8, 8]
