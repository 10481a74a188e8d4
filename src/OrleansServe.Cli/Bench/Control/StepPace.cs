namespace OrleansServe.Cli.Bench.Control;

/// <summary>Lets engines take a step every so often, as engines that compute do; or at once.</summary>
internal sealed class StepPace(TimeProvider time) : IDisposable
{
    private readonly ManualResetEvent _never = new(initialState: false);
    private long _intervalTicks;
    private long _last;

    /// <summary>From one step to the next; zero for none.</summary>
    public TimeSpan Interval
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _intervalTicks));
        set => Volatile.Write(ref _intervalTicks, value.Ticks);
    }

    /// <summary>Blocks the engine's thread until its next step is due. For one engine at a time.</summary>
    public void WaitForTurn()
    {
        TimeSpan left = Interval - time.GetElapsedTime(_last);
        if (left > TimeSpan.Zero && Interval > TimeSpan.Zero)
        {
            // Waits end on a millisecond: the next one makes up for it.
            _never.WaitOne(left);
        }

        _last = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public void Dispose() => _never.Dispose();
}
