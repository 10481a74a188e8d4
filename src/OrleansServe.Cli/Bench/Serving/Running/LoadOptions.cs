using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>How requests are sent.</summary>
internal sealed record LoadOptions
{
    /// <summary>Name of the model; empty for the only one.</summary>
    public string Model { get; init; } = "";

    /// <summary>How urgent every request is, and whose.</summary>
    public SchedulingOptions Scheduling { get; init; } = new();

    /// <summary>Requests that are under way at most; one that comes when there are as many waits its turn.</summary>
    public required int MaxConcurrency { get; init; }

    /// <summary>A request that takes longer is given up.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Send texts as a user's message, instead of as raw prompts.</summary>
    public bool Chat { get; init; }

    /// <summary>0 always takes the likeliest token.</summary>
    public float Temperature { get; init; }

    /// <summary>Let the model end its answers; otherwise each has as many tokens as were asked for.</summary>
    public bool StopAtEos { get; init; }

    /// <summary>Where the seeds of sampled requests come from.</summary>
    public ulong Seed { get; init; }
}
