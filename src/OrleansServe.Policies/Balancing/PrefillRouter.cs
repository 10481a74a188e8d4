namespace OrleansServe.Policies.Balancing;

/// <summary>
/// What the prefill balancer decides by, kept up to date from what the workers report and from its own decisions: who has which blocks, and how much each worker was
/// given lately. Workers are known by slots, small numbers that are used again. Not thread-safe.
/// </summary>
public sealed class PrefillRouter
{
    /// <summary>Of what each worker is given, this many tokens are remembered.</summary>
    private const double WindowTokens = 2_000_000;

    private readonly PrefixIndex _index = new();
    private PrefixMatch[] _matches = [];
    private double[] _tokens = [];
    private double[] _work = [];
    private bool[] _present = [];
    private int _workers;

    /// <summary>Slots that are or were in use; the arrays behind <see cref="Match"/> have this length.</summary>
    public int SlotCount => _index.SlotCount;

    /// <summary>Takes a worker in that has nothing cached. It counts as loaded like the others, so that it is not flooded.</summary>
    /// <returns>Its slot.</returns>
    public int AddWorker()
    {
        int slot = _index.AddWorker();
        if (slot >= _present.Length)
        {
            int length = Math.Max(8, slot * 2);
            Array.Resize(ref _matches, length);
            Array.Resize(ref _tokens, length);
            Array.Resize(ref _work, length);
            Array.Resize(ref _present, length);
        }

        (_tokens[slot], _work[slot]) = _workers > 0 ? (Mean(_tokens), Mean(_work)) : (0, 0);
        _present[slot] = true;
        _workers++;
        return slot;
    }

    /// <summary>Forgets a worker.</summary>
    public void RemoveWorker(int slot)
    {
        ThrowUnlessPresent(slot);
        _index.RemoveWorker(slot);
        _present[slot] = false;
        (_tokens[slot], _work[slot], _matches[slot]) = (0, 0, default);
        _workers--;
    }

    /// <summary>Forgets what a worker has cached, because it is about to report all of it.</summary>
    /// <param name="slot">The worker.</param>
    public void Clear(int slot)
    {
        ThrowUnlessPresent(slot);
        _index.Clear(slot);
    }

    /// <summary>A worker has a block now.</summary>
    /// <param name="slot">The worker.</param>
    /// <param name="name">Name of the block.</param>
    public void Hold(int slot, UInt128 name)
    {
        ThrowUnlessPresent(slot);
        _index.Hold(slot, name);
    }

    /// <summary>A worker has a block no more. One that it did not have is fine.</summary>
    /// <param name="slot">The worker.</param>
    /// <param name="name">Name of the block.</param>
    public void Drop(int slot, UInt128 name)
    {
        ThrowUnlessPresent(slot);
        _index.Drop(slot, name);
    }

    /// <summary>Blocks that a worker has and no other.</summary>
    /// <param name="slot">The worker.</param>
    public long UniqueBlocks(int slot)
    {
        ThrowUnlessPresent(slot);
        return _index.UniqueNames(slot);
    }

    /// <summary>Looks a prompt up; <see cref="Candidate"/> answers for it until the next one.</summary>
    /// <param name="names">Names of the prompt's full blocks, in order.</param>
    public void Match(ReadOnlySpan<UInt128> names) => _index.Match(names, _matches);

    /// <summary>A worker as the balancer is to see it for the prompt looked up last.</summary>
    /// <param name="slot">The worker.</param>
    /// <param name="queuedTokens">Prompt tokens it has accepted and not computed.</param>
    /// <param name="kvBlocksTotal">KV blocks of its engine.</param>
    public PrefillCandidate Candidate(int slot, long queuedTokens, int kvBlocksTotal)
    {
        ThrowUnlessPresent(slot);
        return new PrefillCandidate(_matches[slot].Held, queuedTokens, kvBlocksTotal)
        {
            KnownBlocks = _matches[slot].Known,
            RecentTokens = _tokens[slot],
            RecentWork = _work[slot],
        };
    }

    /// <summary>Counts a prompt for the worker that was chosen for it.</summary>
    /// <param name="slot">The worker.</param>
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="cachedTokens">How much of it the worker need not compute.</param>
    public void Record(int slot, int promptTokens, int cachedTokens)
    {
        ThrowUnlessPresent(slot);
        double kept = Math.Max(0, 1 - (promptTokens / (WindowTokens * _workers)));
        for (int i = 0; i < SlotCount; i++)
        {
            _tokens[i] *= kept;
            _work[i] *= kept;
        }

        _tokens[slot] += promptTokens;
        _work[slot] += PrefillWork.Of(promptTokens, Math.Min(cachedTokens, promptTokens - 1));
    }

    // Slots without a worker hold zeros.
    private double Mean(double[] loads) => loads.Sum() / _workers;

    private void ThrowUnlessPresent(int slot)
    {
        if ((uint)slot >= (uint)_present.Length || !_present[slot])
        {
            throw new ArgumentOutOfRangeException(nameof(slot), slot, "No worker has this slot.");
        }
    }
}
