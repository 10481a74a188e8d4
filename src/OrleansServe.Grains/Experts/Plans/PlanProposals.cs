using System.Collections.Immutable;
using System.Globalization;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Grains.Options;
using OrleansServe.Policies.Balancing.Experts;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>Writes plans: what the shards hold already, what mends a loss, what balances. Functions of what shards said; policies decide. Epochs are the keeper's to give.</summary>
internal sealed class PlanProposals(ImmutableArray<int> layers, int experts)
{
    // With fewer rows an expert's count says little about the next ones.
    private const int LeastRowsPerExpert = 4;

    /// <summary>The first plan: what shards hold.</summary>
    /// <param name="shards">The shards.</param>
    /// <param name="evenIncomplete">Has them load what none holds.</param>
    /// <returns>Null while experts are missing that may yet come with further shards.</returns>
    public PlanDraft? Begin(IReadOnlyList<ShardView> shards, bool evenIncomplete)
    {
        ExpertPlacement held = Held(shards, (_, _, _) => true);
        (ExpertPlacement placement, int orphans) = OrphanPlacement.Complete(held, experts);
        return orphans == 0
            ? Draft(shards, placement, 0, urgent: false, "The shards hold all experts.")
            : evenIncomplete ? Draft(shards, placement, orphans, urgent: true, $"{orphans} experts are on no shard.") : null;
    }

    /// <summary>The plan that was stored last, by another activation or before the cluster was started anew.</summary>
    /// <returns>Null where its shards are not those that there are, or its experts not the model's.</returns>
    public PlanDraft? Restore(ExpertPlan stored, IReadOnlyList<ShardView> shards)
    {
        bool fits = stored.Layers.Select(layer => layer.Layer).SequenceEqual(layers)
            && stored.Shards.Select(shard => shard.Worker).SequenceEqual(shards.Select(shard => shard.Worker))
            && stored.Layers.All(layer => layer.Experts.All(ids => ids.All(expert => expert < experts)));
        if (!fits)
        {
            return null;
        }

        ExpertPlacement placement = ExpertPlacement.Of(
            [.. stored.Layers.Select(layer => (IReadOnlyList<IEnumerable<int>>)[.. layer.Experts])], [.. stored.Layers.Select(layer => (IReadOnlyList<IEnumerable<double>>)[.. layer.Shares])]);
        bool isComplete = Enumerable.Range(0, placement.Layers).All(layer => placement.Missing(layer, experts).Count == 0);
        return isComplete ? Draft(shards, placement, placement.MovedFrom(Held(shards, (_, _, _) => true)), urgent: false, "The plan that was stored last.") : null;
    }

    /// <summary>The plan in use without shards that are gone, and without what shards do not hold.</summary>
    /// <returns>Null where it stands.</returns>
    public PlanDraft? Mend(PlanDraft current, IReadOnlyList<ShardView> shards)
    {
        Dictionary<string, int> places = PlacesOf(current);
        int?[] before = [.. shards.Select(shard => places.TryGetValue(shard.Worker.Key, out int place) && current.Shards[place].IsSameAs(shard) ? place : (int?)null)];
        int gone = current.Shards.Count - before.Count(place => place is not null);
        int planned = current.Placement.Replicas;
        ExpertPlacement left = Held(shards, (shard, layer, expert) => before[shard] is { } place && current.Placement.Holds(layer, place, expert));
        if (gone == 0 && left.Replicas == planned)
        {
            return null;
        }

        // Whoever holds an orphan, wanted by the plan or not, takes it up without loading anything.
        HashSet<int>[] missing = [.. layers.Select((_, i) => left.Missing(i, experts).ToHashSet())];
        ExpertPlacement taken = Held(shards, (shard, layer, expert) => left.Holds(layer, shard, expert) || missing[layer].Contains(expert));
        (ExpertPlacement placement, int orphans) = OrphanPlacement.Complete(taken, experts);
        return Draft(shards, placement, orphans, orphans > 0, gone > 0 ? $"Shards that are gone: {gone}." : "A shard does not hold what it should.");
    }

    /// <summary>A plan that is better for the loads that were measured, or that puts shards to use that have joined.</summary>
    /// <returns>Null where it is not worth its moves.</returns>
    public PlanDraft? Balance(PlanDraft current, IReadOnlyList<ShardView> shards, double[][] loads, ExpertPlanOptions options)
    {
        Dictionary<string, int> places = PlacesOf(current);
        bool joined = HasIdle(current, shards);
        if (!joined && loads.Any(layer => layer.Sum() < LeastRowsPerExpert * experts))
        {
            return null;
        }

        double[][] measured = [.. loads.Select(layer => layer.Sum() >= LeastRowsPerExpert * experts ? layer : Enumerable.Repeat(1.0, experts).ToArray())];
        ExpertPlacement present = Held(shards, (shard, layer, expert) => places.TryGetValue(shards[shard].Worker.Key, out int place) && current.Placement.Holds(layer, place, expert));
        Rebalance decided = Rebalance.Decide(measured, present, shards.Min(shard => shard.Slots), options.MostMoved, options.LeastGain);
        return decided.Placement is null
            ? null
            : Draft(
                shards,
                decided.Placement,
                decided.Placement.MovedFrom(Held(shards, (_, _, _) => true)),
                urgent: false,
                string.Create(CultureInfo.InvariantCulture, $"{(joined ? "Shards have joined" : "Loads have changed")}: balancedness {decided.Before:0.000} to {decided.After:0.000}."));
    }

    /// <summary>Whether there are shards that a plan gives nothing.</summary>
    public static bool HasIdle(PlanDraft current, IReadOnlyList<ShardView> shards)
    {
        Dictionary<string, int> places = PlacesOf(current);
        return shards.Any(shard => !places.TryGetValue(shard.Worker.Key, out int place) || !current.Placement.IsUsed(place));
    }

    private static Dictionary<string, int> PlacesOf(PlanDraft current) => current.Plan.Shards.Select((shard, i) => (shard.Worker.Key, i)).ToDictionary();

    private PlanDraft Draft(IReadOnlyList<ShardView> shards, ExpertPlacement placement, int moved, bool urgent, string reason) =>
        new(PlanDraft.Write(0, shards, layers, placement), placement, shards, moved, urgent, reason);

    /// <summary>What shards hold of what is wanted; layers by their place among those planned.</summary>
    private ExpertPlacement Held(IReadOnlyList<ShardView> shards, Func<int, int, int, bool> isWanted)
    {
        List<int>[][] held = [.. layers.Select(_ => shards.Select(_ => new List<int>()).ToArray())];
        for (int shard = 0; shard < shards.Count; shard++)
        {
            foreach ((int layer, int expert, _) in shards[shard].Experts)
            {
                if (layers.BinarySearch(layer) is >= 0 and var place && (uint)expert < (uint)experts && isWanted(shard, place, expert))
                {
                    held[place][shard].Add(expert);
                }
            }
        }

        return ExpertPlacement.Of(held);
    }
}
