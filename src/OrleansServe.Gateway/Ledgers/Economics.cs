using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;

namespace OrleansServe.Gateway.Ledgers;

/// <summary>What a model version cost and earned.</summary>
/// <param name="Model">The model version.</param>
/// <param name="Hour">When the hour began, in UTC; null for all hours together.</param>
/// <param name="NodeTime">Nodes times time.</param>
/// <param name="Cost">US dollars.</param>
/// <param name="Income">US dollars.</param>
internal sealed record Economics(string Model, DateTimeOffset? Hour, TimeSpan NodeTime, decimal Cost, decimal Income)
{
    /// <summary>Costs and income by hour and model; nodes count for the model version that they serve.</summary>
    public static ImmutableArray<Economics> ByHour(string model, ImmutableArray<HourCost> costs, ImmutableArray<HourUsage> usage)
    {
        SortedDictionary<(DateTimeOffset Hour, string Model), Economics> entries = new(
            Comparer<(DateTimeOffset Hour, string Model)>.Create((a, b) => a.Hour != b.Hour ? a.Hour.CompareTo(b.Hour) : string.CompareOrdinal(a.Model, b.Model)));
        foreach (HourCost cost in costs)
        {
            entries[(cost.Hour, model)] = new Economics(model, cost.Hour, cost.NodeTime, cost.Cost, 0);
        }

        foreach (HourUsage entry in usage)
        {
            Economics before = entries.GetValueOrDefault((entry.Hour, entry.Model)) ?? new Economics(entry.Model, entry.Hour, TimeSpan.Zero, 0, 0);
            entries[(entry.Hour, entry.Model)] = before with { Income = before.Income + entry.Income };
        }

        return [.. entries.Values];
    }

    /// <summary>All hours together, by model.</summary>
    public static ImmutableArray<Economics> Totals(ImmutableArray<Economics> hours) =>
    [
        .. hours.GroupBy(entry => entry.Model, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new Economics(
            group.Key, null, new TimeSpan(group.Sum(entry => entry.NodeTime.Ticks)), group.Sum(entry => entry.Cost), group.Sum(entry => entry.Income))),
    ];
}
