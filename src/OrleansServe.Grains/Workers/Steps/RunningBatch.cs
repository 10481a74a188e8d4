using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Speculation;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Workers.Steps;

/// <summary>
/// The sequences that an engine computes, decode rows and chunks of prompts alike, and those of them that the next step takes: asks the policy and
/// turns its answer into the engine's plan. Belongs to the engine's thread; a steady batch allocates nothing.
/// </summary>
/// <param name="tokenBudget">Tokens of one step at most.</param>
/// <param name="speculator">Drafts for streams; null for none.</param>
internal sealed class RunningBatch<TSequence>(int tokenBudget, Speculator? speculator)
    where TSequence : WorkerSequence
{
    private readonly List<TSequence> _running = [];
    private readonly List<TSequence> _planned = [];
    private int[] _pending = new int[64];
    private int[] _chunks = new int[64];

    /// <summary>Every sequence, in order of arrival.</summary>
    public IReadOnlyList<TSequence> Running => _running;

    /// <summary>The sequences of the step, in the order of <see cref="Plan"/>.</summary>
    public IReadOnlyList<TSequence> Planned => _planned;

    /// <summary>The step as the engine takes it.</summary>
    public StepPlan Plan { get; } = new();

    /// <summary>Tokens that a planned sequence computes in the step.</summary>
    public int ChunkOf(int planned) => Plan[planned].Tokens.Length;

    public void Join(TSequence sequence) => _running.Add(sequence);

    public void Leave(TSequence sequence) => _running.Remove(sequence);

    public void Clear() => _running.Clear();

    /// <summary>Plans the next step.</summary>
    /// <returns>False if there is nothing to compute.</returns>
    public bool TryPlan()
    {
        Plan.Clear();
        _planned.Clear();
        ReadOnlySpan<int> chunks = Decide(out int tokens);
        speculator?.Draft(_running, chunks, tokenBudget - tokens);
        for (int i = 0; i < chunks.Length; i++)
        {
            if (chunks[i] > 0)
            {
                Plan.Add(_running[i].Feed(chunks[i]));
                _planned.Add(_running[i]);
            }
        }

        return _planned.Count > 0;
    }

    private ReadOnlySpan<int> Decide(out int tokens)
    {
        if (_pending.Length < _running.Count)
        {
            _pending = new int[_running.Count * 2];
            _chunks = new int[_running.Count * 2];
        }

        for (int i = 0; i < _running.Count; i++)
        {
            _pending[i] = _running[i].Pending;
        }

        Span<int> chunks = _chunks.AsSpan(0, _running.Count);
        tokens = ChunkPlanner.Plan(_pending.AsSpan(0, _running.Count), tokenBudget, chunks);
        return chunks;
    }
}
