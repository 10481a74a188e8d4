namespace OrleansServe.Policies.Batching;

/// <summary>
/// Decides what one engine step computes. Streams go first, each its next token; then prompts in chunks, as many tokens as leave the streams the
/// time between tokens that their class is promised. Where KV blocks run out, the last in rank gives its own back. Drafts may have what is left.
/// </summary>
public static class BatchPolicy
{
    /// <summary>Tokens that a stream feeds at most: its last one, and the one before where the state after that is not known any more.</summary>
    public const int RowTokens = 2;

    [ThreadStatic]
    private static int[]? s_byRank;

    [ThreadStatic]
    private static int[]? s_byService;

    /// <summary>Plans a step.</summary>
    /// <param name="candidates">The sequences, in any order.</param>
    /// <param name="limits">What the step has to keep to.</param>
    /// <param name="decisions">[candidates] receives what becomes of each.</param>
    /// <returns>Tokens of the step.</returns>
    public static int Plan(ReadOnlySpan<BatchCandidate> candidates, in BatchLimits limits, Span<BatchDecision> decisions)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limits.Tokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limits.PromptFloor);
        ArgumentOutOfRangeException.ThrowIfNotEqual(decisions.Length, candidates.Length);
        decisions.Clear();
        Span<int> byRank = Scratch.Of(ref s_byRank, candidates.Length);
        Span<int> byService = Scratch.Of(ref s_byService, candidates.Length);
        Ranks.ByRank(candidates, byRank);
        Ranks.ByService(candidates, limits.Now, byService);

        // A stream that computes again what preemption has cost it keeps its rank; prompts are served by their due time.
        Step step = new(candidates, limits, byRank, decisions);
        int share = step.PromptShare();
        foreach (int i in byRank)
        {
            if (candidates[i].IsRow)
            {
                step.TryGive(i, candidates[i].Tokens, whole: true);
            }
            else if (candidates[i].IsStream)
            {
                share -= step.TryGive(i, share);
            }
        }

        foreach (int i in byService)
        {
            share -= candidates[i].IsStream ? 0 : step.TryGive(i, share);
        }

        return limits.Tokens - step.TokensLeft;
    }

    /// <summary>A step as it is being filled.</summary>
    private ref struct Step
    {
        private readonly ReadOnlySpan<BatchCandidate> _candidates;
        private readonly Span<BatchDecision> _decisions;
        private readonly BatchLimits _limits;
        private BlockBudget _blocks;
        private int _given;
        private bool _blocksAreAwaited;

        public Step(ReadOnlySpan<BatchCandidate> candidates, BatchLimits limits, ReadOnlySpan<int> byRank, Span<BatchDecision> decisions)
        {
            _candidates = candidates;
            _decisions = decisions;
            _limits = limits;
            _blocks = new BlockBudget(candidates, byRank, limits.Blocks, decisions);
        }

        public readonly int TokensLeft => _limits.Tokens - _given + _blocks.TokensReturned;

        /// <summary>Gives a sequence tokens of the step, and the blocks that it lacks.</summary>
        /// <returns>How many tokens.</returns>
        public int TryGive(int index, int most, bool whole = false)
        {
            BatchCandidate candidate = _candidates[index];
            int tokens = Math.Min(Math.Min(candidate.Tokens, most), TokensLeft);
            if (tokens <= 0 || (whole && tokens < candidate.Tokens) || _decisions[index].IsPreempted || !TryTakeBlocks(candidate))
            {
                return 0;
            }

            _decisions[index] = new BatchDecision(tokens, IsPreempted: false);
            _given += tokens;
            return tokens;
        }

        /// <summary>Tokens of prompts that leave the streams beside them the time between tokens that they are promised.</summary>
        public readonly int PromptShare()
        {
            int rows = 0;
            double tightest = double.PositiveInfinity;
            foreach (ref readonly BatchCandidate candidate in _candidates)
            {
                if (candidate.IsRow)
                {
                    rows += candidate.Tokens;
                    tightest = Math.Min(tightest, _limits.Targets.Of(candidate.Class).BetweenTokens.TotalSeconds);
                }
            }

            int inTime = _limits.Cost.TokensWithin(tightest, _limits.Tokens) - rows;
            return Math.Min(Math.Max(inTime, _limits.PromptFloor), _limits.Tokens - rows);
        }

        /// <summary>
        /// Whoever has to have blocks, because it streams or is due, is not overtaken by others that begin. Those that hold some go on: they have to
        /// end for it to get its own.
        /// </summary>
        private bool TryTakeBlocks(in BatchCandidate candidate)
        {
            if (candidate.BlocksLacking == 0)
            {
                return true;
            }

            bool taken = (!_blocksAreAwaited || candidate.CanGiveBack) && _blocks.TryTake(candidate.BlocksLacking, candidate.Class, candidate.Order);
            _blocksAreAwaited |= !taken && (candidate.IsStream || candidate.Due <= _limits.Now);
            return taken;
        }
    }
}
