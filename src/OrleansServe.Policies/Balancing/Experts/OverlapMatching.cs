namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Orders the bins of a plan so that they hold much of what the bins of an earlier plan held.</summary>
internal static class OverlapMatching
{
    /// <summary>Reorders bins: those with most in common meet first.</summary>
    /// <param name="slots">The expert in each slot, one bin after the other; reordered.</param>
    /// <param name="previous">The same of the earlier plan.</param>
    /// <param name="room">Slots of a bin.</param>
    public static void Reorder(Span<int> slots, ReadOnlySpan<int> previous, int room)
    {
        int bins = slots.Length / room;
        List<(int Common, int Bin, int Home)> pairs = [];
        Dictionary<int, List<int>> holders = [];
        for (int slot = 0; slot < previous.Length; slot++)
        {
            (holders.TryGetValue(previous[slot], out List<int>? bin) ? bin : holders[previous[slot]] = []).Add(slot / room);
        }

        int[] common = new int[bins];
        for (int bin = 0; bin < bins; bin++)
        {
            HashSet<int> seen = [];
            HashSet<int> homes = [];
            foreach (int expert in slots.Slice(bin * room, room))
            {
                foreach (int home in seen.Add(expert) && holders.TryGetValue(expert, out List<int>? found) ? found : [])
                {
                    common[home]++;
                    homes.Add(home);
                }
            }

            foreach (int home in homes)
            {
                pairs.Add((common[home], bin, home));
                common[home] = 0;
            }
        }

        pairs.Sort((a, b) => b.Common != a.Common ? b.Common.CompareTo(a.Common) : a.Bin != b.Bin ? a.Bin.CompareTo(b.Bin) : a.Home.CompareTo(b.Home));
        Assign(slots, room, pairs);
    }

    /// <summary>Replicas that their bin did not hold before.</summary>
    /// <param name="slots">The expert in each slot, one bin after the other.</param>
    /// <param name="previous">The same of the earlier plan.</param>
    /// <param name="room">Slots of a bin.</param>
    public static int Moved(ReadOnlySpan<int> slots, ReadOnlySpan<int> previous, int room)
    {
        int moved = 0;
        Span<int> left = stackalloc int[Math.Min(room, 64)];
        left = room > left.Length ? new int[room] : left;
        for (int start = 0; start < slots.Length; start += room)
        {
            previous.Slice(start, room).CopyTo(left);
            foreach (int expert in slots.Slice(start, room))
            {
                int at = left.IndexOf(expert);
                moved += at < 0 ? 1 : 0;
                if (at >= 0)
                {
                    left[at] = -1;
                }
            }
        }

        return moved;
    }

    private static void Assign(Span<int> slots, int room, List<(int Common, int Bin, int Home)> pairs)
    {
        int bins = slots.Length / room;
        int[] binAt = new int[bins];
        bool[] isPlaced = new bool[bins];
        Array.Fill(binAt, -1);
        foreach ((_, int bin, int home) in pairs)
        {
            if (!isPlaced[bin] && binAt[home] < 0)
            {
                binAt[home] = bin;
                isPlaced[bin] = true;
            }
        }

        int[] before = slots.ToArray();
        int next = 0;
        for (int home = 0; home < bins; home++)
        {
            if (binAt[home] < 0)
            {
                next = Array.IndexOf(isPlaced, false, next);
                binAt[home] = next;
                isPlaced[next] = true;
            }

            before.AsSpan(binAt[home] * room, room).CopyTo(slots[(home * room)..]);
        }
    }
}
