using OrleansServe.Engine;
using OrleansServe.Engine.Mtp;
using OrleansServe.Engine.Sampling;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Steps;

/// <summary>
/// One sequence on an engine: its tokens, its blocks, and how far its KV has come. Belongs to the engine's thread. Buffers are sized when it is
/// made, so that nothing is allocated from token to token.
/// </summary>
/// <remarks>Invariant: <c>named blocks x 64 ≤ Computed ≤ Length</c>; blocks cover <c>Computed</c> tokens.</remarks>
internal abstract class WorkerSequence
{
    private readonly int[] _tokens;
    private readonly int[] _blocks;
    private readonly UInt128 _rootName;
    private UInt128 _parentName;
    private int _namedBlocks;
    private float[] _state = [];
    private bool _stateIsKnown;
    private int _drafts;
    private int _blockCount;

    protected WorkerSequence(Guid requestId, ReadOnlySpan<int> prompt, int maxTokens, UInt128 rootName)
    {
        RequestId = requestId;
        _tokens = new int[prompt.Length + maxTokens];
        prompt.CopyTo(_tokens);
        _blocks = new int[BlockMath.BlocksForRequest(prompt.Length, maxTokens)];
        PromptLength = prompt.Length;
        MaxTokens = maxTokens;
        Length = prompt.Length;
        _rootName = rootName;
        _parentName = rootName;
    }

    public Guid RequestId { get; }

    /// <summary>Number of its arrival at this worker.</summary>
    public required long Order { get; init; }

    public required ServiceClass Class { get; init; }

    /// <summary>Whose tokens these are.</summary>
    public required TenantAccount Account { get; init; }

    /// <summary>When its next token is due, on the worker's clock.</summary>
    public TimeSpan Due { get; set; } = TimeSpan.MaxValue;

    public int PromptLength { get; }

    /// <summary>Tokens to be produced at most.</summary>
    public int MaxTokens { get; }

    /// <summary>Tokens that are fed at most: the last one produced is not.</summary>
    public int MostFed => PromptLength + MaxTokens - 1;

    /// <summary>Tokens known: the prompt and what was produced.</summary>
    public int Length { get; private set; }

    /// <summary>Tokens whose KV is in the blocks.</summary>
    public int Computed { get; private set; }

    /// <summary>Tokens that could be fed now: 1 for a stream that goes on, more for a prompt or for what preemption has it compute again.</summary>
    public int Pending => Length - FedFrom;

    public int Produced => Length - PromptLength;

    /// <summary>
    /// [hidden] room for the state of the last computed token, where the engine has an MTP layer, whose KV and drafts are made of it; else empty.
    /// </summary>
    public int StateWidth
    {
        init => _state = new float[value];
    }

    /// <summary>Drafts that could be verified beside the next token: none that might overshoot the end or the blocks, none without a state.</summary>
    public int MostDrafts =>
        _stateIsKnown && Length - Computed == 1 ? Math.Max(0, Math.Min(MaxTokens - Produced - 1, (_blockCount * KvBlockHasher.BlockTokens) - Length)) : 0;

    /// <summary>Its client has seen tokens and waits for the next; preemption may have it compute again.</summary>
    public abstract bool IsStream { get; }

    public SamplingParameters Sampling { get; set; } = SamplingParameters.Greedy;

    public int TopLogprobs { get; set; }

    /// <summary>The tokens that are known, prompt first.</summary>
    public ReadOnlyMemory<int> Tokens => _tokens.AsMemory(0, Length);

    /// <summary>The blocks that it holds.</summary>
    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, _blockCount);

    /// <summary>Blocks that it lacks for computing all of its tokens.</summary>
    public int BlocksLacking => Math.Max(0, BlockMath.BlocksFor(Length) - _blockCount);

    /// <summary>What a step does for this sequence when it feeds so many of its pending tokens; the last of them is sampled after.</summary>
    public virtual StepSequence Feed(int tokens) => new()
    {
        Tokens = _tokens.AsMemory(FedFrom, tokens == Pending ? tokens + _drafts : tokens),
        StartPosition = FedFrom,
        CachedRows = Computed - FedFrom,
        PreviousState = _stateIsKnown ? _state : ReadOnlyMemory<float>.Empty,
        History = _tokens.AsMemory(0, FedFrom),
        Blocks = _blocks.AsMemory(0, _blockCount),
        SampleRows = tokens == Pending ? 1 + _drafts : 0,
        Sampling = Sampling,
        TopLogprobs = TopLogprobs,
    };

    /// <summary>Takes up the blocks that still serve as prefix cache, with their KV, for a sequence that has none.</summary>
    /// <param name="pool">Where they are.</param>
    /// <param name="limit">Tokens, from the first on, whose KV may come from there.</param>
    public void Reuse(KvBlockPool pool, int limit)
    {
        UInt128 name = _rootName;
        while ((_blockCount + 1) * KvBlockHasher.BlockTokens <= limit)
        {
            name = KvBlockHasher.Next(name, _tokens.AsSpan(_blockCount * KvBlockHasher.BlockTokens, KvBlockHasher.BlockTokens));
            if (pool.AcquirePrefix([name], _blocks.AsSpan(_blockCount)) == 0)
            {
                break;
            }

            _blockCount++;
        }

        TakeOver(_blockCount * KvBlockHasher.BlockTokens, pool);
    }

    /// <summary>Takes the blocks that it lacks for its first <paramref name="tokens"/> tokens; none if there are not enough.</summary>
    public bool TryGrow(KvBlockPool pool, int tokens)
    {
        int needed = BlockMath.BlocksFor(tokens);
        if (needed > _blockCount)
        {
            if (!pool.TryAllocate(_blocks.AsSpan(_blockCount, needed - _blockCount)))
            {
                return false;
            }

            _blockCount = needed;
        }

        return true;
    }

    /// <summary>Gives its blocks back. Its tokens stay: what was computed of them can be computed again.</summary>
    public void GiveBack(KvBlockPool pool)
    {
        pool.Release(Blocks);
        _blockCount = 0;
        _stateIsKnown = false;
        _drafts = 0;
        Computed = 0;
    }

    /// <summary>Takes over KV that came from elsewhere, from the prefix cache or from a transfer, and names the blocks that it fills.</summary>
    public void TakeOver(int tokens, KvBlockPool pool)
    {
        _parentName = _rootName;
        _namedBlocks = 0;
        Computed = tokens;
        _stateIsKnown = false;
        NameFullBlocks(pool);
    }

    /// <summary>Whether a token that has been sampled is the last of this sequence, whatever comes of those after it.</summary>
    public virtual bool EndsWith(int token) => false;

    /// <summary>What it asks the engine to guess. The drafts come behind its known tokens, where the next step finds them.</summary>
    /// <param name="drafts">From 1 to <see cref="MostDrafts"/>.</param>
    public DraftSequence AskForDrafts(int drafts) => new()
    {
        Token = _tokens[Length - 1],
        Position = Length - 1,
        State = _state,
        Blocks = _blocks.AsMemory(0, _blockCount),
        Sampling = Sampling,
        History = _tokens.AsMemory(0, Length - 1),
        Drafts = _tokens.AsMemory(Length, drafts),
    };

    /// <summary>Has the next step verify the drafts that came; an engine that had none to give wrote −1.</summary>
    public void TakeDrafts(int asked)
    {
        int end = _tokens.AsSpan(Length, asked).IndexOf(-1);
        _drafts = end < 0 ? asked : end;
    }

    /// <summary>Appends a produced token.</summary>
    public void Append(int token) => _tokens[Length++] = token;

    /// <summary>Counts tokens that a step computed, drafts that stand among them, and names the blocks that are full now.</summary>
    /// <param name="tokens">Tokens from the first one fed on.</param>
    /// <param name="state">[hidden] state of the last of them.</param>
    /// <param name="pool">Where blocks are named.</param>
    public void Advance(int tokens, ReadOnlySpan<float> state, KvBlockPool pool)
    {
        Computed = FedFrom + tokens;
        _drafts = 0;
        if (_state.Length > 0)
        {
            state.CopyTo(_state);
            _stateIsKnown = true;
        }

        NameFullBlocks(pool);
    }

    /// <summary>The token before the first to be computed is fed once more where its state is wanted and not known: its KV came from elsewhere.</summary>
    private int FedFrom => _state.Length > 0 && !_stateIsKnown && Computed > 0 ? Computed - 1 : Computed;

    /// <summary>Names the full blocks whose KV is there, so that later requests find them.</summary>
    private void NameFullBlocks(KvBlockPool pool)
    {
        while ((_namedBlocks + 1) * KvBlockHasher.BlockTokens <= Computed)
        {
            _parentName = KvBlockHasher.Next(_parentName, _tokens.AsSpan(_namedBlocks * KvBlockHasher.BlockTokens, KvBlockHasher.BlockTokens));
            pool.Publish(_blocks[_namedBlocks], _parentName);
            _namedBlocks++;
        }
    }
}
