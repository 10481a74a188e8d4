namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Improves a layout by exchanging two replicas at a time.</summary>
internal static class LayoutSwaps
{
    private const int MostSwaps = 512;
    private const double Worth = 1.0001;

    /// <summary>Takes load from the heaviest device as long as an exchange leaves both devices lighter than it was.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="enough">A largest load that need not be improved on.</param>
    public static void Lighten(DeviceLayout layout, double enough)
    {
        for (int i = 0; i < MostSwaps; i++)
        {
            int heaviest = layout.Heaviest();
            double largest = layout.DeviceLoads[heaviest];
            if (largest <= enough * Worth || Best(layout, heaviest) is not ({ } slot, { } other))
            {
                return;
            }

            layout.Swap(slot, other);
        }
    }

    /// <summary>Takes second replicas of an expert off devices, where that does not raise the largest load.</summary>
    public static void Part(DeviceLayout layout)
    {
        double largest = layout.DeviceLoads[layout.Heaviest()];
        for (int slot = 0; slot < layout.Slots.Length; slot++)
        {
            if (layout.Holds(slot / layout.Room, layout.Slots[slot], except: slot))
            {
                Part(layout, slot, largest);
            }
        }
    }

    private static void Part(DeviceLayout layout, int slot, double largest)
    {
        int device = slot / layout.Room;
        double share = layout.ShareOf(layout.Slots[slot]);
        for (int other = 0; other < layout.Slots.Length; other++)
        {
            int to = other / layout.Room;
            double gain = layout.ShareOf(layout.Slots[other]) - share;
            if (to != device && layout.DeviceLoads[device] + gain <= largest && layout.DeviceLoads[to] - gain <= largest && StaysApart(layout, slot, other))
            {
                layout.Swap(slot, other);
                return;
            }
        }
    }

    /// <summary>Whether exchanging two slots puts no expert on a device that has it already.</summary>
    public static bool StaysApart(DeviceLayout layout, int slot, int other) =>
        !layout.Holds(other / layout.Room, layout.Slots[slot], except: other) && !layout.Holds(slot / layout.Room, layout.Slots[other], except: slot);

    private static (int Slot, int Other)? Best(DeviceLayout layout, int heaviest)
    {
        ReadOnlySpan<int> slots = layout.Slots;
        double largest = layout.DeviceLoads[heaviest];
        double best = largest * (1 - 1e-9);
        (int Slot, int Other)? found = null;
        for (int slot = heaviest * layout.Room; slot < (heaviest + 1) * layout.Room; slot++)
        {
            double share = layout.ShareOf(slots[slot]);
            for (int other = 0; other < slots.Length; other++)
            {
                double drop = share - layout.ShareOf(slots[other]);
                double after = Math.Max(largest - drop, layout.DeviceLoads[other / layout.Room] + drop);
                if (drop > 0 && after < best && StaysApart(layout, slot, other))
                {
                    best = after;
                    found = (slot, other);
                }
            }
        }

        return found;
    }
}
