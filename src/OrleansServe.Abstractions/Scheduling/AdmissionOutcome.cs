namespace OrleansServe.Abstractions.Scheduling;

/// <summary>What became of an admission request.</summary>
[GenerateSerializer]
public enum AdmissionOutcome
{
    /// <summary>Workers were chosen; the request counts against them until it is completed.</summary>
    Admitted,

    /// <summary>The queue is full, or the wait would be too long: RESOURCE_EXHAUSTED with a retry-after.</summary>
    Overloaded,

    /// <summary>No worker of some role and of this KV format is known: UNAVAILABLE.</summary>
    NoWorkers,

    /// <summary>It fits no worker even when that one is idle: INVALID_ARGUMENT.</summary>
    TooLarge,

    /// <summary>The scheduler is about to move to another silo: to be asked again there.</summary>
    Moving,
}
