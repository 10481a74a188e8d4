namespace OrleansServe.Cli.Demo.Breathe;

/// <summary>A clock that begins at an hour and goes faster than another; its timers are due as much sooner.</summary>
/// <param name="time">The clock that it goes by.</param>
/// <param name="start">What it shows first.</param>
/// <param name="factor">Its seconds in one of the other's, more than 0.</param>
internal sealed class AcceleratedTime(TimeProvider time, DateTimeOffset start, double factor) : TimeProvider
{
    private readonly long _begun = time.GetTimestamp();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => (long)(time.GetElapsedTime(_begun).Ticks * factor);

    public override DateTimeOffset GetUtcNow() => start.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(time.CreateTimer(callback, state, Real(dueTime), Real(period)), this);

    private TimeSpan Real(TimeSpan span) => span > TimeSpan.Zero ? span / factor : span;

    private sealed class Timer(ITimer timer, AcceleratedTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Real(dueTime), time.Real(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
