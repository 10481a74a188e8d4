using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Channels;
using OrleansServe.Grains.Workers.Steps;

namespace OrleansServe.Grains.Workers.Prefill;

/// <summary>A prompt on a prefill worker.</summary>
internal sealed class PrefillSequence(PrefillRequest request, UInt128 rootName, TimeSpan arrived)
    : WorkerSequence(request.RequestId, request.Prompt.AsSpan(), 1, rootName)
{
    public PrefillRequest Request { get; } = request;

    /// <summary>Collects the prompt's log-probabilities; null where none are wanted.</summary>
    public PromptScoreSheet? Scores { get; } = request.PromptTopLogprobs is { } top ? new PromptScoreSheet(request.Prompt.Length, top) : null;

    public override bool IsStream => false;

    /// <summary>When the call came, on the worker's clock.</summary>
    public TimeSpan Arrived { get; } = arrived;

    public TaskCompletionSource<PrefillResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where the gateway hears that the worker gets on; null where nobody listens.</summary>
    public GatewayStream? Stream { get; init; }

    /// <summary>Sends the KV on; null where no one wants it.</summary>
    public KvSender? Sender { get; set; }

    /// <summary>Completes when the sender is done with the blocks, however that went.</summary>
    public Task Transfer { get; set; } = Task.CompletedTask;

    /// <summary>Prompt tokens found in the prefix cache.</summary>
    public int CachedTokens { get; set; }

    public TimeSpan QueueTime { get; set; }

    /// <summary>The result is set: nothing is computed for it any more.</summary>
    public bool Answered { get; set; }

    /// <inheritdoc/>
    public override StepSequence Feed(int tokens)
    {
        StepSequence fed = base.Feed(tokens);
        if (Scores is { } scores)
        {
            // What follows the last token is drawn, not given.
            int first = fed.StartPosition + 1;
            fed.Targets = Tokens.Slice(first, Math.Min(fed.Tokens.Length, PromptLength - first));
            fed.TargetTopLogprobs = scores.Top;
        }

        return fed;
    }
}
