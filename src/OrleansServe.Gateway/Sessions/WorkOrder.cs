using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Gateway.Sessions;

/// <summary>What workers are asked for: a whole request, or what is left of one of its samples.</summary>
internal sealed record WorkOrder
{
    /// <summary>The client's request.</summary>
    public required Generation Request { get; init; }

    /// <summary>What is computed first: the prompt, and behind it what the sample has produced.</summary>
    public required ImmutableArray<int> Tokens { get; init; }

    /// <summary>Tokens still to be produced at most, at least one.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Which of the request's samples comes first.</summary>
    public int FirstSample { get; init; }

    /// <summary>How many samples go on from <see cref="Tokens"/>.</summary>
    public required int Samples { get; init; }

    /// <summary>The client has had the request's beginning, and waits for it to go on.</summary>
    public bool IsResume { get; init; }

    /// <summary>Workers that it was taken from.</summary>
    public ImmutableArray<WorkerId> Avoid { get; init; } = [];

    /// <summary>How its tokens are drawn: as those of the samples that they are, and what was produced counted as produced.</summary>
    public SamplingSettings Sampling => FirstSample == 0 ? Request.Sampling : Request.Sampling with { FirstSample = FirstSample };

    /// <summary>Log-probabilities of the prompt, which a client gets once.</summary>
    public int? PromptTopLogprobs => IsResume ? null : Request.PromptTopLogprobs;

    /// <summary>Tokens come from a decode worker: not where prefill's is the only one.</summary>
    public bool NeedsDecode => MaxTokens > 1 || Samples > 1;

    /// <summary>The whole request.</summary>
    public static WorkOrder Begin(Generation request) =>
        new() { Request = request, Tokens = request.Prompt, MaxTokens = request.MaxTokens, Samples = request.Samples };

    /// <summary>What is left of one sample.</summary>
    /// <param name="request">The request.</param>
    /// <param name="sample">Which of its samples.</param>
    /// <param name="produced">What it has produced; fewer than the request's most.</param>
    /// <param name="avoid">Workers that it was taken from.</param>
    public static WorkOrder Resume(Generation request, int sample, IReadOnlyCollection<int> produced, ImmutableArray<WorkerId> avoid) => new()
    {
        Request = request,
        Tokens = [.. request.Prompt, .. produced],
        MaxTokens = request.MaxTokens - produced.Count,
        FirstSample = sample,
        Samples = 1,
        IsResume = true,
        Avoid = avoid,
    };
}
