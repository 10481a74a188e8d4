namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Writes a placement as slots, of which every device has the same number, so that a new plan can keep to it.</summary>
internal static class PreviousSlots
{
    /// <summary>A device that holds too many leaves out those with most replicas; one that holds too few is taken to hold the hottest of the rest as well.</summary>
    /// <param name="placement">The placement.</param>
    /// <param name="loads">[layers][experts].</param>
    /// <param name="size">Slots of a device; not more than there are experts.</param>
    /// <returns>[layers][slots]; null where a device would have to leave out an expert's only replica, or an expert has none.</returns>
    public static int[][]? Of(ExpertPlacement placement, IReadOnlyList<double[]> loads, int size)
    {
        int[][] slots = new int[placement.Layers][];
        for (int layer = 0; layer < slots.Length; layer++)
        {
            int[] replicas = new int[loads[layer].Length];
            for (int device = 0; device < placement.Devices; device++)
            {
                foreach (int expert in placement.ExpertsOf(layer, device))
                {
                    replicas[expert]++;
                }
            }

            if (replicas.Contains(0) || WriteLayer(placement, layer, loads[layer], replicas, size) is not { } written)
            {
                return null;
            }

            slots[layer] = written;
        }

        return slots;
    }

    private static int[]? WriteLayer(ExpertPlacement placement, int layer, double[] loads, int[] replicas, int size)
    {
        int[] slots = new int[placement.Devices * size];
        for (int device = 0; device < placement.Devices; device++)
        {
            List<int> held = [.. placement.ExpertsOf(layer, device)];
            while (held.Count > size)
            {
                int spare = held.MaxBy(expert => replicas[expert]);
                if (replicas[spare] == 1)
                {
                    return null;
                }

                replicas[spare]--;
                held.Remove(spare);
            }

            IEnumerable<int> hottest = Enumerable.Range(0, loads.Length).Except(held).OrderByDescending(expert => loads[expert] / replicas[expert]).ThenBy(expert => expert);
            int[] padding = [.. hottest.Take(size - held.Count)];
            foreach (int expert in padding)
            {
                replicas[expert]++;
            }

            held.AddRange(padding);
            held.CopyTo(slots, device * size);
        }

        return slots;
    }
}
