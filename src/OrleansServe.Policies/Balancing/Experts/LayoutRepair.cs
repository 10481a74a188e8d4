namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>
/// Adapts a layout to loads that have drifted, moving few replicas: again and again the heaviest device is relieved, by an exchange of two replicas (two moves) or by
/// a further replica of one of its experts in the place of another expert's spare one (one move).
/// </summary>
/// <remarks>Of the ways to bring everything touched under the goal the cheapest is taken, and of those the tightest, so that light devices are kept for heavier needs.</remarks>
internal static class LayoutRepair
{
    private const double Progress = 1e-6;

    /// <summary>Brings every device under a goal.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="goal">Largest load that a device may be left with.</param>
    /// <param name="moves">Replicas that may be moved.</param>
    /// <returns>Whether it worked out.</returns>
    public static bool Reach(DeviceLayout layout, double goal, int moves)
    {
        if (!SpareReplicas.Recount(layout, goal, ref moves))
        {
            return false;
        }

        while (true)
        {
            int heaviest = layout.Heaviest();
            if (layout.DeviceLoads[heaviest] <= goal)
            {
                return true;
            }

            Relief best = new(goal * (1 + Progress), int.MaxValue, -1, -1);
            if (moves > 0)
            {
                FindReplacement(layout, heaviest, goal, ref best);
            }

            if (moves > 1 && best.Slot < 0)
            {
                FindExchange(layout, heaviest, goal, ref best);
            }

            if (best.Slot < 0)
            {
                return false;
            }

            if (best.Other >= 0)
            {
                layout.Swap(best.Slot, best.Other);
            }
            else
            {
                layout.Replace(best.Slot, best.Expert);
            }

            moves -= best.Moves;
        }
    }

    private static void FindExchange(DeviceLayout layout, int heaviest, double goal, ref Relief best)
    {
        double largest = layout.DeviceLoads[heaviest];
        for (int slot = heaviest * layout.Room; slot < (heaviest + 1) * layout.Room; slot++)
        {
            double share = layout.ShareOf(layout.Slots[slot]);
            for (int other = 0; other < layout.Slots.Length; other++)
            {
                double drop = share - layout.ShareOf(layout.Slots[other]);
                if (drop > 0)
                {
                    Relief relief = new(Math.Max(largest - drop, layout.DeviceLoads[other / layout.Room] + drop), 2, slot, other);
                    if (relief.IsBetterThan(best, goal) && LayoutSwaps.StaysApart(layout, slot, other))
                    {
                        best = relief;
                    }
                }
            }
        }
    }

    private static void FindReplacement(DeviceLayout layout, int heaviest, double goal, ref Relief best)
    {
        List<(int Slot, double Others)> spares = SpareReplicas.Find(layout, goal);
        for (int from = heaviest * layout.Room; from < (heaviest + 1) * layout.Room; from++)
        {
            int expert = layout.Slots[from];
            double share = layout.LoadOf(expert) / (layout.CountOf(expert) + 1);
            double heaviestAfter = layout.DeviceLoads[heaviest] - layout.ShareOf(expert) + share;
            if (heaviestAfter > goal)
            {
                continue;
            }

            foreach ((int slot, double others) in spares)
            {
                int device = slot / layout.Room;
                double after = Math.Max(others, layout.DeviceLoads[device] - layout.ShareOf(layout.Slots[slot]) + share);
                Relief relief = new(Math.Max(heaviestAfter, after), 1, slot, -1, expert);
                if (layout.Slots[slot] != expert && relief.IsBetterThan(best, goal) && !layout.Holds(device, expert))
                {
                    best = relief;
                }
            }
        }
    }

    /// <summary>One way to relieve a device.</summary>
    /// <param name="Largest">Largest load of what is touched, afterwards.</param>
    /// <param name="Moves">Replicas moved.</param>
    /// <param name="Slot">Slot that is exchanged or gets another expert; -1 for no way.</param>
    /// <param name="Other">The other slot of an exchange, else -1.</param>
    /// <param name="Expert">Whose replica the slot gets, if not by exchange.</param>
    private readonly record struct Relief(double Largest, int Moves, int Slot, int Other, int Expert = -1)
    {
        public bool IsBetterThan(Relief other, double goal)
        {
            return Largest <= goal && (other.Slot < 0 || Moves < other.Moves || (Moves == other.Moves && Largest > other.Largest));
        }
    }
}
