using Prometheus;

namespace OrleansServe.Gateway.Ledgers;

/// <summary>What a gateway measures of its reports to the ledger.</summary>
internal sealed class UsageMetrics
{
    private static readonly string[] ModelLabel = ["model"];

    /// <param name="factory">Makes the instruments.</param>
    public UsageMetrics(IMetricFactory factory)
    {
        Recorded = factory.CreateCounter("orleansserve_usage_records_total", "Requests whose usage the ledger has recorded.");
        Retries = factory.CreateCounter("orleansserve_usage_retries_total", "Messages to a ledger that it did not answer.");
        Lost = factory.CreateCounter("orleansserve_usage_lost_total", "Requests whose usage is not in the ledger; the log has their counts.");
        Cost = factory.CreateGauge("orleansserve_cost_usd", "What the nodes cost in the last 24 hours.", ModelLabel);
        Income = factory.CreateGauge("orleansserve_income_usd", "What tokens earned in the last 24 hours.", ModelLabel);
        HourCost = factory.CreateGauge("orleansserve_hour_cost_usd", "What the nodes have cost in the present hour of UTC.", ModelLabel);
        HourIncome = factory.CreateGauge("orleansserve_hour_income_usd", "What tokens have earned in the present hour of UTC.", ModelLabel);
        Margin = factory.CreateGauge("orleansserve_margin_ratio", "Income less cost over cost, of the last 24 hours.", ModelLabel);
    }

    /// <summary>Requests recorded.</summary>
    public Counter Recorded { get; }

    /// <summary>Messages not answered.</summary>
    public Counter Retries { get; }

    /// <summary>Requests lost.</summary>
    public Counter Lost { get; }

    /// <summary>US dollars of the last day, by model version.</summary>
    public Gauge Cost { get; }

    /// <summary>US dollars of the last day, by model version.</summary>
    public Gauge Income { get; }

    /// <summary>US dollars of the present hour, by model version.</summary>
    public Gauge HourCost { get; }

    /// <summary>US dollars of the present hour, by model version.</summary>
    public Gauge HourIncome { get; }

    /// <summary>Of the last day, by model version.</summary>
    public Gauge Margin { get; }
}
