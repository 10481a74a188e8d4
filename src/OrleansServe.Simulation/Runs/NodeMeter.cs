using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>Counts node-time by the minute of the day, exactly: whole nodes times whole ticks.</summary>
internal sealed class NodeMeter
{
    private readonly long[] _nodeTicks = new long[24 * 60];
    private readonly List<NodeStep> _steps = [];
    private long _at = long.MinValue;
    private int _nodes;

    /// <summary>[24 × 60] nodes times ticks of each minute.</summary>
    public IReadOnlyList<long> NodeTicks => _nodeTicks;

    /// <summary>The day's nodes, one entry for each change.</summary>
    public IReadOnlyList<NodeStep> Steps => _steps;

    /// <summary>Nodes in all, over the day.</summary>
    public decimal NodeHours => (decimal)_nodeTicks.Sum() / TimeSpan.TicksPerHour;

    /// <summary>From now on there are this many nodes.</summary>
    public void Set(int nodes, long now)
    {
        CloseAt(now);
        _nodes = nodes;
        if (now < TimeSpan.TicksPerDay)
        {
            Note(Math.Max(0, (double)now / TimeSpan.TicksPerHour), nodes);
        }
    }

    /// <summary>Counts up to a time. Only what is within the day counts.</summary>
    public void CloseAt(long now)
    {
        long from = Math.Max(0, _at);
        long to = Math.Min(now, TimeSpan.TicksPerDay);
        while (from < to)
        {
            long end = Math.Min(to, ((from / TimeSpan.TicksPerMinute) + 1) * TimeSpan.TicksPerMinute);
            _nodeTicks[from / TimeSpan.TicksPerMinute] += _nodes * (end - from);
            from = end;
        }

        _at = now;
    }

    private void Note(double hour, int nodes)
    {
        // Of changes in the same moment the last counts; those before the day are its beginning.
        if (_steps.Count > 0 && _steps[^1].Hour == hour)
        {
            _steps.RemoveAt(_steps.Count - 1);
        }

        if (_steps.Count == 0 || _steps[^1].Nodes != nodes)
        {
            _steps.Add(new NodeStep(hour, nodes));
        }
    }
}
