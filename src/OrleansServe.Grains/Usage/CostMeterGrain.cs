using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Grains.Placement;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Grains.Usage;

/// <summary>Counts the cluster's active silos, each of which is a node.</summary>
[GatewayPlacement]
public sealed class CostMeterGrain : Grain, ICostMeterGrain
{
    private readonly IPersistentState<CostState> _costs;
    private readonly IClusterMembershipService _membership;
    private readonly PriceBook _prices;
    private readonly TimeProvider _time;

    /// <summary>Made by the grain runtime.</summary>
    public CostMeterGrain(
        [PersistentState("costs", UsageStorage.Provider)] IPersistentState<CostState> costs, IClusterMembershipService membership, PriceBook prices, TimeProvider time)
    {
        _costs = costs;
        _membership = membership;
        _prices = prices;
        _time = time;
    }

    /// <inheritdoc/>
    public async Task ReadAsync()
    {
        int nodes = _membership.CurrentSnapshot.Members.Values.Count(member => member.Status == SiloStatus.Active);
        if (CostBook.Read(_costs.State, nodes, _prices, _time.GetUtcNow()))
        {
            await _costs.WriteStateAsync();
        }
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<HourCost>> GetHoursAsync(DateTimeOffset from, DateTimeOffset to) =>
        Task.FromResult<ImmutableArray<HourCost>>([.. _costs.State.Hours.Where(hour => hour.Hour >= from && hour.Hour < to)]);
}
