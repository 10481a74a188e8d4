namespace OrleansServe.Simulation.Runs;

/// <summary>Events in the order of their times; of equal times, in the order in which they were added.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<SimulatedEvent, (long Ticks, long Order)> _queue = new(new ByTicks());
    private long _order;

    /// <summary>Whether there is one, and when the first is.</summary>
    public bool TryPeek(out long ticks)
    {
        bool any = _queue.TryPeek(out _, out (long Ticks, long Order) key);
        ticks = key.Ticks;
        return any;
    }

    /// <summary>Adds one.</summary>
    public void Add(long ticks, SimulatedEvent happening) => _queue.Enqueue(happening, (ticks, _order++));

    /// <summary>Takes the first.</summary>
    public SimulatedEvent Take() => _queue.Dequeue();

    private sealed class ByTicks : IComparer<(long Ticks, long Order)>
    {
        public int Compare((long Ticks, long Order) x, (long Ticks, long Order) y) =>
            x.Ticks != y.Ticks ? x.Ticks < y.Ticks ? -1 : 1 : x.Order.CompareTo(y.Order);
    }
}
