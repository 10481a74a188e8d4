namespace OrleansServe.Abstractions.Scheduling;

/// <summary>How long a request's client will wait: its service class.</summary>
[GenerateSerializer]
public enum ServicePriority
{
    /// <summary>A program waits for the answer.</summary>
    Standard,

    /// <summary>Somebody watches the tokens appear.</summary>
    Interactive,

    /// <summary>Nobody waits; throughput counts.</summary>
    Batch,
}
