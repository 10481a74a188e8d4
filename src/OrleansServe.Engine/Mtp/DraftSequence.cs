using OrleansServe.Engine.Sampling;

namespace OrleansServe.Engine.Mtp;

/// <summary>One sequence to draft for.</summary>
public struct DraftSequence
{
    /// <summary>The sequence's last token, sampled but not yet fed.</summary>
    public int Token { readonly get; set; }

    /// <summary>Its position, at least 1. The KV of all positions before it must be in <see cref="Blocks"/> already.</summary>
    public int Position { readonly get; set; }

    /// <summary>[hidden] state of the token before, as <see cref="StepResult.State"/> gave it.</summary>
    public ReadOnlyMemory<float> State { readonly get; set; }

    /// <summary>Block table that covers <see cref="Position"/> and as many positions from there on as there are drafts.</summary>
    public ReadOnlyMemory<int> Blocks { readonly get; set; }

    /// <summary>How the sequence samples; null stands for greedy. A draft draws with the random number of its own position, as the token will.</summary>
    public SamplingParameters? Sampling { readonly get; set; }

    /// <summary>
    /// The sequence's tokens before <see cref="Token"/>, or a beginning of them: what the penalties of <see cref="Sampling"/> count. Drafts
    /// are not added to it, so that later ones are guessed less well; they are guesses in any case.
    /// </summary>
    public ReadOnlyMemory<int> History { readonly get; set; }

    /// <summary>
    /// [k] receives the tokens guessed for the positions after <see cref="Position"/>, k ≥ 1. Ends early with −1 where the MTP layer's
    /// numbers are not finite.
    /// </summary>
    public Memory<int> Drafts { readonly get; set; }
}
