using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Engine.Weights;

/// <summary>Which parts of a checkpoint an engine loads.</summary>
public sealed record WeightsOptions
{
    /// <summary>Load the routed experts. False where expert shards hold them.</summary>
    public bool IncludeRoutedExperts { get; init; } = true;

    /// <summary>Routed experts to load by layer; null loads all of them. Layers that are not listed load none.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<int>>? Experts { get; init; }

    /// <summary>Numbers in which the matrices are kept.</summary>
    public WeightFormat Format { get; init; } = WeightFormat.Native;

    /// <summary>Load the MTP layer, so that the engine can draft. Without one in the checkpoint this changes nothing.</summary>
    public bool IncludeMtp { get; init; } = true;
}
