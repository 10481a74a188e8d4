using System.Diagnostics;
using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Speculation;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Steps;

/// <summary>
/// The sequences that an engine computes, decode rows and chunks of prompts alike, and those of them that the next step takes: describes them to
/// the policy, takes and gives back KV blocks as it decides, and makes the engine's plan. Belongs to the engine's thread; a steady batch allocates
/// nothing.
/// </summary>
/// <param name="pool">The engine's KV blocks.</param>
/// <param name="tokenBudget">Tokens of one step at most.</param>
/// <param name="promptFloor">Tokens of prompts that a step takes at least.</param>
/// <param name="targets">What the classes are promised.</param>
/// <param name="speculator">Drafts for streams; null for none.</param>
internal sealed class RunningBatch<TSequence>(KvBlockPool pool, int tokenBudget, int promptFloor, ServiceTargets targets, Speculator? speculator)
    where TSequence : WorkerSequence
{
    private readonly List<TSequence> _running = [];
    private readonly List<TSequence> _planned = [];
    private BatchCandidate[] _candidates = new BatchCandidate[64];
    private BatchDecision[] _decisions = new BatchDecision[64];
    private int[] _chunks = new int[64];
    private int[] _byRank = new int[64];
    private readonly int[] _givenUp = new int[pool.Count];

    /// <summary>Every sequence, in order of arrival; those too that were preempted and wait for blocks.</summary>
    public IReadOnlyList<TSequence> Running => _running;

    /// <summary>The sequences of the step, in the order of <see cref="Plan"/>.</summary>
    public IReadOnlyList<TSequence> Planned => _planned;

    /// <summary>The step as the engine takes it.</summary>
    public StepPlan Plan { get; } = new();

    /// <summary>What steps take; whoever runs them tells it.</summary>
    public StepCostMeter Cost { get; } = new();

    /// <summary>Told of a sequence that has just given its blocks back.</summary>
    public Action<TSequence>? Preempted { get; set; }

    /// <summary>Told of a preempted sequence that computes again, and how many of its tokens it has to that the cache lacked.</summary>
    public Action<TSequence, int>? Resumed { get; set; }

    /// <summary>Tokens that a planned sequence computes in the step.</summary>
    public int ChunkOf(int planned) => Plan[planned].Tokens.Length;

    public void Join(TSequence sequence) => _running.Add(sequence);

    public void Leave(TSequence sequence) => _running.Remove(sequence);

    public void Clear() => _running.Clear();

    /// <summary>Plans the next step.</summary>
    /// <param name="now">The worker's clock.</param>
    /// <returns>False if there is nothing to compute.</returns>
    public bool TryPlan(TimeSpan now)
    {
        Plan.Clear();
        _planned.Clear();
        if (_running.Count == 0)
        {
            return false;
        }

        int available = pool.Available;
        Span<BatchDecision> decisions = Describe(blocksWanted: 0, available);
        BatchLimits limits = new(tokenBudget, available, promptFloor, now, Cost.Cost, targets);
        BatchPolicy.Plan(_candidates.AsSpan(0, _running.Count), limits, decisions);
        PreemptVictims(decisions, now);
        Span<int> chunks = _chunks.AsSpan(0, decisions.Length);
        int tokens = 0;
        for (int i = 0; i < decisions.Length; i++)
        {
            chunks[i] = decisions[i].Tokens > 0 ? TakeBlocks(_running[i], decisions[i].Tokens) : 0;
            tokens += chunks[i];
        }

        if (speculator is not null)
        {
            // Drafts may need a block sooner than their stream does. Nobody is preempted for it.
            for (int i = 0; i < chunks.Length; i++)
            {
                _ = chunks[i] == 0 || _running[i].TryGrow(pool, Math.Min(_running[i].Length + speculator.MostDrafts, _running[i].MostFed));
            }

            speculator.Draft(_running, chunks, tokenBudget - tokens);
        }

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

    /// <summary>Preempts sequences of lower classes, if need be, for a request that arrives.</summary>
    /// <param name="serviceClass">Its class.</param>
    /// <param name="blocks">KV blocks that it needs.</param>
    /// <param name="now">The worker's clock.</param>
    /// <returns>False if there is no room for it.</returns>
    public bool TryMakeRoom(ServiceClass serviceClass, int blocks, TimeSpan now)
    {
        Span<BatchDecision> decisions = Describe(blocks, pool.Available);
        bool made = ReservationPolicy.TryMakeRoom(_candidates.AsSpan(0, _running.Count), serviceClass, blocks, pool.Available, now, decisions);
        PreemptVictims(decisions, now);
        return made;
    }

    /// <summary>Counts the KV blocks that come back if every stream of a class is preempted, and everyone of the classes below it.</summary>
    /// <param name="byClass">[classes] receives what each adds.</param>
    public void CountReturns(Span<int> byClass)
    {
        byClass.Clear();
        Describe(blocksWanted: 1, available: 0);
        for (int i = 0; i < _running.Count; i++)
        {
            byClass[(int)_candidates[i].Class] += _candidates[i].BlocksFreed;
        }
    }

    private Span<BatchDecision> Describe(int blocksWanted, int available)
    {
        if (_candidates.Length < _running.Count)
        {
            _candidates = new BatchCandidate[_running.Count * 2];
            _decisions = new BatchDecision[_running.Count * 2];
            _chunks = new int[_running.Count * 2];
            _byRank = new int[_running.Count * 2];
        }

        for (int i = 0; i < _running.Count; i++)
        {
            TSequence sequence = _running[i];
            _candidates[i] = new BatchCandidate(
                sequence.Class, sequence.Order, sequence.Due, sequence.Account.Served, sequence.IsStream, sequence.Pending, sequence.BlocksLacking, BlocksFreed: 0);
            blocksWanted += sequence.BlocksLacking;
        }

        // Who shares what is worth counting only where somebody may have to give his own back.
        if (blocksWanted > available)
        {
            CountReturns();
        }

        return _decisions.AsSpan(0, _running.Count);
    }

    /// <summary>Counts what comes back if the streams are preempted one after the other, the last in rank first.</summary>
    private void CountReturns()
    {
        Span<int> byRank = _byRank.AsSpan(0, _running.Count);
        Ranks.ByRank(_candidates.AsSpan(0, _running.Count), byRank);
        Array.Clear(_givenUp);
        for (int rank = byRank.Length - 1; rank >= 0; rank--)
        {
            TSequence sequence = _running[byRank[rank]];
            if (sequence.IsStream)
            {
                int freed = pool.CountReturned(sequence.Blocks, _givenUp);
                _candidates[byRank[rank]] = _candidates[byRank[rank]] with { BlocksFreed = freed, BlocksShared = sequence.Blocks.Length - freed };
            }
        }
    }

    private void PreemptVictims(ReadOnlySpan<BatchDecision> decisions, TimeSpan now)
    {
        for (int i = 0; i < decisions.Length; i++)
        {
            if (decisions[i].IsPreempted)
            {
                _running[i].GiveBack(pool);
                _running[i].Due = now + targets.Of(_running[i].Class).FirstToken;
                Preempted?.Invoke(_running[i]);
            }
        }
    }

    /// <summary>Gives a sequence the blocks that it lacks.</summary>
    /// <returns>Tokens that it computes in the step: fewer than decided where the cache still has some.</returns>
    private int TakeBlocks(TSequence sequence, int tokens)
    {
        bool resumes = sequence.Blocks.IsEmpty;
        if (resumes)
        {
            // The last token is always computed: what follows it is what is wanted.
            sequence.Reuse(pool, sequence.Length - 1);
            sequence.Due = TimeSpan.MaxValue;
        }

        if (!sequence.TryGrow(pool, sequence.Length))
        {
            throw new UnreachableException("The policy has given out more KV blocks than there are.");
        }

        if (resumes)
        {
            Resumed?.Invoke(sequence, sequence.Pending - 1);
        }

        return Math.Min(tokens, sequence.Pending);
    }
}
