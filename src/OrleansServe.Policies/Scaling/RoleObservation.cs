namespace OrleansServe.Policies.Scaling;

/// <summary>What is known of one role.</summary>
public sealed record RoleObservation
{
    /// <summary>Demand of the interactive class.</summary>
    public ClassLoad Interactive { get; init; }

    /// <summary>Demand of the standard class.</summary>
    public ClassLoad Standard { get; init; }

    /// <summary>Demand of the batch class.</summary>
    public ClassLoad Batch { get; init; }

    /// <summary>Tokens served within the window.</summary>
    public double ServedTokens { get; init; }

    /// <summary>Seconds of whole units that serving them took: a unit that was half full for a minute has 30.</summary>
    public double BusyUnitSeconds { get; init; }

    /// <summary>Units that what is under way fills, in streams or in KV blocks, whichever is more: 2.5 fills two and a half.</summary>
    public double InFlightUnits { get; init; }

    /// <summary>Share of the ready units' KV blocks in use, in [0, 1].</summary>
    public double KvUse { get; init; }

    /// <summary>Units that serve.</summary>
    public int Ready { get; init; }

    /// <summary>Of these, the ones whose last report is too old: nobody knows what they have under way.</summary>
    public int Unreported { get; init; }

    /// <summary>Units that have their nodes and do not serve yet.</summary>
    public int Starting { get; init; }

    /// <summary>Units that have no nodes: they may never come, and count as nothing.</summary>
    public int Unschedulable { get; init; }
}
