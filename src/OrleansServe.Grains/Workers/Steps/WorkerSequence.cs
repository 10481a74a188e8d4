using OrleansServe.Engine;
using OrleansServe.Engine.Sampling;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Steps;

/// <summary>
/// One sequence on an engine: its tokens, its blocks, and how far its KV has come. Belongs to the engine's thread. Buffers are sized when it is
/// made, so that nothing is allocated from token to token.
/// </summary>
/// <remarks>Invariant: <c>named blocks x 64 ≤ Computed ≤ Length</c>.</remarks>
internal abstract class WorkerSequence
{
    private readonly int[] _tokens;
    private readonly int[] _blocks;
    private readonly UInt128 _rootName;
    private UInt128 _parentName;
    private int _namedBlocks;

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

    public int PromptLength { get; }

    /// <summary>Tokens to be produced at most.</summary>
    public int MaxTokens { get; }

    /// <summary>Tokens known: the prompt and what was produced.</summary>
    public int Length { get; private set; }

    /// <summary>Tokens whose KV is in the blocks.</summary>
    public int Computed { get; private set; }

    /// <summary>Tokens that could be fed now: 1 for a stream that goes on, more for a prompt.</summary>
    public int Pending => Length - Computed;

    public int Produced => Length - PromptLength;

    public SamplingParameters Sampling { get; set; } = SamplingParameters.Greedy;

    public int TopLogprobs { get; set; }

    /// <summary>The tokens that are known, prompt first.</summary>
    public ReadOnlyMemory<int> Tokens => _tokens.AsMemory(0, Length);

    /// <summary>Room for the sequence's blocks; the first <see cref="BlockCount"/> are held.</summary>
    public Span<int> BlockSpace => _blocks;

    public int BlockCount { get; set; }

    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, BlockCount);

    /// <summary>What a step does for this sequence when it feeds so many of its pending tokens; the last of them is sampled after.</summary>
    public virtual StepSequence Feed(int tokens) => new()
    {
        Tokens = _tokens.AsMemory(Computed, tokens),
        StartPosition = Computed,
        History = _tokens.AsMemory(0, Computed),
        Blocks = _blocks.AsMemory(0, BlockCount),
        Sample = tokens == Pending,
        Sampling = Sampling,
        TopLogprobs = TopLogprobs,
    };

    /// <summary>Takes over KV that came from elsewhere, from the prefix cache or from a transfer, and names the blocks that it fills.</summary>
    public void TakeOver(int tokens, KvBlockPool pool)
    {
        _parentName = _rootName;
        _namedBlocks = 0;
        Computed = tokens;
        NameFullBlocks(pool);
    }

    /// <summary>Appends a produced token.</summary>
    public void Append(int token) => _tokens[Length++] = token;

    /// <summary>Counts tokens that a step computed, and names the blocks that are full now.</summary>
    public void Advance(int tokens, KvBlockPool pool)
    {
        Computed += tokens;
        NameFullBlocks(pool);
    }

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
