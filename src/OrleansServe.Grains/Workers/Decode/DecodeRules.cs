using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>What a decode worker asks of requests before it looks at its own state.</summary>
internal static class DecodeRules
{
    /// <summary>Why a reservation is refused; null if it is not.</summary>
    public static ReserveResult? Refuse(ReserveRequest request, EngineInfo engine, WorkerId worker, string kvFormat)
    {
        if (request.Samples is < 1 or > SampleId.MaxSamples)
        {
            return new ReserveResult(null, $"a request has 1..{SampleId.MaxSamples} samples, not {request.Samples}", false);
        }

        // Prefill samples the first token of sample 0: whoever wants no other needs no decode worker.
        int least = request.Samples == 1 ? 2 : 1;
        int prompt = request.Prompt.IsDefault ? 0 : request.Prompt.Length;
        if (prompt == 0 || request.MaxTokens < least || prompt > engine.MaxContext - request.MaxTokens)
        {
            return new ReserveResult(
                null, $"prompt of {prompt} tokens and max_tokens {request.MaxTokens} must be at least 1 and {least}, and together at most {engine.MaxContext}", false);
        }

        if (request.KvFormat != kvFormat)
        {
            return new ReserveResult(null, $"KV format {request.KvFormat} is not that of worker {worker}, {kvFormat}", true);
        }

        int fullBlocks = prompt / KvBlockHasher.BlockTokens;
        return request.BlockHashes.IsDefault || request.BlockHashes.Length > fullBlocks
            ? new ReserveResult(null, $"a prompt of {prompt} tokens has {fullBlocks} full KV blocks, not the number of its hashes", false)
            : null;
    }

    /// <summary>Why a request that has room is not taken in; null if it is.</summary>
    public static DecodeResult? Refuse(DecodeRequest request, EngineInfo engine)
    {
        string? fault = (uint)request.FirstToken >= (uint)engine.VocabularySize
            ? $"first token {request.FirstToken} is outside 0..{engine.VocabularySize - 1}"
            : TokenSamples.FindFault(request.Sampling, engine);
        return fault is null ? null : new DecodeResult(false, fault, false);
    }
}
