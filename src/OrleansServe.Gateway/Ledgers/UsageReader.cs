using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Gateway.Cluster;

namespace OrleansServe.Gateway.Ledgers;

/// <summary>Reads the ledgers.</summary>
/// <param name="grains">Finds grains.</param>
/// <param name="model">The model version served.</param>
/// <param name="time">The clock.</param>
internal sealed class UsageReader(UsageGrains grains, string model, TimeProvider time)
{
    private const int LedgersAtOnce = 32;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);

    /// <summary>The model version served.</summary>
    public string Model => model;

    /// <summary>Usage in hours of [<paramref name="from"/>, <paramref name="to"/>), by hour, tenant and model.</summary>
    /// <param name="tenant">Whose; empty for all.</param>
    /// <param name="from">First hour.</param>
    /// <param name="to">After the last hour.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="GrainUnreachableException">A ledger does not answer.</exception>
    public async Task<ImmutableArray<HourUsage>> ReadAsync(string tenant, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        ImmutableArray<string> tenants = tenant.Length > 0
            ? [tenant]
            : await CallAsync("The directory of tenants", grains.Directory.GetTenantsAsync, cancellationToken);
        List<HourUsage> usage = [];
        foreach (string[] some in tenants.Chunk(LedgersAtOnce))
        {
            ImmutableArray<HourUsage>[] hours = await Task.WhenAll(
                some.Select(name => CallAsync("A ledger", () => grains.Ledger(name).GetHoursAsync(from, to), cancellationToken)));
            usage.AddRange(hours.SelectMany(entry => entry));
        }

        return [.. usage.OrderBy(entry => entry.Hour).ThenBy(entry => entry.Tenant, StringComparer.Ordinal).ThenBy(entry => entry.Model, StringComparer.Ordinal)];
    }

    /// <summary>Cost of the model version's nodes in hours of [<paramref name="from"/>, <paramref name="to"/>), in order.</summary>
    /// <exception cref="GrainUnreachableException">The meter does not answer.</exception>
    public Task<ImmutableArray<HourCost>> ReadCostsAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        CallAsync("The cost meter", () => grains.Meter.GetHoursAsync(from, to), cancellationToken);

    /// <summary>Has the nodes counted.</summary>
    /// <exception cref="GrainUnreachableException">The meter does not answer.</exception>
    public Task CountNodesAsync(CancellationToken cancellationToken) => CallAsync(
        "The cost meter",
        async () =>
        {
            await grains.Meter.ReadAsync();
            return true;
        },
        cancellationToken);

    private Task<T> CallAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken) =>
        GrainCall.InvokeAsync(what, _ => call(), CallLimit, time, cancellationToken);
}
