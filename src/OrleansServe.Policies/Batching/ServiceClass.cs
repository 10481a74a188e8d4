namespace OrleansServe.Policies.Batching;

/// <summary>How long a request's client will wait, the least patient first.</summary>
public enum ServiceClass
{
    /// <summary>Somebody watches the tokens appear.</summary>
    Interactive,

    /// <summary>A program waits for the answer.</summary>
    Standard,

    /// <summary>Nobody waits; throughput counts.</summary>
    Batch,
}
