namespace OrleansServe.Simulation.Scenarios;

/// <summary>What happens to demand between the hours of a curve.</summary>
public enum DemandShape
{
    /// <summary>It goes in straight lines from the middle of an hour to the middle of the next, and of the last to the first.</summary>
    Interpolated,

    /// <summary>It is constant within the hour, and jumps.</summary>
    Hourly,
}
