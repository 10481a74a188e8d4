namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Gives replicas of experts that got cold to those that got hot.</summary>
internal static class SpareReplicas
{
    /// <summary>
    /// Gives experts whose replicas are too heavy beside even the smallest of partners further ones, in the place of those that are needed least. That may overload devices for
    /// a moment, where steps that never do would find no way.
    /// </summary>
    /// <param name="layout">The layout.</param>
    /// <param name="goal">Largest load that a device may be left with.</param>
    /// <param name="moves">Replicas that may be moved; reduced by those that were.</param>
    /// <returns>Whether it worked out.</returns>
    public static bool Recount(DeviceLayout layout, double goal, ref int moves)
    {
        double most = goal - ((layout.Room - 1) * layout.SmallestShare());
        for (int expert = 0; expert < layout.Experts; expert++)
        {
            for (; layout.ShareOf(expert) > most; moves--)
            {
                int slot = moves > 0 ? SpareSlot(layout, expert, most) : -1;
                if (slot < 0)
                {
                    return false;
                }

                layout.Replace(slot, expert);
            }
        }

        return true;
    }

    private static int SpareSlot(DeviceLayout layout, int expert, double most)
    {
        int best = -1;
        double least = most;
        double rest = 0;
        for (int slot = 0; slot < layout.Slots.Length; slot++)
        {
            int given = layout.Slots[slot];
            if (given == expert || layout.CountOf(given) == 1)
            {
                continue;
            }

            double share = layout.LoadOf(given) / (layout.CountOf(given) - 1);
            double others = layout.DeviceLoads[slot / layout.Room] - layout.ShareOf(given);
            if ((share < least || (share == least && best >= 0 && others < rest)) && !layout.Holds(slot / layout.Room, expert))
            {
                best = slot;
                least = share;
                rest = others;
            }
        }

        return best;
    }

    /// <summary>Slots whose expert has other replicas, which could take its load over.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="goal">Largest load that their devices may be left with.</param>
    /// <returns>Each slot, and the largest load of the other replicas' devices without it.</returns>
    public static List<(int Slot, double Others)> Find(DeviceLayout layout, double goal)
    {
        List<(int Slot, double Others)> spares = [];
        List<int> replicated = [];
        for (int slot = 0; slot < layout.Slots.Length; slot++)
        {
            if (layout.CountOf(layout.Slots[slot]) > 1)
            {
                replicated.Add(slot);
            }
        }

        foreach (int slot in replicated)
        {
            int given = layout.Slots[slot];
            double rise = (layout.LoadOf(given) / (layout.CountOf(given) - 1)) - layout.ShareOf(given);
            double others = 0;
            foreach (int other in replicated)
            {
                if (layout.Slots[other] == given && other != slot)
                {
                    others = Math.Max(others, layout.DeviceLoads[other / layout.Room] + rise);
                }
            }

            if (others <= goal)
            {
                spares.Add((slot, others));
            }
        }

        return spares;
    }
}
