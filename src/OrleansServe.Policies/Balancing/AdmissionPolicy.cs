using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Policies.Balancing;

/// <summary>Decides whether a request can be served now, and by whom.</summary>
public static class AdmissionPolicy
{
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="maxTokens">Tokens to be produced at most.</param>
    /// <param name="prefill">Prefill workers, in a fixed order.</param>
    /// <param name="decode">Decode workers, in a fixed order.</param>
    /// <param name="limits">What workers may be loaded with.</param>
    /// <param name="samples">Answers that go on from the prompt.</param>
    public static AdmissionDecision Decide(
        int promptTokens,
        int maxTokens,
        ReadOnlySpan<PrefillCandidate> prefill,
        ReadOnlySpan<DecodeCandidate> decode,
        AdmissionLimits limits,
        int samples = 1)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (prefill.IsEmpty || decode.IsEmpty)
        {
            return AdmissionDecision.Refuse(AdmissionVerdict.NoWorkers, $"no {(prefill.IsEmpty ? "prefill" : "decode")} worker is available");
        }

        int promptBlocks = BlockMath.BlocksFor(promptTokens);

        // Samples may take turns, but each has to fit, and all of them have to begin.
        int blocks = Math.Max(
            BlockMath.BlocksForRequest(promptTokens, maxTokens), BlockMath.BlocksForSamples(promptTokens, Math.Min(maxTokens, 2), samples));
        int largestPrefill = 0;
        foreach (PrefillCandidate candidate in prefill)
        {
            largestPrefill = Math.Max(largestPrefill, candidate.KvBlocksTotal);
        }

        int largestDecode = 0;
        foreach (DecodeCandidate candidate in decode)
        {
            largestDecode = Math.Max(largestDecode, candidate.KvBlocksTotal);
        }

        if (promptBlocks > largestPrefill)
        {
            return AdmissionDecision.Refuse(AdmissionVerdict.TooLarge, $"the prompt of {promptTokens} tokens needs {promptBlocks} KV blocks; the largest prefill worker has {largestPrefill}");
        }

        if (blocks > largestDecode)
        {
            return AdmissionDecision.Refuse(
                AdmissionVerdict.TooLarge,
                samples == 1
                    ? $"a prompt of {promptTokens} tokens and max_tokens {maxTokens} need {blocks} KV blocks; the largest decode worker has {largestDecode}"
                    : $"a prompt of {promptTokens} tokens, max_tokens {maxTokens} and n {samples} need {blocks} KV blocks; the largest decode worker has {largestDecode}");
        }

        int prefillIndex = PrefillBalancer.Choose(prefill, promptTokens, limits.MaxQueuedTokens);
        int expected = BlockMath.BlocksExpected(promptTokens, maxTokens, limits.Overcommit, samples);
        int decodeIndex = DecodeBalancer.Choose(decode, expected, limits.MaxRequestsPerDecodeWorker, samples);
        return prefillIndex >= 0 && decodeIndex >= 0
            ? new AdmissionDecision(AdmissionVerdict.Admit, prefillIndex, decodeIndex, null)
            : AdmissionDecision.Refuse(AdmissionVerdict.Wait, $"no {(prefillIndex < 0 ? "prefill" : "decode")} worker has room now");
    }
}
