namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>Slots (row · topk + k) of a layer and the expert of each, in the order in which they were added. Grows, and allocates nothing once it is large enough.</summary>
internal sealed class SlotList
{
    private int[] _experts = [];
    private int[] _slots = [];

    public int Count { get; private set; }

    /// <summary>[Count] the expert of each slot.</summary>
    public ReadOnlySpan<int> Experts => _experts.AsSpan(0, Count);

    /// <summary>[Count] the slots.</summary>
    public ReadOnlySpan<int> Slots => _slots.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int expert, int slot)
    {
        if (Count == _slots.Length)
        {
            int length = Math.Max(64, 2 * Count);
            Array.Resize(ref _experts, length);
            Array.Resize(ref _slots, length);
        }

        _experts[Count] = expert;
        _slots[Count++] = slot;
    }

    /// <summary>Adds all of another list.</summary>
    public void AddAll(SlotList other)
    {
        for (int i = 0; i < other.Count; i++)
        {
            Add(other._experts[i], other._slots[i]);
        }
    }

    /// <summary>Keeps the first so many.</summary>
    public void Truncate(int count) => Count = count;

    /// <summary>Moves an entry to a place before it or its own.</summary>
    public void Move(int from, int to)
    {
        _experts[to] = _experts[from];
        _slots[to] = _slots[from];
    }
}
