namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>A worker's clock: the run's, which may jump ahead for this worker alone.</summary>
internal sealed class FaultClock(FaultTime time) : TimeProvider
{
    private TimeSpan _ahead;

    public override long TimestampFrequency => time.TimestampFrequency;

    public override long GetTimestamp() => time.GetTimestamp() + _ahead.Ticks;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + _ahead;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);

    public void Jump(TimeSpan by) => _ahead += by;
}
