using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Grains.Usage;

/// <summary>Counts what a tenant uses, each record once.</summary>
/// <remarks>
/// A gateway numbers its records and tells them in order, so that the number of the last says which were told before: what is stored grows with the gateways, not with the requests.
/// Gateways that have gone are forgotten after a while; what ended longer ago than that is refused, since it cannot be told whether it is new.
/// </remarks>
internal static class Ledger
{
    /// <summary>Hours for which a record may come late.</summary>
    public const int MostHoursLate = 48;

    /// <summary>Days for which usage is kept.</summary>
    public const int KeptDays = 400;

    // Clocks of silos differ a little.
    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(5);

    /// <summary>Records.</summary>
    public static RecordedUsage Record(LedgerState state, string tenant, Guid reporter, ImmutableArray<NumberedUsage> records, PriceBook prices, DateTimeOffset now)
    {
        DateTimeOffset oldest = now.AddHours(-MostHoursLate);
        state.Hours.RemoveAll(hour => hour.Hour < now.AddDays(-KeptDays));
        HeardReporter heard = Hear(state, reporter, oldest, now);
        int recorded = 0;
        int duplicates = 0;
        int refused = 0;
        foreach ((long number, UsageRecord record) in records)
        {
            if (number <= heard.Last)
            {
                duplicates++;
                continue;
            }

            heard.Last = number;
            if (record.EndedAt < oldest || record.EndedAt > now + MostAhead || !IsSound(record))
            {
                refused++;
            }
            else
            {
                Count(state, tenant, HourOf(record.EndedAt), record, prices);
                recorded++;
            }
        }

        return new RecordedUsage(recorded, duplicates, refused);
    }

    /// <summary>When the hour of a time began, in UTC.</summary>
    public static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    private static bool IsSound(UsageRecord record) =>
        record.CacheHit >= 0 && record.CacheMiss >= 0 && record.Reasoning >= 0 && record.Output >= record.Reasoning && !string.IsNullOrEmpty(record.Model);

    private static HeardReporter Hear(LedgerState state, Guid reporter, DateTimeOffset oldest, DateTimeOffset now)
    {
        // Whatever it told first had ended not long before: twice as long is more than enough.
        state.Reporters.RemoveAll(known => known.At < oldest.AddHours(-MostHoursLate) && known.Reporter != reporter);
        HeardReporter? heard = state.Reporters.Find(known => known.Reporter == reporter);
        if (heard is null)
        {
            heard = new HeardReporter { Reporter = reporter };
            state.Reporters.Add(heard);
        }

        heard.At = now;
        return heard;
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
