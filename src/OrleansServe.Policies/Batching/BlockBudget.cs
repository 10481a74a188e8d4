namespace OrleansServe.Policies.Batching;

/// <summary>
/// KV blocks that are given out in one decision. Where they run out, they are taken from the last in rank, never for one behind it; nobody is
/// preempted unless that gives enough. Victims are all who hold blocks from some rank on: what they share among themselves comes back too.
/// </summary>
internal ref struct BlockBudget
{
    private readonly ReadOnlySpan<BatchCandidate> _candidates;
    private readonly ReadOnlySpan<int> _byRank;
    private readonly Span<BatchDecision> _decisions;
    private int _free;

    public BlockBudget(ReadOnlySpan<BatchCandidate> candidates, ReadOnlySpan<int> byRank, int free, Span<BatchDecision> decisions)
    {
        _candidates = candidates;
        _byRank = byRank;
        _decisions = decisions;
        _free = free;
    }

    /// <summary>Tokens that preempted sequences had been given in this decision.</summary>
    public int TokensReturned { get; private set; }

    /// <summary>Takes blocks for one of a class that arrived as the given number.</summary>
    /// <returns>False if they cannot be had; nothing has changed then.</returns>
    public bool TryTake(int blocks, ServiceClass serviceClass, long order)
    {
        if (blocks > _free && !TryPreempt(blocks - _free, serviceClass, order))
        {
            return false;
        }

        _free -= blocks;
        return true;
    }

    private bool TryPreempt(int missing, ServiceClass serviceClass, long order)
    {
        int gain = 0;
        int first = _byRank.Length;
        while (gain < missing && first > 0 && IsBehind(_byRank[first - 1], serviceClass, order))
        {
            gain += GainOf(_byRank[--first]);
        }

        if (gain < missing)
        {
            return false;
        }

        foreach (int victim in _byRank[first..])
        {
            if (_candidates[victim].CanGiveBack && !_decisions[victim].IsPreempted)
            {
                TokensReturned += _decisions[victim].Tokens;
                _free += GainOf(victim);
                _decisions[victim] = new BatchDecision(0, IsPreempted: true);
            }
        }

        return true;
    }

    private readonly bool IsBehind(int index, ServiceClass serviceClass, long order) =>
        _candidates[index].Class > serviceClass || (_candidates[index].Class == serviceClass && _candidates[index].Order > order);

    /// <summary>What it holds, and what it has been given in this decision.</summary>
    private readonly int GainOf(int index) =>
        !_candidates[index].CanGiveBack || _decisions[index].IsPreempted ? 0
        : _candidates[index].BlocksFreed + (_decisions[index].Tokens > 0 ? _candidates[index].BlocksLacking : 0);
}
