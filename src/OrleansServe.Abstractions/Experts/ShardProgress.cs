namespace OrleansServe.Abstractions.Experts;

/// <summary>How far a shard is with what an epoch wants of it.</summary>
/// <param name="Missing">Experts that it has yet to load, over all layers.</param>
/// <param name="Fault">Why it will not hold them; null while it is on its way.</param>
[GenerateSerializer, Immutable, Alias("os.shard-progress")]
public sealed record ShardProgress([property: Id(0)] int Missing, [property: Id(1)] string? Fault)
{
    /// <summary>It holds all, and takes rows by the epoch.</summary>
    public bool IsReady => Missing == 0 && Fault is null;
}
