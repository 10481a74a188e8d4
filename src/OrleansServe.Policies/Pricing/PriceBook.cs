using OrleansServe.Policies.Scaling;

namespace OrleansServe.Policies.Pricing;

/// <summary>Answers what tokens and nodes cost at a time. All of it in decimals: sums of prices are exact.</summary>
public sealed class PriceBook
{
    private readonly LocalClock _clock;
    private readonly Dictionary<string, ModelPrices> _models;
    private readonly decimal _nodeHour;

    /// <param name="list">What is written down.</param>
    /// <exception cref="ArgumentException">Something is wrong with it; the message lists all of it.</exception>
    public PriceBook(PriceList list)
    {
        if (PriceListValidator.Faults(list) is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join("; ", faults), nameof(list));
        }

        _clock = LocalClock.TryFind(list.TimeZone, out LocalClock? clock) ? clock : throw new ArgumentException($"There is no time zone {list.TimeZone}.", nameof(list));
        _models = list.Models.ToDictionary(model => model.Model);
        _nodeHour = list.GpuHourPrice * list.GpusPerNode;
    }

    /// <summary>Prices of a model version's tokens at a time; all zero if the version is not for sale.</summary>
    public TokenPrices At(string model, DateTimeOffset time)
    {
        if (!_models.TryGetValue(model, out ModelPrices? prices) && !_models.TryGetValue(PriceList.AnyModel, out prices))
        {
            return default;
        }

        DateTime local = _clock.At(time);
        OffPeakWindow? window = prices.OffPeak.FirstOrDefault(window => WeeklyHours.Contain(window.Days, window.From, window.To, local));
        return window is null ? prices.Usual : prices.Usual.Less(window.Discount);
    }

    /// <summary>What nodes cost, in US dollars.</summary>
    /// <param name="nodeTime">Nodes times time.</param>
    public decimal CostOf(TimeSpan nodeTime) => nodeTime.Ticks * _nodeHour / TimeSpan.TicksPerHour;
}
