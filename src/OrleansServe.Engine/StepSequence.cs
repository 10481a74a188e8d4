using OrleansServe.Engine.Sampling;

namespace OrleansServe.Engine;

/// <summary>What one step does for one sequence: a prefill chunk, a decode row, or a decode row with drafts to verify.</summary>
public struct StepSequence
{
    /// <summary>[n] token ids to feed, n ≥ 1, for positions <see cref="StartPosition"/> and following.</summary>
    public ReadOnlyMemory<int> Tokens { readonly get; set; }

    /// <summary>Position of the first token. The KV of all positions before it must be in <see cref="Blocks"/> already.</summary>
    public int StartPosition { readonly get; set; }

    /// <summary>
    /// Number of tokens at the beginning of <see cref="Tokens"/> whose KV is in <see cref="Blocks"/> already. They are computed for their
    /// states and samples alone and write nothing, so their blocks may be shared.
    /// </summary>
    public int CachedRows { readonly get; set; }

    /// <summary>
    /// [hidden] state of the token before <see cref="StartPosition"/>, as <see cref="StepResult.State"/> gave it; empty where it is not
    /// known. The MTP layer's KV of the first token is made of it and stays as it was without it. A sequence whose KV came from elsewhere
    /// gets along without by feeding its last cached token once more, as one of <see cref="CachedRows"/>.
    /// </summary>
    public ReadOnlyMemory<float> PreviousState { readonly get; set; }

    /// <summary>Block table: KV block ids that cover positions 0 … StartPosition + n − 1 in order; further entries are ignored.</summary>
    public ReadOnlyMemory<int> Blocks { readonly get; set; }

    /// <summary>Sample a token after the last one fed. The same as <see cref="SampleRows"/> = 1.</summary>
    public bool Sample
    {
        readonly get => SampleRows > 0;
        set => SampleRows = value ? Math.Max(SampleRows, 1) : 0;
    }

    /// <summary>
    /// Number of tokens at the end of <see cref="Tokens"/> after each of which one is sampled: 0 for a chunk inside a prompt, 1 for
    /// plain decoding, 1 + k to verify k drafts.
    /// </summary>
    public int SampleRows { readonly get; set; }

    /// <summary>How to sample; null stands for greedy.</summary>
    public SamplingParameters? Sampling { readonly get; set; }

    /// <summary>Number of likeliest tokens to report beside each sampled one.</summary>
    public int TopLogprobs { readonly get; set; }

    /// <summary>
    /// The sequence's tokens before <see cref="Tokens"/>, from its first one on; needed only where tokens are sampled and
    /// <see cref="SamplingParameters.CountsTokens"/>. Rows that verify drafts count the drafts before them as if they had been produced.
    /// </summary>
    public ReadOnlyMemory<int> History { readonly get; set; }

    /// <summary>
    /// [t] t ≤ n: given tokens whose log-probability is reported instead of a drawn one, the i-th after row i, for the log-probabilities of a
    /// prompt. Those rows take no part in the engine's limit of sampled tokens.
    /// </summary>
    public ReadOnlyMemory<int> Targets { readonly get; set; }

    /// <summary>Number of likeliest tokens to report beside each of <see cref="Targets"/>.</summary>
    public int TargetTopLogprobs { readonly get; set; }
}
