namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>A clock that goes from one timer to the next, whenever there is nothing else left to do.</summary>
internal sealed class FaultTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2025, 1, 20, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(Timer Timer, long Version), (long Due, long Order)> _due = new();
    private long _now;
    private long _orders;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Since the beginning.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Volatile.Read(ref _now));

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => Start + Elapsed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Timer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the next timer that is due up to a limit and fires it; to the limit where there is none.</summary>
    /// <returns>Whether one was due.</returns>
    public bool Step(TimeSpan limit)
    {
        Timer timer;
        lock (_lock)
        {
            while (true)
            {
                if (!_due.TryPeek(out (Timer Timer, long Version) next, out (long Due, long Order) at) || at.Due > limit.Ticks)
                {
                    _now = Math.Max(_now, limit.Ticks);
                    return false;
                }

                _due.Dequeue();
                if (next.Version == next.Timer.Version)
                {
                    _now = Math.Max(_now, at.Due);
                    timer = next.Timer;
                    timer.Rearm();
                    break;
                }
            }
        }

        timer.Fire();
        return true;
    }

    private sealed class Timer(FaultTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long Version { get; private set; }

        public void Fire() => callback(state);

        public void Rearm() => Arm(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                _period = period;
                Arm(dueTime);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan dueTime)
        {
            Version++;
            if (dueTime >= TimeSpan.Zero)
            {
                time._due.Enqueue((this, Version), (time._now + dueTime.Ticks, ++time._orders));
            }
        }
    }
}
