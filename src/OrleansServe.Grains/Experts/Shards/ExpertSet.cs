using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;

namespace OrleansServe.Grains.Experts.Shards;

/// <summary>Experts of some layers, checked against the model.</summary>
internal sealed class ExpertSet
{
    private readonly HashSet<(int Layer, int Expert)> _experts;

    private ExpertSet(HashSet<(int Layer, int Expert)> experts) => _experts = experts;

    /// <summary>In the order in which they are loaded.</summary>
    public IEnumerable<(int Layer, int Expert)> All => _experts.Order();

    public bool Contains(int layer, int expert) => _experts.Contains((layer, expert));

    public bool IsSameAs(ExpertSet other) => _experts.SetEquals(other._experts);

    public static ExpertSet Of(IEnumerable<(int Layer, int Expert)> experts) => new([.. experts]);

    /// <summary>Reads what a shard is to hold.</summary>
    /// <param name="assignment">The assignment.</param>
    /// <param name="exists">Whether the model has an expert.</param>
    /// <param name="fault">What is wrong with it; null otherwise.</param>
    public static ExpertSet Read(ShardAssignment assignment, Func<int, int, bool> exists, out string? fault)
    {
        fault = null;
        HashSet<(int Layer, int Expert)> experts = [];
        if (assignment.Layers.IsDefault || assignment.Experts.IsDefault || assignment.Layers.Length != assignment.Experts.Length)
        {
            fault = "layers and experts must be lists of the same length";
            return new ExpertSet(experts);
        }

        for (int i = 0; i < assignment.Layers.Length; i++)
        {
            ImmutableArray<int> ids = assignment.Experts[i];
            foreach (int expert in ids.IsDefault ? [] : ids)
            {
                if (!exists(assignment.Layers[i], expert))
                {
                    fault = $"the model has no expert {expert} of layer {assignment.Layers[i]}";
                    return new ExpertSet([]);
                }

                experts.Add((assignment.Layers[i], expert));
            }
        }

        return new ExpertSet(experts);
    }
}
