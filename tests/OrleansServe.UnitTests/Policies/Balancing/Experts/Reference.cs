using OrleansServe.Policies.Balancing.Experts;

namespace OrleansServe.UnitTests.Policies.Balancing.Experts;

/// <summary>The definitions, and the published greedy written down as it is described, slow and plain.</summary>
internal static class Reference
{
    public static double Largest(double[] loads, int[] slots, int devices)
    {
        Dictionary<int, int> counts = slots.CountBy(expert => expert).ToDictionary();
        return slots.Chunk(slots.Length / devices).Max(device => device.Sum(expert => loads[expert] / counts[expert]));
    }

    /// <summary>
    /// The least largest load of a device over all ways to divide experts' rows: for a set of devices, what only they hold has to go to them, whatever the shares; the set that is loaded
    /// most by that decides (maximum flow, minimum cut).
    /// </summary>
    public static double LeastLargest(double[] loads, int[] slots, int devices)
    {
        int room = slots.Length / devices;
        int[] holders = new int[loads.Length];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            holders[slots[slot]] |= 1 << (slot / room);
        }

        double least = 0;
        for (int set = 1; set < 1 << devices; set++)
        {
            double load = loads.Where((_, expert) => (holders[expert] & ~set) == 0).Sum();
            least = Math.Max(least, load / int.PopCount(set));
        }

        return least;
    }

    public static int Moved(int[] slots, int[] previous, int room)
    {
        int moved = 0;
        for (int start = 0; start < slots.Length; start += room)
        {
            List<int> before = [.. previous.AsSpan(start, room)];
            moved += slots.AsSpan(start, room).ToArray().Count(expert => !before.Remove(expert));
        }

        return moved;
    }

    /// <summary>The largest load of a device: groups to nodes, replicas for the hottest, replicas to devices, both packings longest first.</summary>
    public static double PublishedGreedy(double[] loads, ExpertClusterShape shape)
    {
        int nodes = shape.IsHierarchical ? shape.Nodes : 1;
        int groups = shape.IsHierarchical ? shape.Groups : 1;
        int groupSize = loads.Length / groups;
        double[] groupLoads = [.. loads.Chunk(groupSize).Select(group => group.Sum())];
        double largest = 0;
        foreach (List<int> node in Pack(groupLoads, nodes, groups / nodes))
        {
            double[] experts = [.. node.SelectMany(group => loads.AsSpan(group * groupSize, groupSize).ToArray())];
            int[] counts = [.. Enumerable.Repeat(1, experts.Length)];
            for (int i = experts.Length; i < shape.Slots / nodes; i++)
            {
                int hottest = Enumerable.Range(0, experts.Length).MaxBy(expert => experts[expert] / counts[expert]);
                counts[hottest]++;
            }

            double[] replicas = [.. experts.SelectMany((load, expert) => Enumerable.Repeat(load / counts[expert], counts[expert]))];
            largest = Math.Max(largest, Pack(replicas, shape.Devices / nodes, shape.SlotsPerDevice).Max(device => device.Sum(replica => replicas[replica])));
        }

        return largest;
    }

    private static List<int>[] Pack(double[] items, int bins, int room)
    {
        List<int>[] packed = [.. Enumerable.Range(0, bins).Select(_ => new List<int>())];
        foreach (int item in Enumerable.Range(0, items.Length).OrderByDescending(item => items[item]))
        {
            packed.Where(bin => bin.Count < room).MinBy(bin => bin.Sum(other => items[other]))!.Add(item);
        }

        return packed;
    }
}
