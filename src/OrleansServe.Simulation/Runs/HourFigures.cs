namespace OrleansServe.Simulation.Runs;

/// <summary>One hour of a simulated day. Requests, tokens and income belong to the hour in which the request came.</summary>
public sealed record HourFigures
{
    /// <summary>0 for the first hour of the day.</summary>
    public required int Hour { get; init; }

    /// <summary>Nodes on average: those that start and those that leave included.</summary>
    public required double Nodes { get; init; }

    /// <summary>Nodes on average of an optimum that knows the future.</summary>
    public required double OptimumNodes { get; init; }

    /// <summary>Requests that came.</summary>
    public required long Requests { get; init; }

    /// <summary>Of these, the ones refused.</summary>
    public required long Refused { get; init; }

    /// <summary>Of these, the ones whose first token came within the target.</summary>
    public required long InTime { get; init; }

    /// <summary>Prompt tokens served, cached ones included.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Of these, the ones found in the cache.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Tokens produced.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>What the nodes cost, in US dollars.</summary>
    public required decimal Cost { get; init; }

    /// <summary>What the tokens earned, in US dollars.</summary>
    public required decimal Revenue { get; init; }
}
