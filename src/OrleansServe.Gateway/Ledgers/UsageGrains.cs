using OrleansServe.Abstractions.Usage;

namespace OrleansServe.Gateway.Ledgers;

/// <summary>The grains that keep usage and cost.</summary>
/// <param name="Ledger">Finds a tenant's ledger.</param>
/// <param name="Directory">Knows the tenants.</param>
/// <param name="Meter">Counts the nodes of the model version served.</param>
internal sealed record UsageGrains(Func<string, IUsageLedgerGrain> Ledger, IUsageDirectoryGrain Directory, ICostMeterGrain Meter)
{
    /// <summary>The grains of a cluster.</summary>
    public static UsageGrains From(IGrainFactory factory, string model) => new(
        tenant => factory.GetGrain<IUsageLedgerGrain>(tenant),
        factory.GetGrain<IUsageDirectoryGrain>(IUsageDirectoryGrain.Key),
        factory.GetGrain<ICostMeterGrain>(model));
}
