namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>A limit that began to run.</summary>
internal readonly struct Deadline(TimeProvider time, TimeSpan limit)
{
    private readonly long _begun = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_begun);

    /// <summary>What is left of it; zero once it has passed.</summary>
    public TimeSpan Left => limit - Elapsed is { Ticks: > 0 } left ? left : TimeSpan.Zero;
}
