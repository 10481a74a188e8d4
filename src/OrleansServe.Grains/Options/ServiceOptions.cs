using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Options;

/// <summary>What the service classes are promised, and how much of the KV memory is promised twice. The same on every silo.</summary>
public sealed class ServiceOptions
{
    /// <summary>The interactive class.</summary>
    public ServiceClassOptions Interactive { get; } = new() { FirstToken = TimeSpan.FromSeconds(1), BetweenTokens = TimeSpan.FromMilliseconds(50) };

    /// <summary>The standard class.</summary>
    public ServiceClassOptions Standard { get; } = new() { FirstToken = TimeSpan.FromSeconds(5), BetweenTokens = TimeSpan.FromMilliseconds(200) };

    /// <summary>The batch class.</summary>
    public ServiceClassOptions Batch { get; } = new() { FirstToken = TimeSpan.FromSeconds(30), BetweenTokens = TimeSpan.FromSeconds(2) };

    /// <summary>
    /// Share of a request's max_tokens that it is expected not to use: KV blocks are not kept free for it when it is admitted. 0 keeps all, and no
    /// request is ever preempted by one of its class; 1 keeps none.
    /// </summary>
    public double Overcommit { get; set; } = 0.75;

    /// <summary>Tokens of prompts that a step takes at least, whatever the streams beside them are promised.</summary>
    public int PromptFloor { get; set; } = 64;

    internal ServiceTargets Targets => new(TargetOf(Interactive), TargetOf(Standard), TargetOf(Batch));

    private static ServiceTarget TargetOf(ServiceClassOptions options) => new(options.FirstToken, options.BetweenTokens);
}
