"""Plans are values: the same decisions make equal plans."""

from scope.models.cache_plan import BlockPlan, Index
from scope.models.cache_policy import Window


def test_a_policy_has_no_memory_of_its_own():
    index = Index((0, 1, 2), begun=3, blocks=1)
    first, again = (Window(6, 3).begin(index, 3) for _ in range(2))
    assert first == again
    assert index == Index((0, 1, 2), begun=3, blocks=1)


def test_a_plain_plan_adds_nothing_to_scores_and_merges_nothing():
    plan = BlockPlan((0,), (0,), (0,))
    assert (plan.bias, plan.merges, plan.bank, plan.sparse) == ((), (), None, None)
