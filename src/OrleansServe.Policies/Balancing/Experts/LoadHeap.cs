namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Indices in the order of their keys, smallest first, and of equal keys the smaller index first.</summary>
/// <param name="capacity">Indices that fit.</param>
internal sealed class LoadHeap(int capacity)
{
    private readonly int[] _items = new int[capacity];
    private readonly double[] _keys = new double[capacity];

    /// <summary>Indices that are there.</summary>
    public int Count { get; private set; }

    /// <summary>The first index.</summary>
    public int First => _items[0];

    /// <summary>Its key.</summary>
    public double FirstKey => _keys[0];

    /// <summary>Takes everything out.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds an index.</summary>
    public void Push(int item, double key)
    {
        int at = Count++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!IsBefore(key, item, _keys[parent], _items[parent]))
            {
                break;
            }

            _items[at] = _items[parent];
            _keys[at] = _keys[parent];
            at = parent;
        }

        _items[at] = item;
        _keys[at] = key;
    }

    /// <summary>Gives the first index another, larger key.</summary>
    public void RaiseFirst(double key) => Sink(_items[0], key);

    /// <summary>Takes the first index out.</summary>
    public void RemoveFirst()
    {
        Count--;
        if (Count > 0)
        {
            Sink(_items[Count], _keys[Count]);
        }
    }

    private static bool IsBefore(double key, int item, double otherKey, int otherItem) => key < otherKey || (key == otherKey && item < otherItem);

    private void Sink(int item, double key)
    {
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && IsBefore(_keys[child + 1], _items[child + 1], _keys[child], _items[child]))
            {
                child++;
            }

            if (!IsBefore(_keys[child], _items[child], key, item))
            {
                break;
            }

            _items[at] = _items[child];
            _keys[at] = _keys[child];
            at = child;
        }

        _items[at] = item;
        _keys[at] = key;
    }
}
