using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;
using OrleansServe.Engine.Sampling;

namespace OrleansServe.UnitTests.Engine.Speculation;

/// <summary>A sequence that is decoded with drafts by hand, as a worker does it.</summary>
internal sealed class SpeculativeStream
{
    private readonly int[] _tokens;
    private readonly int[] _drafts;
    private readonly float[] _state;
    private bool _hasState;

    public SpeculativeStream(int[] prompt, int count, int hidden, SamplingParameters? sampling, int topLogprobs, int[] blocks)
    {
        _tokens = new int[prompt.Length + count];
        prompt.CopyTo(_tokens, 0);
        _drafts = new int[8];
        _state = new float[hidden];
        (Prompt, Count, Length, Sampling, TopLogprobs, Blocks) = (prompt, count, prompt.Length, sampling, topLogprobs, blocks);
    }

    public int[] Prompt { get; }

    public int Count { get; }

    public int Length { get; private set; }

    public int Computed { get; set; }

    public SamplingParameters? Sampling { get; }

    public int TopLogprobs { get; }

    public int[] Blocks { get; }

    public List<TokenBits> Produced { get; } = [];

    public int Drafted { get; private set; }

    public int Accepted { get; private set; }

    public bool Done => Produced.Count >= Count;

    /// <summary>Tokens to feed without drafts.</summary>
    public int Pending => Length - Computed;

    /// <summary>Whether drafting is possible: everything but the last token is computed and the state before it is known.</summary>
    public bool CanDraft => Pending == 1 && _hasState && MostDrafts > 0;

    /// <summary>Drafts that may all be accepted without overshooting.</summary>
    public int MostDrafts => Count - Produced.Count - 1;

    /// <summary>Drafts in the token buffer, behind what is known.</summary>
    public int DraftCount { get; private set; }

    /// <summary>Forgets the state, as a resumed or transferred sequence does.</summary>
    public void ForgetState() => _hasState = false;

    public void SetDrafts(ReadOnlySpan<int> drafts)
    {
        drafts.CopyTo(_tokens.AsSpan(Length));
        DraftCount = drafts.Length;
    }

    public DraftSequence AskFor(int drafts) => new()
    {
        Token = _tokens[Length - 1],
        Position = Length - 1,
        State = _state,
        Blocks = Blocks,
        Sampling = Sampling,
        Drafts = _drafts.AsMemory(0, drafts),
    };

    /// <summary>Takes what <see cref="AskFor"/> was given.</summary>
    public void TakeDrafts(int drafts) => SetDrafts(_drafts.AsSpan(0, drafts));

    /// <summary>Feeds some pending tokens, and with the last of them the drafts.</summary>
    public StepSequence Next(int count)
    {
        var repeated = Computed > 0 && !_hasState ? 1 : 0;
        var last = count == Pending;
        return new StepSequence
        {
            Tokens = _tokens.AsMemory(Computed - repeated, repeated + count + (last ? DraftCount : 0)),
            StartPosition = Computed - repeated,
            CachedRows = repeated,
            PreviousState = repeated == 0 && Computed > 0 ? _state : default,
            Blocks = Blocks,
            SampleRows = last ? 1 + DraftCount : 0,
            Sampling = Sampling,
            TopLogprobs = TopLogprobs,
        };
    }

    /// <summary>Takes the tokens that stand.</summary>
    public void Take(in StepSequence sequence, StepResult result, int index)
    {
        var standing = Verification.CountStanding(sequence, result, index);
        for (var row = 0; row < standing; row++)
        {
            Produced.Add(TokenBits.Of(result.Token(index, row)));
            _tokens[Length++] = result.Token(index, row).Token;
        }

        var computed = sequence.SampleRows == 0 ? sequence.Tokens.Length : sequence.Tokens.Length - sequence.SampleRows + standing;
        result.State(index, computed - 1).CopyTo(_state);
        _hasState = true;
        Computed = sequence.StartPosition + computed;
        Drafted += DraftCount * Math.Min(standing, 1);
        Accepted += Math.Max(standing - 1, 0);
        DraftCount = 0;
    }

    /// <summary>[blocks that are computed whole, layers] bytes.</summary>
    public List<byte[]> FullBlocks(IKvMemory kv)
    {
        var blocks = new List<byte[]>();
        for (var i = 0; i < Computed / KvLayout.BlockTokens; i++)
        {
            for (var layer = 0; layer < kv.Layout.Layers; layer++)
            {
                var bytes = new byte[kv.Layout.BytesPerBlockLayer];
                kv.Read(Blocks[i], layer, bytes);
                blocks.Add(bytes);
            }
        }

        return blocks;
    }
}
