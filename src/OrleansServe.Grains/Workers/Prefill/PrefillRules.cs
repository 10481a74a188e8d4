using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Prefill;

/// <summary>What a prefill worker asks of requests before it looks at its own state.</summary>
internal static class PrefillRules
{
    public static PrefillResult Refusal(string error, bool retryable) => new(null, 0, TimeSpan.Zero, error, retryable);

    /// <summary>Why a request is refused; null if it is not.</summary>
    public static PrefillResult? Refuse(PrefillRequest request, EngineInfo engine, int kvBlocks, WorkerId worker, string kvFormat)
    {
        ImmutableArray<int> prompt = request.Prompt;
        if (prompt.IsDefaultOrEmpty || prompt.Length > engine.MaxContext)
        {
            return Refusal($"prompt must have 1..{engine.MaxContext} tokens, not {(prompt.IsDefault ? 0 : prompt.Length)}", retryable: false);
        }

        int fullBlocks = prompt.Length / KvBlockHasher.BlockTokens;
        if (request.BlockHashes.IsDefault || request.BlockHashes.Length > fullBlocks)
        {
            return Refusal($"a prompt of {prompt.Length} tokens has {fullBlocks} full KV blocks, not the number of its hashes", retryable: false);
        }

        int blocks = BlockMath.BlocksFor(prompt.Length);
        if (blocks > kvBlocks)
        {
            return Refusal($"prompt of {prompt.Length} tokens needs {blocks} KV blocks; worker {worker} has {kvBlocks}", retryable: true) with { TooLarge = true };
        }

        foreach (int token in prompt)
        {
            if ((uint)token >= (uint)engine.VocabularySize)
            {
                return Refusal($"prompt has token {token}, outside 0..{engine.VocabularySize - 1}", retryable: false);
            }
        }

        if (TokenSamples.FindFault(request.Sampling, engine) is { } fault)
        {
            return Refusal(fault, retryable: false);
        }

        if (request.PromptTopLogprobs is { } top && (top < 0 || top > engine.MaxTopLogprobs))
        {
            return Refusal($"prompt_top_logprobs is {top}, must be between 0 and {engine.MaxTopLogprobs}", retryable: false);
        }

        if (request.Ticket is { } ticket && ticket.RequestId != request.RequestId)
        {
            return Refusal($"ticket {ticket.Id:N} belongs to request {ticket.RequestId:N}, not to {request.RequestId:N}", retryable: false);
        }

        string? foreign = new[] { request.KvFormat, request.Ticket?.KvFormat }.FirstOrDefault(format => format is not null && format != kvFormat);
        return foreign is null ? null : Refusal($"KV format {foreign} is not that of worker {worker}, {kvFormat}", retryable: true);
    }
}
