using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Grains.Usage;

/// <summary>Counts what a tenant uses, each request once.</summary>
/// <remarks>
/// Ids are kept for the hours in which a request may still be told a second time; what ended before them is refused, since it cannot be told whether it is new. So memory is bounded
/// by the requests of <see cref="RememberedHours"/> hours.
/// </remarks>
internal static class Ledger
{
    /// <summary>Hours whose requests are remembered, the present one included.</summary>
    public const int RememberedHours = 2;

    /// <summary>Days for which usage is kept.</summary>
    public const int KeptDays = 400;

    // Clocks of silos differ a little.
    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(5);

    /// <summary>Records.</summary>
    public static RecordedUsage Record(LedgerState state, string tenant, ImmutableArray<UsageRecord> records, PriceBook prices, DateTimeOffset now)
    {
        DateTimeOffset oldest = HourOf(now).AddHours(1 - RememberedHours);
        state.Recorded.RemoveAll(hour => hour.Hour < oldest);
        state.Hours.RemoveAll(hour => hour.Hour < now.AddDays(-KeptDays));
        int recorded = 0;
        int duplicates = 0;
        int refused = 0;
        foreach (UsageRecord record in records)
        {
            DateTimeOffset hour = HourOf(record.EndedAt);
            if (hour < oldest || record.EndedAt > now + MostAhead || !IsSound(record))
            {
                refused++;
            }
            else if (state.Recorded.Any(known => known.Requests.Contains(record.RequestId)))
            {
                duplicates++;
            }
            else
            {
                Remember(state, hour, record.RequestId);
                Count(state, tenant, hour, record, prices);
                recorded++;
            }
        }

        return new RecordedUsage(recorded, duplicates, refused);
    }

    /// <summary>When the hour of a time began, in UTC.</summary>
    public static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    private static bool IsSound(UsageRecord record) =>
        record.CacheHit >= 0 && record.CacheMiss >= 0 && record.Reasoning >= 0 && record.Output >= record.Reasoning && !string.IsNullOrEmpty(record.Model);

    private static void Remember(LedgerState state, DateTimeOffset hour, Guid request)
    {
        RecordedHour? known = state.Recorded.Find(known => known.Hour == hour);
        if (known is null)
        {
            known = new RecordedHour { Hour = hour };
            state.Recorded.Add(known);
        }

        known.Requests.Add(request);
    }

    private static void Count(LedgerState state, string tenant, DateTimeOffset hour, UsageRecord record, PriceBook prices)
    {
        TokenCounts counts = new(record.CacheHit, record.CacheMiss, record.Output, record.Reasoning);
        decimal income = prices.At(record.Model, record.EndedAt).Of(counts);

        // Newest last, and mostly asked for.
        int at = state.Hours.FindLastIndex(known => known.Hour == hour && known.Model == record.Model);
        HourUsage before = at >= 0 ? state.Hours[at] : new HourUsage(tenant, record.Model, hour, 0, 0, 0, 0, 0, 0);
        counts += new TokenCounts(before.CacheHit, before.CacheMiss, before.Output, before.Reasoning);
        HourUsage after = before with
        {
            Requests = before.Requests + 1,
            CacheHit = counts.CacheHit,
            CacheMiss = counts.CacheMiss,
            Output = counts.Output,
            Reasoning = counts.Reasoning,
            Income = before.Income + income,
        };
        if (at >= 0)
        {
            state.Hours[at] = after;
        }
        else
        {
            state.Hours.Add(after);
        }
    }
}
