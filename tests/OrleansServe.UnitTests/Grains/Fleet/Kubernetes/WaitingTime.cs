namespace OrleansServe.UnitTests.Grains.Fleet.Kubernetes;

/// <summary>A clock on which every wait is over at once and is written down; limits of attempts, which are longer than any wait, never are.</summary>
internal sealed class WaitingTime : TimeProvider
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly List<TimeSpan> _waits = [];

    public IReadOnlyList<TimeSpan> Waits => _waits;

    public override DateTimeOffset GetUtcNow() => new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= Limit || dueTime < TimeSpan.Zero)
        {
            return System.CreateTimer(callback, state, dueTime, period);
        }

        _waits.Add(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
