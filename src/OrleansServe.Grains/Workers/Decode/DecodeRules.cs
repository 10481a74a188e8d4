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
        // Prefill samples the first token: whoever wants no second one needs no decode worker.
        int prompt = request.Prompt.IsDefault ? 0 : request.Prompt.Length;
        if (prompt == 0 || request.MaxTokens < 2 || prompt > engine.MaxContext - request.MaxTokens)
        {
            return new ReserveResult(
                null, $"prompt of {prompt} tokens and max_tokens {request.MaxTokens} must be at least 1 and 2, and together at most {engine.MaxContext}", false);
        }

        if (request.KvFormat != kvFormat)
        {
            return new ReserveResult(null, $"KV format {request.KvFormat} is not that of worker {worker}, {kvFormat}", true);
        }

        if (request.Samples != 1)
        {
            return new ReserveResult(null, $"worker {worker} serves one sample of a request, not {request.Samples}", false);
        }

        int fullBlocks = prompt / KvBlockHasher.BlockTokens;
        return request.BlockHashes.IsDefault || request.BlockHashes.Length > fullBlocks
            ? new ReserveResult(null, $"a prompt of {prompt} tokens has {fullBlocks} full KV blocks, not the number of its hashes", false)
            : null;
    }
}
