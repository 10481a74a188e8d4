namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Packs longest first: each item, in falling order, into the lightest bin that has room.</summary>
/// <param name="bins">Bins.</param>
/// <remarks>The packing of DeepSeek's published balancer (EPLB, open-source week).</remarks>
internal sealed class LongestFirst(int bins)
{
    private readonly LoadHeap _heap = new(bins);
    private readonly int[] _filled = new int[bins];

    /// <summary>Packs.</summary>
    /// <param name="items">Items' loads, falling; as many as the bins have places.</param>
    /// <param name="names">What is written for each item.</param>
    /// <param name="places">Bins' places, one bin after the other.</param>
    /// <returns>The largest load of a bin.</returns>
    public double Pack(ReadOnlySpan<double> items, ReadOnlySpan<int> names, Span<int> places)
    {
        int room = places.Length / bins;
        _heap.Clear();
        for (int bin = 0; bin < bins; bin++)
        {
            _filled[bin] = 0;
            _heap.Push(bin, 0);
        }

        double largest = 0;
        for (int i = 0; i < items.Length; i++)
        {
            int bin = _heap.First;
            double load = _heap.FirstKey + items[i];
            largest = Math.Max(largest, load);
            places[(bin * room) + _filled[bin]++] = names[i];
            if (_filled[bin] == room)
            {
                _heap.RemoveFirst();
            }
            else
            {
                _heap.RaiseFirst(load);
            }
        }

        return largest;
    }
}
