namespace OrleansServe.Simulation.Runs;

/// <summary>What happens at a time.</summary>
internal enum EventKind
{
    /// <summary>A group of streams has ended.</summary>
    StreamsEnd,

    /// <summary>A unit has started.</summary>
    UnitReady,

    /// <summary>A unit that leaves has had its time.</summary>
    UnitGone,

    /// <summary>The fleet's plan is asked.</summary>
    Plan,

    /// <summary>Those that wait try again.</summary>
    Retry,
}
