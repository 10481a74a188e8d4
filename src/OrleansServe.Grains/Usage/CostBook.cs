using OrleansServe.Abstractions.Usage;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Grains.Usage;

/// <summary>Adds node time up by hours.</summary>
internal static class CostBook
{
    /// <summary>Longest time between two readings that is counted: after a longer one nobody knows how many nodes there were.</summary>
    public static readonly TimeSpan MostGap = TimeSpan.FromMinutes(2);

    /// <summary>Counts nodes for the time since the last reading.</summary>
    /// <returns>Whether anything has changed.</returns>
    public static bool Read(CostState state, int nodes, PriceBook prices, DateTimeOffset now)
    {
        // A clock that was set back counts nothing twice.
        if (state.ReadAt is not { } from)
        {
            state.ReadAt = now;
            return true;
        }

        if (now <= from)
        {
            return false;
        }

        state.ReadAt = now;
        while (now - from <= MostGap && from < now)
        {
            DateTimeOffset hour = Ledger.HourOf(from);
            DateTimeOffset until = hour.AddHours(1) < now ? hour.AddHours(1) : now;
            Add(state, hour, (until - from) * nodes, prices);
            from = until;
        }

        state.Hours.RemoveAll(hour => hour.Hour < now.AddDays(-Ledger.KeptDays));
        return true;
    }

    private static void Add(CostState state, DateTimeOffset hour, TimeSpan nodeTime, PriceBook prices)
    {
        // The cost of the sum, not the sum of costs: no rounding adds up.
        int at = state.Hours.FindLastIndex(known => known.Hour == hour);
        TimeSpan total = nodeTime + (at >= 0 ? state.Hours[at].NodeTime : TimeSpan.Zero);
        HourCost cost = new(hour, total, prices.CostOf(total));
        if (at >= 0)
        {
            state.Hours[at] = cost;
        }
        else
        {
            state.Hours.Add(cost);
        }
    }
}
