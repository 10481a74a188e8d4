namespace OrleansServe.Engine.Overlap;

/// <summary>The stages of a microbatch in an MoE layer, in their order.</summary>
/// <remarks>DeepSeek's decode pipeline has the same five.</remarks>
internal enum OverlapStage
{
    /// <summary>Norm, projections down and up, the rows' KV.</summary>
    AttentionInput,

    /// <summary>Attention over the cache, output projection, norm, router.</summary>
    AttentionCore,

    /// <summary>Rows are handed to the dispatcher.</summary>
    Dispatch,

    /// <summary>Shared experts, and routed ones whose weights are at hand, while rows are away.</summary>
    Mlp,

    /// <summary>Waits for the rows that are away; adds the experts' outputs in their fixed order.</summary>
    Combine,
}
